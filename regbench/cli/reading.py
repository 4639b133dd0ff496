"""Open a database or a folder of exports for reading, for commands that change nothing."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from regbench.campaign import places
from regbench.cli.output import say

if TYPE_CHECKING:
    from regbench.store import Part, Store


def reading(
    db: str | Sequence[str], folder: Path | None = None, part: "Part | None" = None
) -> "contextlib.AbstractContextManager[Store]":
    """The store of a database, of several as if they were merged, or of a folder of exports; read-only.

    Of several databases and of a folder only `part` of each run is read; a single database is not loaded.
    """
    if folder is not None:
        return places.exports(folder, part, say)
    return places.databases([db] if isinstance(db, str) else db, part, say)


def cells_only() -> "Part":
    """The part of a folder's runs that is needed for a table with one row per job."""
    from regbench import store

    return store.DISTILLED
