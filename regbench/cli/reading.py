"""Opening a database, or a folder of exports, to read from it, for the commands that change nothing."""

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from regbench.cli.output import say
from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    from regbench.store import Part, Store


def is_there(db: str) -> bool:
    """Whether there is a database to read from; a server is taken to be there, and an empty file is none yet."""
    path = Path(db).expanduser()
    return "://" in db or (path.exists() and not (path.is_file() and path.stat().st_size == 0))


def shown(db: str) -> str:
    """The database as messages name it: without the password."""
    return re.sub(r"(://[^:/@]+):[^@/]+@", r"\1:***@", db)


@contextlib.contextmanager
def reading(db: str, folder: Path | None = None, part: "Part | None" = None) -> "Iterator[Store]":
    """The store, read-only; where there is none yet, the command that makes one.

    With a folder of exports it is a store of what they hold, and of each run only `part`, so that it is quickly there.
    """
    if folder is not None:
        from regbench import store

        with store.opened(folder, part or store.WHOLE) as (opened, left_alone):
            for line in left_alone:
                say(f"left alone: {line}")
            yield opened
        return
    if not is_there(db):
        raise NothingMeasured(
            f"there is no database {db} yet; `regbench run smoke` makes one, or give its place with --db"
        )
    from regbench.store import Store

    with Store.open(db, read_only=True) as store:
        yield store


def stored_benchmark(store: "Store", name: str | None) -> str | None:
    """The benchmark of the database that a name means, dashes and underscores alike; None where none is given."""
    from regbench.config import resolve_among

    known = [str(each) for each in store.benchmarks()["name"]]
    if name is None:
        return None
    if not known:
        raise NothingMeasured("the database holds no benchmark yet; start with `regbench run smoke`")
    try:
        return resolve_among("benchmark", name, known)
    except UsageError as error:
        raise UsageError(f"{error} (of those in the database)") from None


def cells_only() -> "Part":
    """What of a folder's runs is read for one row a job."""
    from regbench import store

    return store.DISTILLED
