"""What the Parquet files of an export must hold: the columns of their tables, with their types, and no gaps."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from sqlalchemy import JSON, Double, Integer, LargeBinary, Table

from regbench.errors import UsageError

NOT_MOVED = {"id", "run_id", "job_id", "environment_id", "lease_owner", "lease_until", "lease_token", "blocked"}
KEYS = {  # columns that stand for the ids of rows
    "runs": ("job", "environment"),
    "benchmark_jobs": ("job",),
    "metrics": ("run",),
    "predictions": ("run",),
    "parameters": ("run",),
    "recorded": ("run",),
}
REFERENCES = (  # file, column, the file that has it, and under which name
    ("runs", "job", "jobs", "key"),
    ("runs", "environment", "environments", "digest"),
    ("benchmark_jobs", "job", "jobs", "key"),
    ("benchmark_jobs", "benchmark", "benchmarks", "name"),
    ("choices", "benchmark", "benchmarks", "name"),
)
UNIQUE = (("jobs", "key"), ("runs", "uuid"), ("environments", "digest"), ("benchmarks", "name"))
LATER = {"benchmark_jobs": {"variant", "row", "swept"}}  # columns that exports of older versions lack
COUNTS = ("epoch", "epochs", "seed", "rows", "targets", "position", "attempt")  # never below 0
IS: Mapping[type, tuple[str, Callable[[pa.DataType], bool]]] = {
    Integer: ("whole numbers", pa.types.is_integer),
    Double: ("numbers", pa.types.is_floating),
    LargeBinary: ("bytes", pa.types.is_binary),
}


def is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def check_columns(place: object, name: str, table: Table, schema: pa.Schema) -> None:
    """Raise `UsageError` for the first column that is missing or has another type."""
    wanted = {column.name: column.type for column in table.columns if column.name not in NOT_MOVED}
    for column in (*KEYS.get(name, ()), *wanted):
        if schema.get_field_index(column) < 0:
            if column in LATER.get(name, ()):
                continue
            raise UsageError(f"{place}: no column {column!r}, or two of them; export it again")
        kind = wanted.get(column)
        what, fits = next((rule for sql, rule in IS.items() if isinstance(kind, sql)), ("text", is_text))
        field = schema.field(column)
        if not fits(field.type):
            raise UsageError(f"{place}: column {column!r} holds {field.type}, not {what}; export it again")
        if isinstance(kind, JSON) and (field.metadata or {}).get(b"is") != b"json":
            raise UsageError(f"{place}: column {column!r} is not marked as JSON; export it again")


def check_values(place: object, table: Table, batch: pa.RecordBatch | pa.Table) -> None:
    """Raise `UsageError` for the first column with an empty value, or a negative count, where none can be."""
    optional = {column.name for column in table.columns if column.nullable}
    for column in batch.schema.names:
        values = batch.column(column)
        if values.null_count and column not in optional:
            raise UsageError(f"{place}: an empty value in column {column!r}; export it again")
        if (
            column in COUNTS
            and min((value for value in values.unique().to_pylist() if value is not None), default=0) < 0
        ):
            raise UsageError(f"{place}: a value below 0 in column {column!r}; export it again")


def check_fits(place: object, table: Table, batch: pa.RecordBatch, *, server: bool) -> None:
    """Raise `UsageError` for the first column with a value that SQLite, or a PostgreSQL server, would refuse."""
    largest = 2**31 - 1 if server else 2**63 - 1
    for column in table.columns:
        if column.name not in batch.schema.names:
            continue
        values = batch.column(column.name)
        if isinstance(column.type, Integer):
            numbers = values.drop_null().to_numpy()
            if len(numbers) and max(int(numbers.max()), -int(numbers.min())) > largest:
                raise UsageError(f"{place}: a number in column {column.name!r} is too large for this database")
        if isinstance(column.type, Double) and not column.nullable and any(values.is_nan().to_pylist()):
            raise UsageError(f"{place}: a value in column {column.name!r} is not a number; export it again")
        if (
            server
            and isinstance(values, pa.DictionaryArray)
            and any("\0" in text for text in values.dictionary.to_pylist())
        ):
            raise UsageError(f"{place}: a character 0 in column {column.name!r}, which PostgreSQL does not store")


def check_runs(place: object, runs: Sequence[str], named: Iterable[str]) -> None:
    """Raise `UsageError` unless the rows `named` by run are of these runs and in their order."""
    places = {run: number for number, run in enumerate(runs)}
    last = -1
    for run in named:
        if run not in places:
            raise UsageError(f"{place}: has a run that runs.parquet lacks; export it again")
        if places[run] < last:
            raise UsageError(f"{place}: its rows are not in the order of runs.parquet; export it again")
        last = places[run]


def check_references(place: object, rows: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Raise `UsageError` for the first row that names a row which no file has, or that is there twice."""
    for name, column, among, key in REFERENCES:
        known = {row[key] for row in rows[among]}
        for row in rows.get(name, ()):
            if row[column] not in known:
                raise UsageError(f"{place}: {name}.parquet has a {column} that {among}.parquet lacks; export it again")
    for name, key in UNIQUE:
        if len({row[key] for row in rows[name]}) < len(rows[name]):
            raise UsageError(f"{place}: {name}.parquet has a {key} twice; export it again")
    for name in ("jobs", "environments", "benchmarks"):
        if not all(isinstance(row["config"], dict) for row in rows[name]):
            raise UsageError(f"{place}: {name}.parquet has a config that is not a mapping; export it again")
