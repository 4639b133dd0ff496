"""A folder of exports as a store to read from, for those who have the results and no database."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from regbench.errors import UsageError
from regbench.store.part import WHOLE, Part
from regbench.store.store import Store
from regbench.store.transfer import import_

MARK = "jobs.parquet"  # every export has one


@contextlib.contextmanager
def opened(folder: str | Path, part: Part = WHOLE) -> Iterator[tuple[Store, list[str]]]:
    """A read-only store of what the exports in `folder` hold together, and what could not be joined.

    It lives in a temporary file and ends with the block. Only `part` of each run is read: numbers that nobody will
    look at are the greater part of the time it takes.
    """
    found = exports(Path(folder))
    with TemporaryDirectory(prefix="regbench-", ignore_cleanup_errors=True) as place:
        left_alone: list[str] = []
        with Store.open(Path(place) / "regbench.db") as store:
            for each in found:
                left_alone += [f"{each}: {line}" for line in import_(store, each, part).left_alone]
        with Store.open(Path(place) / "regbench.db", read_only=True) as store:
            store.place = str(folder)  # what messages name
            yield store, left_alone


def exports(folder: Path) -> list[Path]:
    """The folders that `regbench db export` wrote, this one and those in it; `UsageError` where there is none."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; `regbench db export {folder}` would write one")
    found = [each for each in (folder, *sorted(folder.iterdir())) if (each / MARK).is_file()]
    if not found:
        raise UsageError(f"{folder}: no results in it; give a folder that `regbench db export` wrote, or one of such")
    return found
