"""The roots of the catalog: the package itself, folders and files that users name, and installed packages.

A user's folder may have sub-folders named after kinds (`methods/mine.py`) or the files themselves (`mine.py`); what
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
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType

from regbench.errors import UsageError
from regbench.owncommands import OwnCommand
from regbench.paths import named
from regbench.reading import USUAL, Reading

PACKAGE = Path(__file__).parent
GROUP = "regbench.plugins"
VARIABLE = "REGBENCH_PLUGINS"
PREFIX = "regbench_plugins"  # the package that modules of users' folders are imported into


@dataclass(frozen=True)
class Root:
    """A folder of files that may define objects of the catalog.

    package: the dotted name by which its modules are imported.
    only: the names of single files, if the user named these rather than the folder.
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
    """A table of the user: a dataset called `name` whose columns `targets` are to be predicted.

    path: of its file, or `openml:ID`.
    """

    name: str
    path: str
    targets: tuple[str, ...]
    reading: Reading = USUAL


@dataclass(frozen=True)
class Added:
    """What a user added to the catalog, as plain values that can be passed to worker processes.

    places: folders, or single Python files, as absolute paths.
    """

    places: tuple[str, ...] = ()
    tables: tuple[OwnTable, ...] = ()
    commands: tuple[OwnCommand, ...] = ()
    metrics: tuple[tuple[str, str], ...] = ()  # of users' programs: the name, and whether `high` or `low` is better

    def __add__(self, other: "Added") -> "Added":
        """Both together; a table or a command replaces one with the same name."""
        places = tuple(dict.fromkeys((*self.places, *other.places)))
        tables = {table.name: table for table in (*self.tables, *other.tables)}
        commands = {command.name: command for command in (*self.commands, *other.commands)}
        metrics = {**dict(self.metrics), **dict(other.metrics)}
        return Added(places, tuple(tables.values()), tuple(commands.values()), tuple(metrics.items()))

    def moved(self, here: Mapping[str, str]) -> "Added":
        """The same where files were sent to another machine: path there -> path here."""
        tables = tuple(replace(table, path=here.get(table.path, table.path)) for table in self.tables)
        return replace(self, places=tuple(here.get(place, place) for place in self.places), tables=tables)


PLAIN = 0  # the generation of what comes with regbench alone, which stays what it is in a running program

_added = Added()
_generation = _latest = 1


def announce(_text: str) -> None:
    """Called with a message when a place is used for the first time; a program may replace it."""


def added() -> Added:
    """What was added in this process and by the variable REGBENCH_PLUGINS."""
    named = filter(None, os.environ.get(VARIABLE, "").split(os.pathsep))
    return Added(tuple(str(place) for place in _places(named, VARIABLE))) + _added


def use(more: Added) -> None:
    """Replace what was added in this process; a worker does so with the additions its task was planned with."""
    global _added  # noqa: PLW0603 - one catalog per process
    _added = more
    forget()


def add(
    places: Iterable[str | Path] = (),
    tables: Iterable[OwnTable] = (),
    commands: Iterable[OwnCommand] = (),
    metrics: Iterable[tuple[str, str]] = (),
    *,
    source: str = "--plugins",
) -> None:
    """Add these folders and files to the catalog, these tables as datasets, these commands as rows, and their metrics.

    Raises:
        UsageError: a place is not a folder or Python file; `source` is where the user named it.
    """
    found = tuple(str(place) for place in _places(places, source))
    use(_added + Added(found, tuple(tables), tuple(commands), tuple(metrics)))
    _say_what_is_new(found)


def forget() -> None:
    """Read the roots again, because files may have been added or changed; what comes with regbench is known already."""
    global _generation, _latest  # noqa: PLW0603
    _latest += 1
    is_plain = _added == Added() and not os.environ.get(VARIABLE) and not _installed()
    _generation = PLAIN if is_plain else _latest
    roots.cache_clear()


def generation() -> int:
    """A key for caches of the catalog's contents: a number that changes with every `forget` that may change them."""
    return _generation


@cache
def roots() -> tuple[Root, ...]:
    """All roots of the catalog, regbench's own first."""
    return (Root(PACKAGE, "regbench"), *_installed(), *_of_places(added().places))


def own_table(name: str) -> OwnTable | None:
    """The user's table of that name, if there is one."""
    return next((table for table in added().tables if table.name == name), None)


def own_command(name: str) -> OwnCommand | None:
    """The user's command of that name, if there is one."""
    return next((command for command in added().commands if command.name == name), None)


def make_importable(root: Root) -> None:
    """Let Python find the modules of a user's folder, under its own package name; other roots are importable anyway."""
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
    for place in given:
        path = named(place, f"{source} ")
        if not path.exists():
            raise UsageError(f"{source} {place}: there is no such folder or file")
        if not path.is_dir() and path.suffix != ".py":
            raise UsageError(f"{source} {place}: must be a folder of Python files, or a Python file")
        found.append(path.resolve())
    return found


def _of_places(places: Iterable[str]) -> list[Root]:
    """One root per folder; limited to the named files if the user named single files."""
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
    """The folders that installed packages offer; raises `UsageError` for a broken one."""
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
    """Announce, the first time this user names a place, that its code will be run."""
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
    with contextlib.suppress(OSError):  # if it cannot be stored, it is announced again
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(sorted({*known, *new}), indent=1), encoding="utf-8")
