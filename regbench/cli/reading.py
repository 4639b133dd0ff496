"""Open a database or a folder of exports for reading, for commands that change nothing."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from regbench.campaign import places
from regbench.cli.output import say

if TYPE_CHECKING:
    from regbench.store import Part, Store


def reading(
    db: str, folder: Path | None = None, part: "Part | None" = None
) -> "contextlib.AbstractContextManager[Store]":
    """The store of a database, read-only, or of a folder of exports; of a folder only `part` of each run is read."""
    return places.database(db) if folder is None else places.exports(folder, part, say)


def cells_only() -> "Part":
    """The part of a folder's runs that is needed for a table with one row per job."""
    from regbench import store

    return store.DISTILLED
