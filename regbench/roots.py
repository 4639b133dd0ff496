"""Where the catalog looks: the package itself, folders and files that users name, and installed packages.

A folder of a user's may have sub-folders named after kinds (`methods/gar.py`) or the files themselves (`gar.py`); what
a file is follows from the object that it defines, METHOD or DATASET. Its files may import each other relatively
(`from .losses import soft`). An installed package offers its folder by an entry point of the group `regbench.plugins`
whose value is the package's name.
"""

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType

from regbench.errors import UsageError

PACKAGE = Path(__file__).parent
GROUP = "regbench.plugins"
VARIABLE = "REGBENCH_PLUGINS"
PREFIX = "regbench_plugins"  # the package that modules of users' folders are imported into


@dataclass(frozen=True)
class Root:
    """A folder of files, each of which may define something of the catalog.

    package: the dotted name by which its modules are imported.
    only: the names of single files, where these were named and not their folder.
    """

    folder: Path
    package: str
    only: tuple[str, ...] = ()

    @property
    def ours(self) -> bool:
        """Whether it is regbench itself."""
        return self.folder == PACKAGE


@dataclass(frozen=True)
class OwnTable:
    """A table of the user's own: a dataset called `name`, of whose columns `target` is to be predicted."""

    name: str
    path: str
    target: str


@dataclass(frozen=True)
class Added:
    """What a user added to the catalog, as plain values: a worker process is handed them and looks where we looked.

    places: folders, or single Python files, as absolute paths.
    """

    places: tuple[str, ...] = ()
    tables: tuple[OwnTable, ...] = ()

    def __add__(self, other: "Added") -> "Added":
        """Both together; a table replaces one of its name."""
        names = {table.name for table in other.tables}
        kept = tuple(table for table in self.tables if table.name not in names)
        return Added(tuple(dict.fromkeys((*self.places, *other.places))), (*kept, *other.tables))


_added = Added()
_generation = 0


def announce(_text: str) -> None:
    """What is done with the word that a place is used for the first time; a program replaces it."""


def added() -> Added:
    """What was added in this process, and by the variable REGBENCH_PLUGINS."""
    named = filter(None, os.environ.get(VARIABLE, "").split(os.pathsep))
    return Added(tuple(str(place) for place in _places(named, VARIABLE))) + _added


def use(more: Added) -> None:
    """Replace what was added in this process: of a worker, by what its task was planned with."""
    global _added  # noqa: PLW0603 - the catalog of a process is one
    _added = more
    forget()


def add(places: Iterable[str | Path] = (), tables: Iterable[OwnTable] = (), *, source: str = "--plugins") -> None:
    """Look into these folders and files too, and take these tables as datasets.

    Raises:
        UsageError: a place that is no folder and no Python file; `source` says who named it.
    """
    found = tuple(str(place) for place in _places(places, source))
    use(_added + Added(found, tuple(tables)))
    _say_what_is_new(found)


def forget() -> None:
    """Look again at what lies where: files may have come or changed."""
    global _generation  # noqa: PLW0603
    _generation += 1
    roots.cache_clear()


def generation() -> int:
    """A number that changes with every `forget`, for whoever keeps what the catalog's files said."""
    return _generation


@cache
def roots() -> tuple[Root, ...]:
    """Every folder of the catalog, regbench's own first."""
    return (Root(PACKAGE, "regbench"), *_installed(), *_of_places(added().places))


def own_table(name: str) -> OwnTable | None:
    """The user's table of that name."""
    return next((table for table in added().tables if table.name == name), None)


def root_of(module: str) -> Root | None:
    """The root that a module, by its dotted name, lies in."""
    inside = [root for root in roots() if f"{module}.".startswith(f"{root.package}.")]
    return max(inside, key=lambda root: len(root.package), default=None)


def file_of(module: str) -> Path | None:
    """The file of a module of the catalog; None for modules of other packages."""
    root = root_of(module)
    if root is None:
        return None
    base = root.folder.joinpath(*module.removeprefix(root.package).split(".")[1:])
    path = base / "__init__.py" if base.is_dir() else base.with_suffix(".py")
    return path if path.is_file() else None


def make_importable(root: Root) -> None:
    """Let Python find the modules of a user's folder, under a package name of its own; others it finds by itself."""
    if not root.package.startswith(f"{PREFIX}."):
        return
    parent = None
    name = ""
    for part, path in zip(root.package.split("."), ([], [str(root.folder)]), strict=False):
        name = f"{name}.{part}".removeprefix(".")
        if name not in sys.modules:
            module = ModuleType(name)
            module.__path__ = path
            sys.modules[name] = module
            if parent is not None:
                setattr(parent, part, module)
        parent = sys.modules[name]


def _places(given: Iterable[str | Path], source: str) -> list[Path]:
    found = []
    for each in given:
        path = Path(each).expanduser()
        if not path.exists():
            raise UsageError(f"{source} {each}: there is no such folder or file")
        if not path.is_dir() and path.suffix != ".py":
            raise UsageError(f"{source} {each}: must be a folder of Python files, or a Python file")
        found.append(path.resolve())
    return found


def _of_places(places: Iterable[str]) -> list[Root]:
    """One root a folder; of files in it that were named alone, only these."""
    found: dict[Path, Root] = {}
    for place in map(Path, places):
        folder = place if place.is_dir() else place.parent
        package = f"{PREFIX}.p{hashlib.sha256(str(folder).encode()).hexdigest()[:12]}"
        known = found.get(folder)
        if place.is_dir() or (known and not known.only):
            found[folder] = Root(folder, package)
        else:
            found[folder] = (
                replace(known, only=(*known.only, place.name)) if known else Root(folder, package, (place.name,))
            )
    return list(found.values())


@cache
def _installed() -> tuple[Root, ...]:
    """The folders that installed packages offer; one that is broken is named, not passed over."""
    found = []
    for point in sorted(metadata.entry_points(group=GROUP)):
        try:
            spec = importlib.util.find_spec(point.value)
        except ImportError as error:
            raise UsageError(f"the plug-in '{point.name}' of an installed package cannot be found: {error}") from None
        if spec is None or not spec.submodule_search_locations:
            raise UsageError(f"the plug-in '{point.name}' of an installed package names no package: {point.value}")
        found.append(Root(Path(spec.submodule_search_locations[0]), point.value))
    return tuple(found)


def _say_what_is_new(places: Iterable[str]) -> None:
    """Say of each place, the first time this user names it, that its code will be run."""
    from regbench.data.places import cache_folder

    path = cache_folder() / "plug-ins.json"
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = []
    if not (new := [place for place in places if place not in known]):
        return
    for place in new:
        announce(
            f"{place}: used for the first time; the Python files in it are code, and what you name of it will be run"
        )
    with contextlib.suppress(OSError):  # where it cannot be kept, it is said again
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(sorted({*known, *new}), indent=1), encoding="utf-8")
