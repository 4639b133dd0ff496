"""Opening a database, or a folder of exports, to read from it, for the commands that change nothing."""

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
    """The store of a database, or of a folder of exports and of each run in it only `part`."""
    return places.database(db) if folder is None else places.exports(folder, part, say)


def cells_only() -> "Part":
    """What of a folder's runs is read for one row a job."""
    from regbench import store

    return store.DISTILLED
