"""Copies of one run in several databases: the one that is further on counts.

A database may be copied while a run in it goes on, so two databases may hold the same run in two states. And where both
copies have gone on, and both have finished, there are two executions with one uuid. The one that ended first keeps it,
and the other gets a uuid that follows from it and from the time of its end, so that it is the same in every database.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import NAMESPACE_OID, uuid5

import pyarrow as pa
from sqlalchemy import Connection, func, select, update

from regbench.store.models import JobRow, MetricRow, ParameterRow, PredictionRow, RecordedRow, RunRow
from regbench.store.removal import delete_runs
from regbench.store.sql import now, rows_in

RANKS = ("running", "interrupted", "failed", "finished")
FINISHED = RANKS.index("finished")
NAMED = {  # file -> the column by which its rows of a run are counted
    "metrics": MetricRow.name,
    "predictions": PredictionRow.split,
    "parameters": ParameterRow.name,
    "recorded": RecordedRow.name,
}
Size = Counter[tuple[str, str]]  # (file, name) -> rows of a run


class State(NamedTuple):
    """How far a run has come; the larger one is further on."""

    rank: int
    epochs: int
    finished: float

    @classmethod
    def of(cls, run: Mapping[str, Any]) -> "State":
        """The state of a row of the table or of a file."""
        return cls(RANKS.index(run["status"]), run["epochs"], run["finished"] or 0.0)


class Here(NamedTuple):
    """A run in the store: its id, its state, and whether a worker holds it at this moment."""

    run_id: int
    state: State
    held: bool


class Place(NamedTuple):
    """Where a run of a source goes: its uuid here, and how it stands to what is here."""

    uuid: str
    relation: str  # new, same, further, behind, held; earlier: the other execution of it here makes way


def here(connection: Connection, uuids: Collection[str]) -> dict[str, Here]:
    """Those of these runs that are in the store."""
    moment = now(connection)
    query = select(RunRow.uuid, RunRow.id, RunRow.status, RunRow.epochs, RunRow.finished, JobRow.lease_until).join(
        JobRow, JobRow.id == RunRow.job_id
    )
    return {
        row.uuid: Here(row.id, State.of(row._asdict()), row.status == "running" and (row.lease_until or 0.0) >= moment)
        for row in rows_in(connection, query, RunRow.uuid, uuids)
    }


def names(run: Mapping[str, Any]) -> list[str]:
    """The uuids that a run of a source may have here."""
    return [run["uuid"], *([_of_the_later(run["uuid"], run["finished"])] if run["status"] == "finished" else [])]


def place(run: Mapping[str, Any], known: Mapping[str, Here]) -> Place:
    """Where a run goes, by the runs that are here with one of its `names`."""
    uuid, state = run["uuid"], State.of(run)
    if uuid not in known:
        return Place(uuid, "new")
    there = known[uuid].state
    if there == state:
        return Place(uuid, "same")
    if known[uuid].held:
        return Place(uuid, "held")
    if there.rank == state.rank == FINISHED:
        if state < there:
            return Place(uuid, "earlier")
        later = _of_the_later(uuid, run["finished"])
        return Place(later, "same" if later in known else "new")
    return Place(uuid, "further" if there < state else "behind")


def settle(connection: Connection, runs: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], set[str]]:
    """Make room for runs of a source: their uuids here, without those that are behind; and those that a worker holds.

    What is replaced by a later state of the same run is deleted; another execution gets its own uuid.
    """
    settled, held = {}, set()
    for run in runs:
        known = here(connection, names(run))
        uuid, relation = place(run, known)
        match relation:
            case "behind":
                continue
            case "held":
                held.add(run["uuid"])
                continue
            case "further":
                delete_runs(connection, [known[uuid].run_id])
            case "earlier":
                later = _of_the_later(uuid, known[uuid].state.finished)
                if here(connection, [later]):
                    delete_runs(connection, [known[uuid].run_id])  # the same execution twice
                else:
                    connection.execute(update(RunRow).where(RunRow.uuid == uuid).values(uuid=later))
        settled[run["uuid"]] = uuid
    return settled, held


def sizes(connection: Connection, uuids: Collection[str]) -> dict[str, Size]:
    """How many rows of each name these runs have in the store."""
    found: dict[str, Size] = {}
    for file, column in NAMED.items():
        rows = select(RunRow.uuid, column, func.count()).join_from(column.class_, RunRow).group_by(RunRow.uuid, column)
        for uuid, name, count in rows_in(connection, rows, RunRow.uuid, uuids):
            found.setdefault(uuid, Counter())[file, name] = count
    return found


def size(found: Mapping[str, Sequence[pa.RecordBatch]]) -> Size:
    """How many rows of each name a run has in the large files of an export."""
    counted: Size = Counter()
    for file, batches in found.items():
        for batch in batches:
            for each in batch.column(NAMED[file].key).value_counts().to_pylist():
                counted[file, each["values"]] += each["counts"]
    return counted


def _of_the_later(uuid: str, finished: float) -> str:
    return str(uuid5(NAMESPACE_OID, f"{uuid} {finished!r}"))
