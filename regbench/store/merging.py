"""Merge the results of several machines: a union that depends neither on the order of the sources nor on repetition.

Runs are known by their uuid, so two machines that ran the same job are two witnesses of it: both runs are kept, with
all their numbers, and `witnesses` compares them. Everything else is joined by the rules of `joining` and `copies`.

A source is an SQLite file, a folder of exports, or the address of a server; databases are exported into a temporary
folder and then imported like any other export, so that a source is only read, and everything is checked before the
first row is written.
"""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, or_, select, update

from regbench.addresses import path_of, without_password
from regbench.errors import NothingMeasured, some
from regbench.store import copies, engine, environments, joining, secrets, upgrade
from regbench.store.folder import exports
from regbench.store.importing import Import, Rows, checked
from regbench.store.models import AdoptionRow, ChoiceRow, DatasetRow, EnvironmentRow, JobRow
from regbench.store.part import WHOLE, Part
from regbench.store.pieces import Pieces
from regbench.store.store import Store
from regbench.store.transfer import TABLES, export
from regbench.store.trouble import explained

HELD = ("lease_owner", "lease_until", "blocked")  # of a job, for `merged`: what goes on in the sources


@dataclass(frozen=True)
class Merged:
    """The number of new rows of each kind, the number of sources, and what else is worth a line."""

    rows: Mapping[str, int]
    sources: int
    notes: tuple[str, ...] = ()


def merge(into: Store, sources: Sequence[str | Path], part: Part = WHOLE, *, alone: bool = False) -> Merged:
    """Add the results of all sources to a store; the store itself may be among them, and is left out.

    alone: whether nobody else uses the store.

    Raises:
        NothingMeasured: there is no such source.
        UsageError, InfrastructureError: a source is damaged, or made by a newer version; nothing has changed.
    """
    new: Counter[str] = Counter()
    notes: dict[str, None] = {}
    with contextlib.ExitStack() as opened:
        found = [
            (name, *checked(folder, opened, server=not into.is_file))
            for source in dict.fromkeys(map(str, sources))
            if not _is_same(source, into)
            for name, folder in _folders(source, opened, part, notes)
        ]
        pieces = Pieces(into, alone=alone)
        for name, rows, sheets in found:
            merging = _Merge(rows, sheets, part, pieces)
            with merging.what_is_kept():
                said = merging.grid()
                merging.runs(into)
            notes |= dict.fromkeys(said)
            if merging.held:
                notes[
                    f"{name}: {len(merging.held):,} of its runs are being trained in {into.place} and stay there as "
                    "they are; merge again when they have ended"
                ] = None
            new += merging.new
    return Merged({name: new[name] for name in TABLES}, len({name for name, _, _ in found}), tuple(notes))


@contextlib.contextmanager
def merged(sources: Sequence[str | Path], part: Part = WHOLE) -> Iterator[tuple[Store, tuple[str, ...]]]:
    """A read-only store with the results of all sources, and what is worth a line about them.

    It is a temporary file, deleted at the end of the block. It also says what goes on in the sources at this moment.
    """
    with TemporaryDirectory(prefix="regbench-", ignore_cleanup_errors=True) as place:
        path = Path(place) / "regbench.db"
        with Store.open(path) as store:
            notes = merge(store, sources, part, alone=True).notes
            for source in map(str, sources):
                if not _is_folder(source):
                    with _readable(source) as opened, opened.reading() as theirs, store.writing() as ours:
                        _copy_leases(theirs, ours)
        with Store.open(path, read_only=True) as store:
            store.place = ", ".join(without_password(str(source)) for source in sources)
            yield store, notes


class _Merge(Import):
    """The import of a source by rules that give the same whatever is here already."""

    held: set[str]  # runs that a worker holds in the target

    def grid(self) -> list[str]:
        """Join all but runs; returns a message for each thing that differed."""
        self.held = set()
        with self._writing(0) as connection:
            self._join(connection, "datasets", DatasetRow, self.export["datasets"])
            cleaned = [environments.cleaned(row) for row in self.export["environments"]]
            self._join(connection, "environments", EnvironmentRow, cleaned)
            self._join(connection, "adoptions", AdoptionRow, self.export["adoptions"])
        for jobs in self._some([{**row, "lease_token": 0} for row in self.export["jobs"]]):
            with self._writing(len(jobs)) as connection:
                self._join(connection, "jobs", JobRow, jobs)
        variants = {job["key"]: job["variant"] for job in self.export["jobs"]}
        together: dict[str, Rows] = defaultdict(list)
        for row in self.export["benchmarks"]:
            together[joining.bare(row["name"])].append(row)
        return [line for name, rows in together.items() for line in self._grids(name, rows, variants)]

    def _grids(self, name: str, rows: Rows, variants: Mapping[str, str]) -> Iterator[str]:
        with self._writing(0) as connection:
            new, named, others = joining.grids(connection, name, rows)
            self.new["benchmarks"] += new
        if others:
            yield f"benchmark {name}: several grids have that name; the one run last keeps it, beside {some(others)}"
        for old, new_name in named.items():
            usual = [
                {"variant": variants[place["job"]], "row": variants[place["job"]], "swept": None, **place}
                for place in self.export["benchmark_jobs"]
                if place["benchmark"] == old
            ]
            for few in self._some(usual):
                with self._writing(len(few)) as connection:
                    self.new["benchmark_jobs"] += joining.places(connection, new_name, few)
            chosen = [{**row, "benchmark": new_name} for row in self.export["choices"] if row["benchmark"] == old]
            with self._writing(len(chosen)) as connection:
                unlike = self._join(connection, "choices", ChoiceRow, chosen)
            if other := sum(kept["chosen"] != lost["chosen"] for kept, lost in unlike):
                yield f"benchmark {new_name}: {other:,} cells had other values chosen elsewhere; the first choice stays"

    def _join(self, connection: Connection, name: str, table: Any, rows: Rows) -> list[tuple[Any, Any]]:
        new, unlike = joining.join(connection, table, rows)
        self.new[name] += new
        return unlike

    def _look(self, connection: Connection) -> None:
        uuids = {uuid for run in self.export["runs"] for uuid in copies.names(run)}
        self._here = copies.here(connection, uuids)
        self._sizes = copies.sizes(connection, self._here)

    def _skips(self, run: Mapping[str, Any], found: Mapping[str, Sequence[pa.RecordBatch]]) -> bool:
        uuid, relation = copies.place(run, self._here)
        if relation == "behind":
            return True
        return relation == "same" and copies.size(found) <= self._sizes.get(uuid, Counter())

    def _settled(self, connection: Connection, runs: Rows) -> dict[str, str]:
        settled, held = copies.settle(connection, runs)
        self.held |= held
        return settled


def _folders(
    source: str, opened: contextlib.ExitStack, part: Part, notes: dict[str, None]
) -> Iterator[tuple[str, Path]]:
    """The exports of a source, each with the name of the source in messages; of a database, a temporary one."""
    if _is_folder(source):
        yield from ((source, folder) for folder in exports(Path(source)))
        return
    name = without_password(source)
    folder = Path(opened.enter_context(TemporaryDirectory(prefix="regbench-", ignore_cleanup_errors=True)))
    with _readable(source) as store:
        moved = export(store, folder / "export", part=part)
    if not moved.rows["jobs"]:
        notes[f"{name}: it holds no jobs yet"] = None
    yield name, folder / "export"


@contextlib.contextmanager
def _readable(source: str) -> Iterator[Store]:
    """A source that is a database, for reading; of a file of an older version, an upgraded copy."""
    path = path_of(source)
    if path is not None and not path.is_file():
        raise NothingMeasured(f"there is no database or folder {source}")
    with contextlib.ExitStack() as opened:
        place: str | Path = source
        with explained(source):
            if path is not None and upgrade.is_older(path.absolute()):
                folder = opened.enter_context(TemporaryDirectory(prefix="regbench-", ignore_cleanup_errors=True))
                place = upgrade.copy(path.absolute(), Path(folder) / path.name)
                Store.open(place).close()
        yield opened.enter_context(Store.open(place, read_only=True))


def _is_folder(source: str) -> bool:
    path = path_of(source)
    return path is not None and path.is_dir()


def _is_same(source: str, into: Store) -> bool:
    path, its = path_of(source), Path(into.place) if into.is_file else None
    if path is None or its is None:
        return path is None and its is None and secrets.public(engine.locate(source)) == into.url
    return path.exists() and path.samefile(its)


def _copy_leases(theirs: Connection, ours: Connection) -> None:
    """What a source says of jobs that are trained at this moment, or blocked."""
    columns = [getattr(JobRow, name) for name in HELD]
    query = select(JobRow.key, *columns).where(or_(*(column.is_not(None) for column in columns)))
    for row in theirs.execute(query):
        known = {name: value for name, value in row._mapping.items() if name in HELD and value is not None}
        ours.execute(update(JobRow).where(JobRow.key == row.key).values(known))
