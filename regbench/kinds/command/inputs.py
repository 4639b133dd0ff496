"""What the numbers of a command depend on: its command line and the bytes of the files that it reads."""

import hashlib
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from regbench import catalog
from regbench.errors import UsageError
from regbench.owncommands import OwnCommand

BLOCK = 1 << 20  # bytes read at once
PASSED_OVER = (
    "__pycache__",
    "node_modules",
)  # folders of what programs make themselves; hidden ones are passed over too
MADE = (".pyc", ".pyo")


def digest(method: str) -> str:
    """The digest, 16 hexadecimal digits, of the command line and of all files among the inputs.

    Raises:
        UsageError: an input does not exist, or cannot be read.
    """
    command: OwnCommand = catalog.load(catalog.COMMANDS, method)
    return digest_of(command)


def digest_of(command: OwnCommand) -> str:
    """The digest of a command, which need not be in the catalog."""
    lines = [f"shell={command.shell}", *(f"word {word!r}" for word in command.words)]
    lines += [f"input {name} {_hashed(path)}" for name, path in sorted(files(command).items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def files(command: OwnCommand) -> dict[str, Path]:
    """Every file among the inputs, by its path as the command names it."""
    found: dict[str, Path] = {}
    for given in command.inputs:
        start = Path(command.folder, given)
        if not start.exists():
            raise UsageError(f"{command.name}: its input {given} does not exist in {command.folder}")
        for path in _below(start) if start.is_dir() else [start]:
            found[Path(given, path.relative_to(start)).as_posix()] = path
    return found


def _below(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in PASSED_OVER and not name.startswith("."))
        yield from (Path(place, name) for name in sorted(names) if not name.startswith(".") and not name.endswith(MADE))


def _hashed(path: Path) -> str:
    try:
        about = path.stat()
        return _hash(path, about.st_size, about.st_mtime_ns, about.st_ino)
    except OSError as error:
        raise UsageError(f"the input {path} cannot be read: {error.strerror}") from None


@lru_cache(maxsize=10_000)  # plans ask again and again; a file that is written again has another time
def _hash(path: Path, _size: int, _changed: int, _number: int) -> str:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
    return found.hexdigest()
