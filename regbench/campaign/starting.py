"""Starting files for methods and regularizers of one's own."""

import keyword
import re
from datetime import UTC, datetime
from pathlib import Path

from regbench import catalog
from regbench.errors import UsageError, did_you_mean
from regbench.paths import named

TEMPLATES = Path(__file__).parents[1] / "templates"
FOLDERS = {"method": "methods", "criterion": "methods", "regularizer": "regularizers"}  # what there is a start for
PLUGINS = Path("plugins")
SPELLING = re.compile(r"[a-z][a-z0-9_]*")


def write(kind: str, name: str, folder: Path | None = None) -> Path:
    """Write a starting file and return its path; nothing is ever overwritten.

    Args:
        kind: one of `FOLDERS`.
        name: of the method or regularizer; the file is called the same.
        folder: where to write it; by default ./plugins/methods or ./plugins/regularizers.

    Raises:
        UsageError: an unknown kind, a name that cannot be used or is taken, or a file that exists.
    """
    if kind not in FOLDERS:
        raise UsageError(f"there is no starting file for a {kind}{did_you_mean(kind, FOLDERS)}")
    check_name(name)
    place = PLUGINS / FOLDERS[kind] if folder is None else named(folder, "--to ")
    path = place / f"{name}.py"
    text = (TEMPLATES / f"{kind}.txt").read_text(encoding="utf-8").replace("YEAR", str(datetime.now(tz=UTC).year))
    try:
        place.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists and is left as it is; choose another name") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    return path


def check_name(name: str) -> None:
    """Refuse a name that no label could have, or that something else has."""
    if not SPELLING.fullmatch(name) or keyword.iskeyword(name):
        near = re.sub(r"\W+", "_", name.strip().lower()).strip("_")
        hint = f", such as {near}" if SPELLING.fullmatch(near) and not keyword.iskeyword(near) else ""
        raise UsageError(f"'{name}' cannot be a name: use small letters, digits and underscores{hint}")
    for kind in (*catalog.ROWS, *catalog.PARTS):
        if name in catalog.names(kind):
            raise UsageError(f"'{name}' is a {kind.removesuffix('s')} already, in {catalog.path_of(kind, name)}")
