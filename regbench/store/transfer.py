"""Results as Parquet files, out and in: lossless, across databases, and as often as one likes.

Numbers of rows mean nothing elsewhere, so the files speak of keys: a job by its key, a run by its uuid, an environment
and a dataset by their digests. What a database already has stays as it is. Runs still going on are left for next time.
"""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select

from regbench.job import canonical
from regbench.store.frames import known_benchmark
from regbench.store.jobs import link
from regbench.store.models import (
    Base,
    BenchmarkJobRow,
    BenchmarkRow,
    DatasetRow,
    EnvironmentRow,
    JobRow,
    MetricRow,
    ParameterRow,
    PredictionRow,
    RunRow,
)
from regbench.store.parquet import Sheet, write
from regbench.store.sql import insert_new, rows_in
from regbench.store.store import Store
from regbench.store.trouble import reachable

NOT_MOVED = {"id", "run_id", "job_id", "environment_id", "lease_owner", "lease_until", "lease_token", "blocked"}


@dataclass(frozen=True)
class Moved:
    """How many rows of each kind were written or were new, and a line for each thing that was left alone."""

    rows: Mapping[str, int]
    left_alone: tuple[str, ...] = ()


def export(store: Store, folder: str | Path, benchmark: str | None = None) -> Moved:
    """Write a benchmark, or everything, into `folder`: jobs.parquet, runs.parquet, metrics.parquet, ..."""
    target = Path(folder)
    blamed = reachable(f"folder {target}", remedy="free some space there, or give another folder")
    with blamed, store.reading() as connection:
        if benchmark is not None:
            known_benchmark(connection, benchmark)
        target.mkdir(parents=True, exist_ok=True)
        queries = _queries(benchmark)
        return Moved({name: write(connection, query, target / f"{name}.parquet") for name, query in queries.items()})


def import_(store: Store, folder: str | Path) -> Moved:
    """Add what `export` wrote and this store does not have: all of it or, after an error, nothing."""
    source = Path(folder)
    with contextlib.ExitStack() as opened, store.writing() as connection:
        sheets = {name: opened.enter_context(Sheet(source / f"{name}.parquet")) for name in TABLES if name not in SINCE}
        version = sheets["runs"].version
        for name, since in SINCE.items():
            if version >= since:
                sheets[name] = opened.enter_context(Sheet(source / f"{name}.parquet"))
        before = _counts(connection)
        left_alone = _import_grid(connection, sheets)
        numbers = _import_runs(connection, sheets)
        for name, table in (("metrics", MetricRow), ("predictions", PredictionRow), ("parameters", ParameterRow)):
            for batch in sheets[name].batches() if name in sheets else ():
                rows = [{**row, "run_id": numbers[row.pop("run")]} for row in batch if row["run"] in numbers]
                insert_new(connection, table, rows)
        after = _counts(connection)
    return Moved({name: after[name] - before[name] for name in before}, tuple(left_alone))


def _queries(benchmark: str | None) -> dict[str, Select]:
    """What each file holds, in the order in which it can be read back."""
    jobs = select(BenchmarkJobRow.job_id)
    jobs = jobs.where(BenchmarkJobRow.benchmark == benchmark) if benchmark else select(JobRow.id)
    named = BenchmarkRow.name == benchmark if benchmark else BenchmarkRow.name.is_not(None)
    ended = select(RunRow.id).where(RunRow.job_id.in_(jobs), RunRow.status != "running")
    digests = select(JobRow.digest).where(JobRow.id.in_(jobs))
    used = select(RunRow.environment_id).where(RunRow.id.in_(ended))
    of_run = RunRow.uuid.label("run")
    return {
        "datasets": _plain(DatasetRow).where(DatasetRow.digest.in_(digests)).order_by(DatasetRow.digest)
        if benchmark
        else _plain(DatasetRow).order_by(DatasetRow.digest),
        "environments": _plain(EnvironmentRow).where(EnvironmentRow.id.in_(used)).order_by(EnvironmentRow.digest),
        "jobs": _plain(JobRow).where(JobRow.id.in_(jobs)).order_by(JobRow.id),
        "benchmarks": _plain(BenchmarkRow).where(named).order_by(BenchmarkRow.name),
        "benchmark_jobs": _plain(BenchmarkJobRow, JobRow.key.label("job"))
        .join(JobRow, JobRow.id == BenchmarkJobRow.job_id)
        .join(BenchmarkRow, BenchmarkRow.name == BenchmarkJobRow.benchmark)
        .where(named)
        .order_by(BenchmarkJobRow.benchmark, BenchmarkJobRow.position),
        "runs": _plain(RunRow, JobRow.key.label("job"), EnvironmentRow.digest.label("environment"))
        .join(JobRow, JobRow.id == RunRow.job_id)
        .join(EnvironmentRow, EnvironmentRow.id == RunRow.environment_id)
        .where(RunRow.id.in_(ended))
        .order_by(RunRow.id),
        "metrics": _plain(MetricRow, of_run)
        .join(RunRow, RunRow.id == MetricRow.run_id)
        .where(RunRow.id.in_(ended))
        .order_by(MetricRow.run_id, MetricRow.name, MetricRow.epoch),
        "predictions": _plain(PredictionRow, of_run)
        .join(RunRow, RunRow.id == PredictionRow.run_id)
        .where(RunRow.id.in_(ended))
        .order_by(PredictionRow.run_id, PredictionRow.split),
        "parameters": _plain(ParameterRow, of_run)
        .join(RunRow, RunRow.id == ParameterRow.run_id)
        .where(RunRow.id.in_(ended))
        .order_by(ParameterRow.run_id, ParameterRow.name),
    }


TABLES: dict[str, type[Base]] = {
    "datasets": DatasetRow,
    "environments": EnvironmentRow,
    "jobs": JobRow,
    "benchmarks": BenchmarkRow,
    "benchmark_jobs": BenchmarkJobRow,
    "runs": RunRow,
    "metrics": MetricRow,
    "predictions": PredictionRow,
    "parameters": ParameterRow,
}
SINCE = {"parameters": "0003"}  # the version of the tables from which on an export has the file


def _plain(table: type[Base], *keys: Any) -> Select:
    """A table's columns but for numbers of rows and leases, after the keys that stand for these."""
    return select(*keys, *[column for column in table.__table__.columns if column.name not in NOT_MOVED])


def _import_grid(connection: Connection, sheets: Mapping[str, Sheet]) -> list[str]:
    """Datasets, environments, jobs and benchmarks; gives the benchmarks that are another grid here."""
    insert_new(connection, DatasetRow, sheets["datasets"].rows())
    insert_new(connection, EnvironmentRow, sheets["environments"].rows())
    insert_new(connection, JobRow, [{**row, "lease_token": 0} for row in sheets["jobs"].rows()])
    benchmarks = sheets["benchmarks"].rows()
    insert_new(connection, BenchmarkRow, benchmarks)
    ours = _pairs(connection, BenchmarkRow.name, BenchmarkRow.config)
    other = [row["name"] for row in benchmarks if canonical(ours[row["name"]]) != canonical(row["config"])]
    keys: dict[str, list[str]] = {}
    for row in sheets["benchmark_jobs"].rows():
        keys.setdefault(row["benchmark"], []).append(row["job"])
    for name, each in keys.items():
        if name not in other:
            link(connection, name, each)
    return [f"benchmark {name}: another grid of that name is here and stays; the runs were added" for name in other]


def _import_runs(connection: Connection, sheets: Mapping[str, Sheet]) -> dict[str, int]:
    """The runs that are new here: uuid -> number."""
    runs = sheets["runs"].rows()
    uuids = [row["uuid"] for row in runs]
    known = {uuid for (uuid,) in rows_in(connection, select(RunRow.uuid), RunRow.uuid, uuids)}
    keys = {row["job"] for row in runs}
    jobs = dict(rows_in(connection, select(JobRow.key, JobRow.id), JobRow.key, keys))
    environments = _pairs(connection, EnvironmentRow.digest, EnvironmentRow.id)
    new = [
        {
            **row,
            "job_id": jobs[row.pop("job")],
            "environment_id": environments[row.pop("environment")],
            "lease_token": 0,
        }
        for row in runs
        if row["uuid"] not in known
    ]
    if new:
        connection.execute(insert(RunRow), new)
    return dict(rows_in(connection, select(RunRow.uuid, RunRow.id), RunRow.uuid, set(uuids) - known))


def _pairs(connection: Connection, key: Any, value: Any) -> dict[str, Any]:
    """Two columns of a small table as a dictionary."""
    return {row[0]: row[1] for row in connection.execute(select(key, value))}


def _counts(connection: Connection) -> dict[str, int]:
    return {
        name: connection.execute(select(func.count()).select_from(table)).scalar_one() for name, table in TABLES.items()
    }
