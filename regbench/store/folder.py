"""Read a folder of exports as a store, without a database."""

import contextlib
from collections.abc import Collection, Iterator
from pathlib import Path
from shlex import quote
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq

from regbench.errors import UsageError
from regbench.store.importing import import_
from regbench.store.part import WHOLE, Part
from regbench.store.store import Store

MARK = "jobs.parquet"  # every export has this file
NAMES = "benchmarks.parquet"


@contextlib.contextmanager
def opened(folder: str | Path, part: Part = WHOLE) -> Iterator[tuple[Store, list[str]]]:
    """A read-only store with all exports in `folder`, and a message for everything that could not be merged.

    The store is a temporary file that is deleted at the end of the block. Only `part` of each run is read, which is
    much faster than reading everything.
    """
    folders = exports(Path(folder))
    with TemporaryDirectory(prefix="regbench-", ignore_cleanup_errors=True) as place:
        left_alone: list[str] = []
        with Store.open(Path(place) / "regbench.db") as store:
            for source in folders:
                left_alone += [f"{source}: {line}" for line in import_(store, source, part, alone=True).left_alone]
        with Store.open(Path(place) / "regbench.db", read_only=True) as store:
            store.place = str(folder)  # the name used in messages
            yield store, left_alone


def exports(folder: Path) -> list[Path]:
    """The folders that `regbench db export` wrote: this one and those in it; raises `UsageError` if there is none."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; `regbench db export {quote(str(folder))}` would write one")
    found = [path for path in (folder, *sorted(folder.iterdir())) if (path / MARK).is_file()]
    if not found:
        raise UsageError(f"{folder}: no results in it; give a folder that `regbench db export` wrote, or one of such")
    return found


def benchmarks_below(folder: Path) -> dict[Path, list[str]]:
    """Every export in a folder and below it, with the names of its benchmarks; unreadable ones are left out."""
    found = {place: _column(place / NAMES, "name") for place in _below(folder)}
    return {place: names for place, names in found.items() if names}


def holding(folder: Path, keys: Collection[str]) -> dict[Path, set[str]]:
    """The exports in a folder and below it with those of some jobs that each holds, most first."""
    found = {place: set(keys) & set(_column(place / MARK, "key")) for place in _below(folder)}
    return {place: held for place, held in sorted(found.items(), key=lambda pair: -len(pair[1])) if held}


def _below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; `regbench db export {quote(str(folder))}` would write one")
    return sorted(path.parent for path in folder.rglob(MARK))


def _column(file: Path, name: str) -> list[str]:
    """The texts of a column; none if the file cannot be read."""
    try:
        return [str(text) for text in pq.read_table(file, columns=[name])[name].to_pylist()]
    except (OSError, pa.ArrowException, KeyError):
        return []
