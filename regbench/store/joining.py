"""Two descriptions of the same thing become one, by a rule that asks neither which came first nor how often.

Datasets, environments and jobs are known by digests, so two rows of one differ in little, such as the path of a file:
the one that says more stays. Choices and adoptions were made at a time: the first one stays. A benchmark is known by
its name and its grid: where two grids have one name, the one that was run last has it, and the other gets a setting
`grid`, a digest, into its brackets. Jobs keep the first of their places.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from regbench import variants
from regbench.errors import WrongValueError
from regbench.job import canonical
from regbench.store.jobs import job_ids, noted, without_notes
from regbench.store.models import (
    AdoptionRow,
    Base,
    BenchmarkJobRow,
    BenchmarkRow,
    ChoiceRow,
    DatasetRow,
    EnvironmentRow,
    JobRow,
)
from regbench.store.sheets import NOT_MOVED
from regbench.store.sql import insert_new, rows_in

Row = Mapping[str, Any]
GRID = "grid"  # a setting in the name of a benchmark whose bare name another grid has
PLACE = ("position", "row", "swept")


def _fuller(row: Row) -> Any:
    text = canonical(row)
    return len(text), text


def _earlier(row: Row) -> Any:
    return -row["made"], canonical(row)


RULES: Mapping[type[Base], tuple[tuple[str, ...], Callable[[Row], Any]]] = {  # key; which one stays: the larger
    DatasetRow: (("digest",), _fuller),
    EnvironmentRow: (("digest",), _fuller),
    JobRow: (("key",), _fuller),
    ChoiceRow: (("benchmark", "dataset", "variant", "k"), _earlier),
    AdoptionRow: (("old", "new"), _earlier),
}


def join(connection: Connection, table: type[Base], rows: Sequence[Row]) -> tuple[int, list[tuple[Row, Row]]]:
    """Add rows; the number of new ones, and (the one that stays, the other one) where two of one key differ."""
    if not rows:
        return 0, []
    key, rank = RULES[table]
    moved = [column for column in table.__table__.columns if column.name not in NOT_MOVED]
    first = getattr(table, key[0])
    stored = {
        tuple(row[name] for name in key): dict(row)
        for row in (
            found._mapping for found in rows_in(connection, select(*moved), first, {row[key[0]] for row in rows})
        )
    }
    new, unlike = [], []
    for row in rows:
        place = tuple(row[name] for name in key)
        mine = {column.name: row[column.name] for column in moved}
        here = stored.get(place)
        if here is None:
            new.append(row)
        elif rank(mine) > rank(here):
            same = and_(*(getattr(table, name) == row[name] for name in key))
            connection.execute(update(table).where(same).values(mine))
            unlike.append((mine, here))
        elif mine != here:
            unlike.append((here, mine))
    return insert_new(connection, table, new), unlike


def bare(name: str) -> str:
    """The name of a benchmark without the setting that tells grids of one name apart.

    >>> bare("smoke[epochs=3,grid=1f00]"), bare("smoke")
    ('smoke[epochs=3]', 'smoke')
    """
    try:
        part = variants.read_part(name)
    except WrongValueError:
        return name
    if GRID not in part.values():
        return name
    return variants.write(part.name, [(key, value) for key, value in part.settings if key != GRID])


def _with_grid(name: str, digest: str) -> str:
    try:
        part = variants.read_part(name)
    except WrongValueError:
        return f"{name} {digest}"
    return variants.write(part.name, [*part.settings, (GRID, digest)])


def grids(connection: Connection, name: str, rows: Sequence[Row]) -> tuple[int, dict[str, str], list[str]]:
    """Add the grids of one bare name: the number of new ones, old -> new names, and the names of all but the newest."""
    every = connection.execute(select(BenchmarkRow.__table__)).mappings()
    stored = {_digest(row["config"]): dict(row) for row in every if bare(row["name"]) == name}
    incoming = {_digest(row["config"]): row for row in rows}
    joined = {**incoming, **stored}
    for digest in stored.keys() & incoming.keys():
        joined[digest] = _joined(stored[digest], incoming[digest])
    newest = max(joined, key=lambda digest: (joined[digest]["last_run"], digest))
    named = {digest: name if digest == newest else _with_grid(name, digest) for digest in joined}
    moving = [digest for digest, row in stored.items() if row["name"] != named[digest]]
    for digest in moving:  # in two steps, for one may take the name of the other
        _rename(connection, stored[digest]["name"], f"{named[digest]} on its way")
    for digest in moving:
        _rename(connection, f"{named[digest]} on its way", named[digest])
    for digest in stored.keys() & incoming.keys():
        values = {column: joined[digest][column] for column in ("config", "created", "last_run")}
        connection.execute(update(BenchmarkRow).where(BenchmarkRow.name == named[digest]).values(values))
    new = [{**incoming[digest], "name": named[digest]} for digest in incoming.keys() - stored.keys()]
    of_incoming = {row["name"]: named[digest] for digest, row in incoming.items()}
    return insert_new(connection, BenchmarkRow, new), of_incoming, sorted({*named.values()} - {name})


def places(connection: Connection, benchmark: str, rows: Sequence[Row]) -> int:
    """Add the places of jobs (`job` is the key) in a benchmark; the number of new ones."""
    ids = job_ids(connection, {row["job"] for row in rows})
    query = select(BenchmarkJobRow.__table__).where(BenchmarkJobRow.benchmark == benchmark)
    found = rows_in(connection, query, BenchmarkJobRow.job_id, set(ids.values()))
    stored = {(row.job_id, row.variant): row._asdict() for row in found}
    new = []
    for row in rows:
        mine = {"benchmark": benchmark, "job_id": ids[row["job"]], "variant": row["variant"]}
        mine |= {name: row[name] for name in PLACE}
        here = stored.get((mine["job_id"], mine["variant"]))
        if here is None:
            new.append(mine)
        elif _of_place(mine) < _of_place(here):
            same = and_(
                BenchmarkJobRow.benchmark == benchmark,
                BenchmarkJobRow.job_id == mine["job_id"],
                BenchmarkJobRow.variant == mine["variant"],
            )
            connection.execute(update(BenchmarkJobRow).where(same).values({name: mine[name] for name in PLACE}))
    return insert_new(connection, BenchmarkJobRow, new)


def _of_place(row: Row) -> Any:
    return row["position"], canonical([row["row"], row["swept"]])


def _digest(config: Row) -> str:
    return hashlib.sha256(canonical(without_notes(dict(config))).encode()).hexdigest()[:12]


def _joined(one: Row, other: Row) -> dict[str, Any]:
    """Two rows of one grid: run first and last, and of each note the one that says more, because notes only grow."""
    notes: dict[str, Any] = {}
    for config in (one["config"], other["config"]):
        for key, value in noted(config).items():
            notes[key] = max(value, notes.get(key, value), key=lambda note: (len(canonical(note)), canonical(note)))
    return {
        "config": {**without_notes(one["config"]), **notes},
        "created": min(one["created"], other["created"]),
        "last_run": max(one["last_run"], other["last_run"]),
    }


def _rename(connection: Connection, old: str, new: str) -> None:
    row = connection.execute(select(BenchmarkRow.__table__).where(BenchmarkRow.name == old)).mappings().one()
    connection.execute(insert(BenchmarkRow), {**row, "name": new})
    for table in (BenchmarkJobRow, ChoiceRow):
        connection.execute(update(table).where(table.benchmark == old).values(benchmark=new))
    connection.execute(delete(BenchmarkRow).where(BenchmarkRow.name == old))
