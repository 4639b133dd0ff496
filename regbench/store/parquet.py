"""Write the result of a query to a Parquet file and read it back; the file holds the version of the tables."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

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
        for part in connection.execute(query, execution_options={"yield_per": BATCH}).partitions():
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
        coded = [field.name for field in self._file.schema_arrow if (field.metadata or {}).items() >= CODED.items()]
        with self._readable():
            for batch in self._file.iter_batches(batch_size=BATCH):
                sheets.check_values(self.path, self._table, batch)
                yield [{**row, **{name: json.loads(row[name]) for name in coded}} for row in batch.to_pylist()]

    def table(self, coded: Sequence[str] = ()) -> pa.Table:
        """All rows as columns; those named in `coded` are dictionary-encoded, as they have few different values."""
        with self._readable(), pq.ParquetFile(self.path, read_dictionary=list(coded)) as file:
            found = file.read()
        sheets.check_values(self.path, self._table, found)
        return found

    def rows(self) -> list[dict[str, Any]]:
        """All rows; for small files."""
        return [row for batch in self.batches() for row in batch]

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError, UnicodeError, json.JSONDecodeError) as error:
            why = " ".join(str(error).split())
            raise UsageError(f"{self.path}: damaged, or not a Parquet file; export it again ({why})") from error


def _field(name: str, kind: TypeEngine[Any]) -> pa.Field:
    arrow = next((arrow for sql, arrow in ARROW.items() if isinstance(kind, sql)), pa.string())
    return pa.field(name, arrow, metadata=CODED if isinstance(kind, JSON) else None)
