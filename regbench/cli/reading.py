"""Open a database or a folder of exports for reading, for commands that change nothing."""

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from regbench import roots
from regbench.campaign import places
from regbench.cli.output import say
from regbench.errors import UsageError

if TYPE_CHECKING:
    from regbench.store import Part, Store

USER_FILE = Path("benchmarks.yaml")
COMMAND = "command"
FILE = "REGBENCH_FILE"


@contextlib.contextmanager
def reading(db: str | Sequence[str], folder: Path | None = None, part: "Part | None" = None) -> "Iterator[Store]":
    """The store of a database, of several as if they were merged, or of a folder of exports; read-only.

    Of several databases and of a folder only `part` of each run is read; a single database is not loaded.
    """
    dbs = [db] if isinstance(db, str) else db
    with places.databases(dbs, part, say) if folder is None else places.exports(folder, part, say) as store:
        if theirs := store.reported_metrics():
            roots.add(metrics=theirs)
        yield store


def know_commands() -> None:
    """Add the commands of the file of benchmarks to the catalog; `run` tells what is wrong with that file."""
    file = Path(os.environ.get(FILE) or USER_FILE)
    try:
        names_some = COMMAND in file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if names_some:
        from regbench.config.commands import add_commands
        from regbench.config.marks import read

        with contextlib.suppress(UsageError):
            add_commands(read(file, file.name))


def cells_only() -> "Part":
    """The part of a folder's runs that is needed for a table with one row per job."""
    from regbench import store

    return store.DISTILLED
