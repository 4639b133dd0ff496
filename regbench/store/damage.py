"""What is wrong with a damaged SQLite file, looked for after an error that nobody expected.

SQLite keeps any value in any column and checks neither what a disk gives back nor what others write. So a damaged file
can be read, and what it holds fails somewhere else: as text among numbers, or as a row that others refer to and that is
gone. Looking costs as much as reading the whole file; without an error nothing is looked at.
"""

import json
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import JSON, Column, Double, Integer, LargeBinary, Table

from regbench import variants
from regbench.errors import InfrastructureError, RegbenchError
from regbench.job import Job
from regbench.store.engine import open_to_read
from regbench.store.models import Base, JobRow, ParameterRow, PredictionRow, RecordedRow
from regbench.store.trouble import ANOTHER

STORED = (  # how SQLite keeps the values of each type; it makes a number of a JSON text that is one
    (Integer, ("integer",)),
    (Double, ("real", "integer")),
    (LargeBinary, ("blob",)),
    (JSON, ("text", "integer", "real")),
)
TIMES = {"created", "last_run", "started", "finished", "made", "lease_until"}
VARIANTS = {"variant", "row"}
LATEST = 9e9  # seconds since 1970, in the year 2255: what pandas counts in nanoseconds ends in 2262


def explain(error: BaseException | None, path: Path | None, place: str) -> None:
    """Raise an `InfrastructureError` if an unexpected error came from a damaged file; else it is a bug and stays one.

    Args:
        error: what ended the use of the store.
        path: the SQLite file; None for a server, which checks types and references itself.
        place: the name of the store in messages.
    """
    if path is None or not isinstance(error, Exception) or isinstance(error, RegbenchError | OSError):
        return
    if what := found(path):
        raise InfrastructureError(
            f"database {place}: {what}, so it is damaged or was changed; restore a copy, or {ANOTHER}"
        ) from error


def found(path: Path) -> str | None:
    """The first thing that is wrong in a file, in words; None if all is as regbench writes it."""
    try:
        with closing(open_to_read(path)) as connection:
            connection.text_factory = lambda data: data.decode("utf-8", "backslashreplace")
            return next(_wrong(connection), None)
    except sqlite3.Error as error:
        return f"it cannot be read ({error})"


def _wrong(connection: sqlite3.Connection) -> Iterator[str]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            yield from _wrong_types(connection, table, column)
        for column in table.columns:
            if column.name in TIMES:
                yield from _wrong_times(connection, table, column)
            if column.name in VARIANTS:
                yield from _wrong_variants(connection, table, column)
            if isinstance(column.type, JSON):
                yield from _wrong_json(connection, table, column)
    for table, _, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        yield f"a row of table {table} refers to one of table {parent} that is not there"
    yield from _wrong_jobs(connection)
    yield from _wrong_arrays(connection)
    for (said,) in connection.execute("PRAGMA quick_check(1)"):
        if said != "ok":
            yield f"it fails SQLite's own check ({' '.join(said.split())})"


def _wrong_types(connection: sqlite3.Connection, table: Table, column: Column[Any]) -> Iterator[str]:
    fine = next((names for kind, names in STORED if isinstance(column.type, kind)), ("text",))
    fine = (*fine, "null") if column.nullable else fine
    held = f'typeof("{column.name}")'
    marks = ", ".join("?" * len(fine))
    query = f'SELECT {held} FROM "{table.name}" WHERE {held} NOT IN ({marks}) LIMIT 1'  # noqa: S608 - names of ours
    for (kind,) in connection.execute(query, fine):
        what = "nothing where a value must be" if kind == "null" else f"{_a(kind)}, not {_a(fine[0])}"
        yield f"column {column.name} of table {table.name} holds {what}"


def _a(kind: str) -> str:
    """SQLite's name of a type in words."""
    return {"integer": "a whole number", "real": "a number", "blob": "bytes", "text": "text"}[kind]


def _wrong_times(connection: sqlite3.Connection, table: Table, column: Column[Any]) -> Iterator[str]:
    query = f'SELECT 1 FROM "{table.name}" WHERE "{column.name}" NOT BETWEEN 0 AND ? LIMIT 1'  # noqa: S608
    if connection.execute(query, (LATEST,)).fetchone():
        yield f"column {column.name} of table {table.name} holds a time that is none"


def _wrong_variants(connection: sqlite3.Connection, table: Table, column: Column[Any]) -> Iterator[str]:
    for (text,) in connection.execute(f'SELECT DISTINCT "{column.name}" FROM "{table.name}"'):  # noqa: S608
        if not _passes(lambda text=text: bool(variants.read(text))):
            yield f"column {column.name} of table {table.name} holds what is no name of a variant"


def _wrong_json(connection: sqlite3.Connection, table: Table, column: Column[Any]) -> Iterator[str]:
    fits = SHAPES[column.name]
    query = f'SELECT DISTINCT "{column.name}" FROM "{table.name}" WHERE "{column.name}" IS NOT NULL'  # noqa: S608
    for (stored,) in connection.execute(query):
        if not _passes(lambda stored=stored: fits(json.loads(stored) if isinstance(stored, str) else stored)):
            yield f"column {column.name} of table {table.name} holds what regbench does not write"


def _wrong_jobs(connection: sqlite3.Connection) -> Iterator[str]:
    for key, config in connection.execute(f"SELECT key, config FROM {JobRow.__tablename__}"):  # noqa: S608
        if not _passes(lambda config=config: bool(Job.from_config(json.loads(config)).key)):
            yield f"the configuration of job {key[:12]} is not one"


def _wrong_arrays(connection: sqlite3.Connection) -> Iterator[str]:
    """Predictions, parameters and recorded arrays whose bytes are not as many as their shape says."""
    predictions = f"SELECT data, rows * targets * 4 FROM {PredictionRow.__tablename__}"  # noqa: S608
    for data, size in connection.execute(predictions):
        if not _passes(lambda data=data, size=size: len(zlib.decompress(data)) == size):
            yield "a row of table prediction holds other bytes than its shape says"
    for data, shape in connection.execute(f"SELECT data, shape FROM {ParameterRow.__tablename__}"):  # noqa: S608
        if not _passes(lambda data=data, shape=shape: len(data) == 8 * _product(json.loads(shape))):
            yield "a row of table parameter holds other bytes than its shape says"
    for data, shape in connection.execute(f"SELECT data, shape FROM {RecordedRow.__tablename__}"):  # noqa: S608
        if not _passes(lambda data=data, shape=shape: len(zlib.decompress(data)) == 4 * _product(json.loads(shape))):
            yield "a row of table recorded holds other bytes than its shape says"


def _product(shape: list[int]) -> int:
    size = 1
    for length in shape:
        size *= length
    return size


def _passes(check: Callable[[], bool]) -> bool:
    """Whether a check of stored data holds; data on which it breaks do not pass."""
    try:
        return check()
    except Exception:
        return False


def _mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(number, int | float) for number in value)


def _counts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(number, int) and number >= 0 for number in value)


def _names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, dict) for part in value)


def _config(value: Any) -> bool:
    """Of a benchmark, a job or an environment; a benchmark that chooses says how many jobs it expects of what."""
    expected = value.get("expected", {})
    return not expected or (
        all(isinstance(expected[dataset], int) for dataset in value["datasets"]) and _names(value["choose"]["from"])
    )


SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "config": _config,
    "sizes": _counts,
    "inputs": lambda value: isinstance(value, int) or _counts(value),
    "target_low": _numbers,
    "target_high": _numbers,
    "swept": _mapping,
    "chosen": _mapping,
    "jobs": _names,
    "winner": _names,
    "on_edge": _names,
    "resumed": _mappings,
    "shape": _counts,
    "evidence": _mapping,
}  # of the JSON in the columns of these names
