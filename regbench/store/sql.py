"""SQL that differs between SQLite and PostgreSQL, and queries with more values than one statement may bind."""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, Select, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute

from regbench.store.models import Base

T = TypeVar("T")
CHUNK = 5000  # SQLite binds at most 32,766 values in a statement, PostgreSQL 65,535


def insert_new(connection: Connection, table: type[Base], rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that do not exist yet, and return their number; existing ones are left unchanged."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    new = dialect.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return connection.execute(new, rows).rowcount


def chunks(values: Collection[T], size: int = CHUNK) -> Iterator[list[T]]:
    """The values in lists short enough for one statement, in order."""
    ordered = list(values)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def rows_in(
    connection: Connection, query: Select, column: InstrumentedAttribute[T], values: Collection[T]
) -> list[Row]:
    """The rows of a query in which `column` has one of the values."""
    return [row for some in chunks(values) for row in connection.execute(query.where(column.in_(some)))]


def now(connection: Connection) -> float:
    """Seconds since 1970, by the clock of the server if there is one, so that all its workers agree."""
    if connection.dialect.name == "postgresql":
        return float(connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one())
    return time.time()
