"""Write the result of a query to a Parquet file and read it back; the file holds the version of the tables."""

import collections
import contextlib
import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import JSON, Connection, Double, Integer, LargeBinary, Select, Table
from sqlalchemy.types import TypeEngine

from regbench.errors import UsageError
from regbench.job import canonical
from regbench.store import sheets
from regbench.store.models import Base
from regbench.store.upgrade import versions

BATCH = 50_000  # rows held in memory at once
BATCH_OF_ARRAYS = 200  # the same for rows that hold arrays
BATCHES = {"recorded": 16}  # the same for files whose arrays are large: features may have megabytes
BUFFER = 2**20  # bytes of a column that are read ahead; otherwise pyarrow reads all of it
VERSION = b"regbench_tables"  # metadata key: version of the tables
LEFT_OUT = b"regbench_left_out"  # metadata key: what was left out of the file
CODED = {b"is": b"json"}  # metadata of a column whose text is JSON
ARROW = {Integer: pa.int64(), Double: pa.float64(), LargeBinary: pa.binary()}  # all other types are text


def write(connection: Connection, query: Select, path: Path, *, left_out: Sequence[str] = ()) -> int:
    """Write the result of a query; returns the number of rows. The file is renamed into place once it is complete.

    `left_out` describes what was left out on purpose, and is stored in the schema.
    """
    types = {column.name: column.type for column in query.selected_columns}
    about = {VERSION: versions()[-1].encode(), **({LEFT_OUT: json.dumps(left_out).encode()} if left_out else {})}
    schema = pa.schema([_field(name, kind) for name, kind in types.items()], about)
    coded = [name for name, kind in types.items() if isinstance(kind, JSON)]
    rows = 0
    with renamed(path) as unfinished, pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        at_once = {"yield_per": BATCHES.get(path.stem, BATCH)}
        for part in connection.execute(query, execution_options=at_once).partitions():
            columns = dict(zip(types, zip(*part, strict=True), strict=True))
            columns.update({name: [canonical(value) for value in columns[name]] for name in coded})
            writer.write_table(pa.table(columns, schema=schema))
            rows += len(part)
    return rows


@contextlib.contextmanager
def renamed(path: Path) -> Iterator[Path]:
    """A file that gets its name once it is complete; after an error, such as a full disk, nothing of it stays."""
    unfinished = path.with_name(path.name + ".part")
    try:
        yield unfinished
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    unfinished.replace(path)


class Sheet:
    """An open file that `write` made of a table; `version` is the version of the tables it holds."""

    def __init__(self, path: Path, table: type[Base]) -> None:
        self.path = path
        self._table: Table = table.metadata.tables[table.__tablename__]
        if not path.is_file():
            raise UsageError(f"{path.parent}: no {path.name} in it; give a folder that `regbench db export` wrote")
        with self._readable():
            self._file = pq.ParquetFile(path)
        self.version = (self._file.schema_arrow.metadata or {}).get(VERSION, b"").decode()
        if self.version not in versions():
            self._file.close()
            whose = (
                f"exported by a newer regbench (tables {self.version})" if self.version else "not exported by regbench"
            )
            raise UsageError(f"{path}: {whose}; update with pip install -U regbench, or give another folder")
        try:
            sheets.check_columns(path, path.stem, self._table, self._file.schema_arrow)
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def batches(self) -> Iterator[list[dict[str, Any]]]:
        """The rows, in batches that fit into memory."""
        with self._readable():
            for batch in self._file.iter_batches(batch_size=BATCH):
                sheets.check_values(self.path, self._table, batch)
                yield rows_of(batch)

    def rows(self) -> list[dict[str, Any]]:
        """All rows; for small files."""
        return [row for batch in self.batches() for row in batch]

    def columns(self) -> Iterator[pa.RecordBatch]:
        """The rows as columns, in batches that fit into memory; text is dictionary-encoded."""
        schema = self._file.schema_arrow
        texts = [field.name for field in schema if sheets.is_text(field.type) and not _is_coded(field)]
        usual = BATCH_OF_ARRAYS if any(pa.types.is_binary(field.type) for field in schema) else BATCH
        size = BATCHES.get(self.path.stem, usual)
        with (
            self._readable(),
            pq.ParquetFile(self.path, read_dictionary=texts, buffer_size=BUFFER, pre_buffer=False) as file,
        ):
            for batch in file.iter_batches(batch_size=size):
                sheets.check_values(self.path, self._table, batch)
                yield batch

    def stretches(self) -> Iterator[tuple[str, pa.RecordBatch]]:
        """The rows of one run (its uuid) after the other; those of a run may come in several parts."""
        return (stretch for batch in self.columns() for stretch in _by_run(batch))

    def check(self, *, server: bool, runs: Sequence[str] | None = None) -> None:
        """Raise `UsageError` for the first value that SQLite, or a server, would refuse, or a row out of order.

        runs: all runs (uuids) in order, if the rows belong to runs.
        """

        def checked() -> Iterator[pa.RecordBatch]:
            for batch in self.columns():
                sheets.check_fits(self.path, self._table, batch, server=server)
                for field, column in zip(batch.schema, batch.columns, strict=True):
                    if _is_coded(field):
                        _values(field, column)
                yield batch

        with self._readable():
            if runs is not None:
                sheets.check_runs(self.path, runs, (run for batch in checked() for run, _ in _by_run(batch)))
            else:
                collections.deque(checked(), maxlen=0)

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError, UnicodeError, json.JSONDecodeError) as error:
            why = " ".join(str(error).split())
            raise UsageError(f"{self.path}: damaged, or not a Parquet file; export it again ({why})") from error


def _by_run(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.RecordBatch]]:
    column = batch.column("run")
    coded = column if isinstance(column, pa.DictionaryArray) else column.dictionary_encode()
    runs, codes = coded.dictionary.to_pylist(), coded.indices.to_numpy()
    ends = [*(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for start, end in itertools.pairwise([0, *ends]):
        if end > start:
            yield runs[codes[start]], batch.slice(start, end - start)


def rows_of(columns: pa.RecordBatch | pa.Table) -> list[dict[str, Any]]:
    """Columns as rows."""
    table = isinstance(columns, pa.Table)
    batches = columns.unify_dictionaries().combine_chunks().to_batches() if table else [columns]
    names = columns.schema.names
    return [
        dict(zip(names, values, strict=True))
        for batch in batches
        for values in zip(*map(_values, batch.schema, batch.columns), strict=True)
    ]


def _values(field: pa.Field, column: pa.Array) -> list[Any]:
    if isinstance(column, pa.DictionaryArray):
        known = column.dictionary.to_pylist()
        return [None if code is None else known[code] for code in column.indices.to_pylist()]
    values = column.to_pylist()
    return [json.loads(text, parse_constant=_refuse) for text in values] if _is_coded(field) else values


def _refuse(constant: str) -> None:
    raise json.JSONDecodeError(f"{constant} is no value of JSON", constant, 0)


def _is_coded(field: pa.Field) -> bool:
    return (field.metadata or {}).items() >= CODED.items()


def _field(name: str, kind: TypeEngine[Any]) -> pa.Field:
    arrow = next((arrow for sql, arrow in ARROW.items() if isinstance(kind, sql)), pa.string())
    return pa.field(name, arrow, metadata=CODED if isinstance(kind, JSON) else None)
