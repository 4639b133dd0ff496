"""Open results for reading: a database or a folder of exports."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from regbench.addresses import without_password
from regbench.errors import NothingMeasured, UsageError
from regbench.paths import named

if TYPE_CHECKING:
    from regbench.store import Part, Store

DATABASE = "results/regbench.db"


def is_there(db: str) -> bool:
    """Whether a database exists. A server is assumed to exist; an empty file does not count."""
    if "://" in db:
        return True
    path = named(db, "database ")
    return path.exists() and not (path.is_file() and path.stat().st_size == 0)


def option(db: str) -> str:
    """The option that names a database in a command to copy, without its password; nothing for the usual one.

    >>> option("my results.db")
    " --db 'my results.db'"
    >>> option("results/regbench.db")
    ''
    """
    return "" if db == DATABASE else f" --db {quote(without_password(db))}"


@contextlib.contextmanager
def database(db: str) -> "Iterator[Store]":
    """Open the store read-only; `NothingMeasured` if it does not exist yet."""
    if not is_there(db):
        raise NothingMeasured(
            f"there is no database {db} yet; `regbench run smoke` makes one, or give its place with --db"
        )
    from regbench.store import Store

    with Store.open(db, read_only=True) as store:
        yield store


@contextlib.contextmanager
def exports(folder: Path, part: "Part | None", warn: Callable[[str], None]) -> "Iterator[Store]":
    """Open a folder of exports as a store; only `part` of each run is read, which is faster."""
    from regbench import store

    with store.opened(folder, part or store.WHOLE) as (opened, left_alone):
        for line in left_alone:
            warn(f"left alone: {line}")
        yield opened


def stored_benchmark(store: "Store", name: str | None) -> str | None:
    """The stored benchmark of that name; dashes and underscores are equal. None without a name."""
    from regbench.config import resolve_among

    known = [str(stored) for stored in store.benchmarks()["name"]]
    if name is None:
        return None
    if not known:
        raise NothingMeasured("the database holds no benchmark yet; start with `regbench run smoke`")
    try:
        return resolve_among("benchmark", name, known)
    except UsageError as error:
        raise UsageError(f"{error} (of those in the database)") from None
