"""Remove benchmarks and runs from a store, and rename benchmarks."""

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from regbench.errors import InfrastructureError, UsageError
from regbench.store.checkpoints import drop
from regbench.store.models import (
    Base,
    BenchmarkJobRow,
    BenchmarkRow,
    CheckpointRow,
    ChoiceRow,
    JobRow,
    MetricRow,
    ParameterRow,
    PredictionRow,
    RecordedRow,
    RunRow,
)
from regbench.store.sql import chunks, now, rows_in
from regbench.store.values import Removal

OF_A_RUN = (MetricRow, PredictionRow, ParameterRow, RecordedRow, CheckpointRow)  # they refer to a run


def remove_benchmark(connection: Connection, name: str, *, dry: bool) -> tuple[Removal, list[str]]:
    """Remove a benchmark, its choices, and the jobs that no other benchmark has, with their runs.

    Nothing is changed if `dry`. Also returns the checkpoint files that are no longer needed.
    """
    jobs = _own_jobs(connection, name)
    _check_idle(connection, jobs)
    runs = _of_jobs(connection, jobs)
    members = _count(connection, BenchmarkJobRow, benchmark=name)
    every = select(func.count(func.distinct(BenchmarkJobRow.job_id))).where(BenchmarkJobRow.benchmark == name)
    rows = {"job": len(jobs), **_counts(connection, runs), "choice": _count(connection, ChoiceRow, benchmark=name)}
    found = Removal(
        name,
        {table: count for table, count in {**rows, "benchmark_job": members}.items() if count},
        chosen_by=_chosen_by(connection, name),
        shared=connection.execute(every).scalar_one() - len(jobs),
    )
    if dry:
        return found, []
    for table in (BenchmarkJobRow, ChoiceRow):
        connection.execute(delete(table).where(table.benchmark == name))
    files = delete_runs(connection, runs)
    _delete(connection, JobRow, JobRow.id, jobs)
    connection.execute(delete(BenchmarkRow).where(BenchmarkRow.name == name))
    return found, files


def remove_runs(
    connection: Connection, runs: Collection[int], statuses: Collection[str], *, dry: bool
) -> tuple[Removal, list[str]]:
    """Remove those of these runs whose status is one of these by now, with all their numbers; their jobs stay.

    Nothing is changed if `dry`. Also returns the checkpoint files that are no longer needed.
    """
    here = select(RunRow.id).where(RunRow.status.in_(sorted(statuses)))
    found = [run for (run,) in rows_in(connection, here, RunRow.id, sorted(runs))]
    counted = Removal(None, _counts(connection, found))
    return counted, [] if dry else delete_runs(connection, found)


def rename(connection: Connection, old: str, new: str) -> int:
    """Rename a benchmark, also where others have taken values from it; returns the number of its jobs."""
    if connection.execute(select(BenchmarkRow.name).where(BenchmarkRow.name == new)).scalar() is not None:
        raise UsageError(f"there is a benchmark called '{new}' already; `regbench db rm '{new}'` removes it")
    row = connection.execute(select(BenchmarkRow.__table__).where(BenchmarkRow.name == old)).mappings().one()
    connection.execute(insert(BenchmarkRow), {**row, "name": new})
    for table in (BenchmarkJobRow, ChoiceRow):
        connection.execute(update(table).where(table.benchmark == old).values(benchmark=new))
    connection.execute(update(ChoiceRow).where(ChoiceRow.source == old).values(source=new))
    for name, config in connection.execute(select(BenchmarkRow.name, BenchmarkRow.config)).all():
        sources = _sources(config)
        if old in sources:
            renamed = [new if source == old else source for source in sources]
            changed = {**config, "choose": {**config["choose"], "from": renamed}}
            connection.execute(update(BenchmarkRow).where(BenchmarkRow.name == name).values(config=changed))
    connection.execute(delete(BenchmarkRow).where(BenchmarkRow.name == old))
    return _count(connection, BenchmarkJobRow, benchmark=new)


def _own_jobs(connection: Connection, name: str) -> list[int]:
    """The jobs that are in this benchmark and in no other."""
    elsewhere = select(BenchmarkJobRow.job_id).where(BenchmarkJobRow.benchmark != name)
    own = select(BenchmarkJobRow.job_id).where(
        BenchmarkJobRow.benchmark == name, BenchmarkJobRow.job_id.not_in(elsewhere)
    )
    return list(connection.execute(own.distinct().order_by(BenchmarkJobRow.job_id)).scalars())


def _check_idle(connection: Connection, jobs: Collection[int]) -> None:
    query = select(JobRow.id).where(JobRow.lease_until > now(connection))
    if busy := len(rows_in(connection, query, JobRow.id, jobs)):
        raise InfrastructureError(
            f"{busy:,} of its jobs {'is' if busy == 1 else 'are'} being trained; stop that `regbench run` first"
        )


def _of_jobs(connection: Connection, jobs: Collection[int]) -> list[int]:
    return [run for (run,) in rows_in(connection, select(RunRow.id), RunRow.job_id, jobs)]


def _chosen_by(connection: Connection, name: str) -> tuple[str, ...]:
    query = select(ChoiceRow.benchmark).where(ChoiceRow.source == name, ChoiceRow.benchmark != name)
    return tuple(connection.execute(query.distinct().order_by(ChoiceRow.benchmark)).scalars())


def _sources(config: Any) -> list[str]:
    """The sweeps that a benchmark with this configuration chooses from."""
    return list(config.get("choose", {}).get("from", ())) if isinstance(config, dict) else []


def _counts(connection: Connection, runs: Collection[int]) -> dict[str, int]:
    """The number of rows of these runs by table, without empty ones."""
    found = {"run": len(runs)}
    for table in OF_A_RUN:
        query = select(func.count()).select_from(table)
        some = (connection.execute(query.where(table.run_id.in_(part))).scalar_one() for part in chunks(runs))
        found[table.__tablename__] = sum(some)
    return {name: count for name, count in found.items() if count}


def _count(connection: Connection, table: type[BenchmarkJobRow] | type[ChoiceRow], *, benchmark: str) -> int:
    return connection.execute(select(func.count()).select_from(table).where(table.benchmark == benchmark)).scalar_one()


def delete_runs(connection: Connection, runs: Collection[int]) -> list[str]:
    """Delete runs and all their rows; returns the files of their checkpoints."""
    files = drop(connection, runs)
    for table in OF_A_RUN:
        _delete(connection, table, table.run_id, runs)
    _delete(connection, RunRow, RunRow.id, runs)
    return files


def _delete(connection: Connection, table: type[Base], column: Any, values: Iterable[int]) -> None:
    for some in chunks(list(values)):
        connection.execute(delete(table).where(column.in_(some)))
