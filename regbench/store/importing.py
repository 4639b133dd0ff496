"""Import an export in pieces of whole runs, each a short transaction, so that others can write meanwhile.

All files are checked before the first piece is written. An import that is killed leaves whole runs, with all of their
numbers; importing again goes on from there, because runs are recognised by their uuid.
"""

import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, and_, func, select

from regbench.errors import InfrastructureError, Interrupted
from regbench.job import DECIDE, canonical
from regbench.store import environments
from regbench.store.deciding import decides_of, rises_of
from regbench.store.frames import EVERY_EPOCH
from regbench.store.jobs import config, job_ids, link, note, noted, without_notes
from regbench.store.models import (
    AdoptionRow,
    BenchmarkRow,
    ChoiceRow,
    DatasetRow,
    EnvironmentRow,
    JobRow,
    MetricRow,
    RunRow,
)
from regbench.store.parquet import Sheet, rows_of
from regbench.store.part import RISING, WHOLE, Part, only
from regbench.store.pieces import BYTES_OF_A_ROW, Pieces
from regbench.store.sheets import check_references
from regbench.store.sql import insert_new, rows_in
from regbench.store.store import Store
from regbench.store.transfer import LARGE, OPTIONAL, SINCE, TABLES, Moved, rows_said

Rows = list[dict[str, Any]]


def import_(store: Store, folder: str | Path, part: Part = WHOLE, *, alone: bool = False) -> Moved:
    """Add the rows of an export that this store does not have; a folder that is refused changes nothing.

    A run that has only some of its epochs in this store gets the missing ones, if the export has them.

    alone: whether nobody else uses the store, so that nobody has to be let in between.
    """
    source = Path(folder)
    with contextlib.ExitStack() as opened:
        export, sheets = checked(source, opened, server=not store.is_file)
        importing = Import(export, sheets, part, Pieces(store, alone=alone))
        with importing.what_is_kept():
            left_alone = importing.grid()
            importing.runs(store)
    return Moved({name: importing.new[name] for name in TABLES}, tuple(left_alone))


def checked(source: Path, opened: contextlib.ExitStack, *, server: bool) -> tuple[dict[str, Rows], dict[str, Sheet]]:
    """The rows of the small files of an export and all of its files, once every row was found to be storable."""
    sheets = _opened(source, opened)
    return _checked(source, sheets, server=server), sheets


def _opened(source: Path, opened: contextlib.ExitStack) -> dict[str, Sheet]:
    def sheet(name: str) -> Sheet:
        return opened.enter_context(Sheet(source / f"{name}.parquet", TABLES[name]))

    sheets = {name: sheet(name) for name in TABLES if name not in {*SINCE, *OPTIONAL}}
    version = sheets["runs"].version
    for name, since in SINCE.items():
        if version >= since or (source / f"{name}.parquet").is_file():  # adoptions may be added to an older export
            sheets[name] = sheet(name)
    said = rows_said(source)
    for name in OPTIONAL:
        if said.get(name) or (source / f"{name}.parquet").is_file():  # one that is lost is not taken for one without
            sheets[name] = sheet(name)
    return {name: sheets[name] for name in TABLES if name in sheets}


def _checked(source: Path, sheets: Mapping[str, Sheet], *, server: bool) -> dict[str, Rows]:
    """The rows of the small files, after every row of every file was read and found to be one that can be stored."""
    rows = {name: [] if name not in sheets else sheets[name].rows() for name in TABLES if name not in LARGE}
    check_references(source, rows)
    runs = [row["uuid"] for row in rows["runs"]]
    for name, sheet in sheets.items():
        sheet.check(server=server, runs=runs if name in LARGE else None)
    return rows


@dataclass
class Piece:
    """Some runs, and their rows in the large files."""

    runs: Rows = field(default_factory=list)
    found: dict[str, list[pa.RecordBatch]] = field(default_factory=lambda: {name: [] for name in LARGE})
    size: int = 0

    def add(self, run: dict[str, Any], found: Mapping[str, Sequence[pa.RecordBatch]], size: int) -> None:
        self.runs.append(run)
        for name, batches in found.items():
            self.found[name] += batches
        self.size += size


class _Rows:
    """The rows of a large file, taken run by run in the order of the file."""

    def __init__(self, sheet: Sheet) -> None:
        self._stretches = sheet.stretches()
        self._next = next(self._stretches, None)

    def take(self, run: str) -> list[pa.RecordBatch]:
        """The rows of a run; the rows of runs before it are gone."""
        found = []
        while self._next and self._next[0] == run:
            found.append(self._next[1])
            self._next = next(self._stretches, None)
        return found


class Import:
    """One import of an export into a store; what is there stays as it is."""

    def __init__(self, export: Mapping[str, Rows], sheets: Mapping[str, Sheet], part: Part, pieces: Pieces) -> None:
        self.export = export
        self.sheets = sheets
        self.part = part
        self.pieces = pieces
        self.new: Counter[str] = Counter()  # rows by file
        self._whole: set[str] = set()
        self._deciding = {} if part.every_epoch else _deciding(export)

    @contextlib.contextmanager
    def what_is_kept(self) -> Iterator[None]:
        """Say what an import that does not reach its end leaves."""
        try:
            yield
        except InfrastructureError as error:
            if not self.pieces.written:
                raise
            raise type(error)(f"{error}; {self._kept()}") from error
        except KeyboardInterrupt:
            kept = self._kept() if self.pieces.written else "nothing was imported"
            raise Interrupted(f"interrupted; {kept}") from None

    def _kept(self) -> str:
        return (
            f"{self.new['runs']:,} new runs were imported, each of them whole, and are kept; "
            "the same import goes on from there"
        )

    def grid(self) -> list[str]:
        """Import all but runs; returns a message for each benchmark that differs."""
        with self._writing(0) as connection:
            self._add(connection, "datasets", DatasetRow, self.export["datasets"])
            cleaned = [environments.cleaned(row) for row in self.export["environments"]]
            self._add(connection, "environments", EnvironmentRow, cleaned)
            self._add(connection, "adoptions", AdoptionRow, self.export["adoptions"])
        for jobs in self._some([{**row, "lease_token": 0} for row in self.export["jobs"]]):
            with self._writing(len(jobs)) as connection:
                self._add(connection, "jobs", JobRow, jobs)
        other = [row["name"] for row in self.export["benchmarks"] if not self._benchmark(row)]
        return [f"benchmark {name}: another grid of that name is here and stays; the runs were added" for name in other]

    def _benchmark(self, row: dict[str, Any]) -> bool:
        """Import a benchmark with its jobs and choices; false if another grid of its name is there."""
        variants = {job["key"]: job["variant"] for job in self.export["jobs"]}  # for exports of older versions
        places = [
            {"variant": variants[place["job"]], "row": variants[place["job"]], "swept": None, **place}
            for place in self.export["benchmark_jobs"]
            if place["benchmark"] == row["name"]
        ]
        chosen = [choice for choice in self.export["choices"] if choice["benchmark"] == row["name"]]
        for some in self._some(places) if places else [[]]:
            with self._writing(len(some)) as connection:
                self._add(connection, "benchmarks", BenchmarkRow, [row])
                here = config(connection, row["name"])
                if canonical(without_notes(here)) != canonical(without_notes(row["config"])):
                    return False  # also where another process has just changed it
                for key, value in noted(row["config"]).items():
                    if len(canonical(value)) > len(canonical(here.get(key))):  # notes only grow
                        note(connection, row["name"], key, value)
                self.new["benchmark_jobs"] += link(connection, row["name"], some)
                self._add(connection, "choices", ChoiceRow, chosen)
                chosen = []
        return True

    def runs(self, store: Store) -> None:
        """Import the runs that are new or lack epochs."""
        with store.reading() as connection:
            jobs = job_ids(connection, {row["job"] for row in self.export["runs"]})
            found = connection.execute(select(EnvironmentRow.digest, EnvironmentRow.id))
            stored = {row.digest: row.id for row in found}
            self._look(connection)
        places = {row["digest"]: stored[environments.cleaned(row)["digest"]] for row in self.export["environments"]}
        for piece in self._pieces():
            rows = {name: list(self._rows_of(name, found)) for name, found in piece.found.items()}
            runs = [
                {**row, "job_id": jobs[row.pop("job")], "environment_id": places[row.pop("environment")]}
                for row in piece.runs
            ]
            with self._writing(piece.size) as connection:
                self._write(connection, [{**run, "lease_token": 0} for run in runs], rows)

    def _look(self, connection: Connection) -> None:
        """Note which runs are here, so that they need not be written."""
        known, gaps = _there(connection, [row["uuid"] for row in self.export["runs"]])
        self._whole = known - gaps

    def _skips(self, run: Mapping[str, Any], found: Mapping[str, Sequence[pa.RecordBatch]]) -> bool:  # noqa: ARG002
        """Whether a run with these rows in the large files need not be written, by what `_look` has noted."""
        return run["uuid"] in self._whole

    def _pieces(self) -> Iterator[Piece]:
        """The runs that are to be written, in pieces of the size that may be written at once."""
        files = {name: _Rows(self.sheets[name]) for name in self._large()}
        piece = Piece()
        for run in self.export["runs"]:
            found = {name: rows.take(run["uuid"]) for name, rows in files.items()}
            if self._skips(run, found):
                continue
            size = 1 + sum(_size(batch) for batches in found.values() for batch in batches)
            if piece.runs and piece.size + size > self.pieces.size:
                yield piece
                piece = Piece()
            piece.add(run, found, size)
        if piece.runs:
            yield piece

    def _large(self) -> list[str]:
        kept = {"predictions": self.part.predictions, "recorded": self.part.recorded}
        left_out = {name for name, whole in kept.items() if not whole}
        return [name for name in TABLES if name in LARGE and name in self.sheets and name not in left_out]

    def _rows_of(self, name: str, found: Sequence[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
        """The rows of a piece that belong to the part; other metrics are dropped column-wise, which is fast."""
        if not found:
            return
        columns = pa.Table.from_batches(found)
        if name == "metrics" and not (self.part.names is None and self.part.every_epoch):
            columns = only(columns.unify_dictionaries(), self.part, self._deciding)
        yield from rows_of(columns)

    def _write(self, connection: Connection, runs: Rows, rows: Mapping[str, Rows]) -> None:
        """Write runs with all their rows; what another import has written meanwhile is left alone."""
        settled = self._settled(connection, runs)
        new = [{**run, "uuid": settled[run["uuid"]]} for run in runs if run["uuid"] in settled]
        self._add(connection, "runs", RunRow, new)
        numbers = dict(rows_in(connection, select(RunRow.uuid, RunRow.id), RunRow.uuid, set(settled.values())))
        for name, found in rows.items():
            theirs = [row for row in found if row["run"] in settled]
            for row in theirs:
                row["run_id"] = numbers[settled[row.pop("run")]]
            self._add(connection, name, TABLES[name], theirs)

    def _settled(self, connection: Connection, runs: Rows) -> dict[str, str]:
        """The runs whose rows are to be added where they are not there yet, with the uuid that each has here."""
        uuids = [run["uuid"] for run in runs]
        known, gaps = _there(connection, uuids)
        return {uuid: uuid for uuid in uuids if uuid not in known or uuid in gaps}

    @contextlib.contextmanager
    def _writing(self, rows: int) -> Iterator[Connection]:
        """A transaction for a piece; the rows of one that fails do not count as new."""
        before = self.new.copy()
        try:
            with self.pieces.writing(rows) as connection:
                yield connection
        except BaseException:
            self.new = before
            raise

    def _add(self, connection: Connection, name: str, table: Any, rows: Rows) -> None:
        self.new[name] += insert_new(connection, table, rows)

    def _some(self, rows: Rows) -> Iterator[Rows]:
        """The rows in lists of the size that may be written at once."""
        start = 0
        while start < len(rows):
            some = rows[start : start + self.pieces.size]
            yield some
            start += len(some)


def _there(connection: Connection, uuids: Sequence[str]) -> tuple[set[str], set[str]]:
    """Of these runs, those that are stored, and of those the ones that lack epochs: from a distilled export."""
    known = {uuid for (uuid,) in rows_in(connection, select(RunRow.uuid), RunRow.uuid, uuids)}
    stored = func.count(MetricRow.epoch)
    lacking = (
        select(RunRow.uuid)
        .outerjoin(MetricRow, and_(MetricRow.run_id == RunRow.id, MetricRow.name == EVERY_EPOCH))
        .where(RunRow.status == "finished")
        .group_by(RunRow.uuid, RunRow.epochs)
        .having(stored < RunRow.epochs)
    )
    return known, {uuid for (uuid,) in rows_in(connection, lacking, RunRow.uuid, known)}


def _deciding(export: Mapping[str, Rows]) -> dict[str, str]:
    """The runs (uuid) whose epoch another metric decides than usual, with that metric."""
    others = {row["key"]: name for row in export["jobs"] if (name := _named(row["config"])) != DECIDE}
    return {row["uuid"]: others[row["job"]] for row in export["runs"] if row["job"] in others}


def _size(batch: pa.RecordBatch) -> int:
    """How long these rows take to write, in rows of numbers."""
    arrays = [column for column in batch.columns if pa.types.is_binary(column.type)]
    return len(batch) + sum(column.nbytes for column in arrays) // BYTES_OF_A_ROW


def _named(config: Mapping[str, Any]) -> str:
    return f"{RISING}{decides_of(config)}" if rises_of(config) else decides_of(config)
