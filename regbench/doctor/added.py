"""What a user added: extras, plug-ins, the lock file of a gate; and whether the published results are here."""

import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from regbench.doctor.finding import Finding
from regbench.errors import NothingMeasured, RegbenchError, some

DEVELOPERS = {"dev"}  # extras that `make` installs
PURPOSE = {
    "baselines": "gradient boosting as reference rows",
    "docs": "`make docs`",
    "excel": "tables in .xlsx",
    "html": "charts of `report html`",
    "jax": "`bench --peer jax`",
    "postgres": "a database on a server",
    "pytabkit": "realmlp and tabm_pytabkit as reference rows",
    "ray": "`--engine ray`",
}
REQUIREMENT = re.compile(r"(?P<package>[\w.-]+)(?P<rest>[^;]*);.*\bextra\s*==\s*['\"](?P<extra>[\w-]+)['\"]")


def extras() -> Finding:
    """Which extras are installed; none is needed, so it is always ok."""
    needed: dict[str, list[str]] = {}
    for line in metadata.requires("regbench") or ():
        if (found := REQUIREMENT.match(line)) and found["extra"] not in DEVELOPERS:
            needed.setdefault(found["extra"], []).append(found["package"])
    here = sorted(extra for extra, packages in needed.items() if all(map(_is_installed, packages)))
    absent = [f"{extra} (for {PURPOSE.get(extra, extra)})" for extra in sorted(needed) if extra not in here]
    said = f"installed: {', '.join(here) or 'none'}"
    if absent:
        said += f"; not installed: {', '.join(absent)}; one is added by pip install 'regbench[NAME]'"
    return Finding("extras", ok=True, found=said)


def plugins() -> Finding:
    """What users' folders and installed packages add to the catalog, and files there that cannot be used."""
    from regbench import catalog, roots

    try:
        places = [root for root in roots.roots() if not root.ours]
    except RegbenchError as error:
        return Finding("plug-ins", ok=False, found="a folder that cannot be used", remedy=str(error))
    if not places:
        return Finding("plug-ins", ok=True, found="none")
    names = [
        f"{kind.removesuffix('s')} {name}"
        for kind in catalog.OBJECTS
        for name in catalog.names(kind)
        if kind != "datasets" or roots.own_table(name) is None
        if any(_is_in(catalog.path_of(kind, name), root.folder) for root in places)
    ]
    wrong = list(dict.fromkeys(why for root in places for why in _broken(root.folder)))
    return Finding(
        "plug-ins",
        ok=not wrong,
        found=f"{some(sorted(names)) or 'nothing'} in {', '.join(str(root.folder) for root in places)}",
        remedy="; ".join(wrong),
    )


def gate(file: Path) -> Finding:
    """Whether the lock file of `regbench gate` in this folder can be read; there need not be one."""
    from regbench.campaign.gate.file import read

    if not file.exists():
        return Finding("gate", ok=True, found="no lock file here; `regbench bless` writes one")
    try:
        lock = read(file)
    except RegbenchError as error:
        return Finding("gate", ok=False, found=f"{file} cannot be used", remedy=str(error))
    return Finding("gate", ok=True, found=f"{file}: {len(lock.cells)} cells of {lock.benchmark}, {lock.date}")


def published() -> Finding:
    """Where the published results are; an installed package has none, which only some commands miss."""
    from regbench.campaign.places import published as folder

    try:
        return Finding("published", ok=True, found=str(folder("published")))
    except NothingMeasured:
        text = "not here, for they are part of a checkout; `--from DIR` and `--with DIR` name a folder that has them"
        return Finding("published", ok=True, found=text)


def _is_installed(package: str) -> bool:
    try:
        metadata.version(package)
    except metadata.PackageNotFoundError:
        return False
    return True


def _is_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _broken(folder: Path) -> Iterator[str]:
    """What is wrong with files that the catalog left out."""
    from regbench import catalog

    for stem in sorted({path.stem for path in folder.rglob("*.py")}):
        for kind in catalog.OBJECTS:
            try:
                catalog.check(kind, stem)
            except RegbenchError as error:
                yield str(error)
