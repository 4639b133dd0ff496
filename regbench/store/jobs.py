"""Datasets, benchmarks and their jobs, and which jobs are done or failed."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from regbench import variants
from regbench.job import Job, canonical, stated
from regbench.store.adoptions import Codes
from regbench.store.models import BenchmarkJobRow, BenchmarkRow, DatasetRow, EnvironmentRow, JobRow, RunRow
from regbench.store.sql import insert_new, now, rows_in
from regbench.store.values import Member

NOTES = ("sequential",)  # of a stored configuration: what was noted on its runs, and is not part of the grid


def add_dataset(connection: Connection, **columns: Any) -> None:
    """Store a dataset; one with the same digest is left unchanged."""
    insert_new(connection, DatasetRow, [columns])


def add_benchmark(connection: Connection, name: str, config: Mapping[str, Any], members: Sequence[Member]) -> None:
    """Add jobs to a benchmark; if its configuration has changed, its previous list of jobs is dropped first.

    What `note` added to the configuration stays.
    """
    stored_ids = job_ids(connection, [member.job.key for member in members])
    insert_new(connection, JobRow, _rows([member.job for member in members if member.job.key not in stored_ids]))
    moment = now(connection)
    stored = connection.execute(select(BenchmarkRow.config).where(BenchmarkRow.name == name)).scalar()
    config = {**config, **noted(stored or {})}
    if stored is None:
        row = {"name": name, "config": dict(config), "created": moment, "last_run": moment}
        connection.execute(insert(BenchmarkRow), row)
    else:
        changed = update(BenchmarkRow).where(BenchmarkRow.name == name)
        connection.execute(changed.values(config=dict(config), last_run=moment))
    if stored is not None and canonical(stored) != canonical(config):
        connection.execute(delete(BenchmarkJobRow).where(BenchmarkJobRow.benchmark == name))
    places = [
        {
            "job": member.job.key,
            "variant": member.variant,
            "row": member.row or member.variant,
            "swept": dict(member.swept) or None,
        }
        for member in members
    ]
    link(connection, name, places)


def note(connection: Connection, benchmark: str, key: str, value: Any) -> None:
    """Add to the configuration of a stored benchmark what its runs are about; its jobs are left unchanged."""
    assert key in NOTES, f"{key} would be lost by the next run of the benchmark"
    changed = {**config(connection, benchmark), key: value}
    connection.execute(update(BenchmarkRow).where(BenchmarkRow.name == benchmark).values(config=changed))


def noted(config: Mapping[str, Any]) -> dict[str, Any]:
    """What `note` added to a configuration."""
    return {key: config[key] for key in NOTES if key in config}


def without_notes(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration as the benchmark was run with."""
    return {key: value for key, value in config.items() if key not in NOTES}


def config(connection: Connection, benchmark: str) -> dict[str, Any]:
    """The stored configuration of a benchmark; empty if it is unknown."""
    return connection.execute(select(BenchmarkRow.config).where(BenchmarkRow.name == benchmark)).scalar() or {}


def link(connection: Connection, benchmark: str, places: Sequence[Mapping[str, Any]]) -> int:
    """Append stored jobs to a benchmark, unless they are in it, and return the number of new places.

    `job` of a place is the job's key.
    """
    ids = job_ids(connection, [place["job"] for place in places])
    last = select(func.max(BenchmarkJobRow.position)).where(BenchmarkJobRow.benchmark == benchmark)
    start = (connection.execute(last).scalar() or 0) + 1
    rows = [
        {
            "benchmark": benchmark,
            "job_id": ids[place["job"]],
            "position": start + position,
            **{name: place[name] for name in ("variant", "row", "swept")},
        }
        for position, place in enumerate(places)
    ]
    return insert_new(connection, BenchmarkJobRow, rows)


def job_ids(connection: Connection, keys: Collection[str]) -> dict[str, int]:
    """The database id of each stored job, by key."""
    return dict(rows_in(connection, select(JobRow.key, JobRow.id), JobRow.key, keys))


def target_ranges(connection: Connection) -> dict[str, tuple[list[float], list[float]]]:
    """Lowest and highest training target (M,), by digest of the dataset."""
    rows = connection.execute(select(DatasetRow.digest, DatasetRow.target_low, DatasetRow.target_high))
    return {digest: (low, high) for digest, low, high in rows}


def dataset_sources(connection: Connection) -> dict[str, str]:
    """The source of each dataset, by name."""
    rows = connection.execute(select(DatasetRow.name, DatasetRow.source).where(DatasetRow.source.is_not(None)))
    return {name: source for name, source in rows if source is not None}


def done(connection: Connection, code: Mapping[str, str]) -> set[str]:
    """The keys of the jobs that have a finished run of the wanted code."""
    runs = select(JobRow.key, RunRow.code_digest).join(RunRow, RunRow.job_id == JobRow.id)
    rows = rows_in(connection, runs.where(RunRow.status == "finished"), JobRow.key, code)
    codes = Codes.of(connection)
    return {key for key, digest in rows if codes.same(code[key], digest)}


def outgrown(connection: Connection, code: Mapping[str, str]) -> dict[str, str | None]:
    """The jobs that only other code has finished, with the commit of the newest such run (None if unknown)."""
    query = (
        select(JobRow.key, RunRow.code_digest, EnvironmentRow.config)
        .join(RunRow, RunRow.job_id == JobRow.id)
        .join(EnvironmentRow, EnvironmentRow.id == RunRow.environment_id)
        .where(RunRow.status == "finished")
        .order_by(RunRow.finished, RunRow.id)
    )
    rows = list(rows_in(connection, query, JobRow.key, code))
    codes = Codes.of(connection)
    current = {row.key for row in rows if codes.same(code[row.key], row.code_digest)}
    return {row.key: row.config.get("commit") for row in rows if row.key not in current}


def failed(connection: Connection, code: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Failure class and message of the jobs whose last run of the wanted code failed; ignores interrupted runs."""
    columns = (JobRow.key, RunRow.code_digest, RunRow.status, RunRow.failure_class, RunRow.error)
    query = select(*columns).join(RunRow, RunRow.job_id == JobRow.id).order_by(RunRow.started, RunRow.uuid)
    ended = query.where(RunRow.status.in_(["finished", "failed"]))
    codes = Codes.of(connection)
    ours = (run for run in rows_in(connection, ended, JobRow.key, code) if codes.same(code[run.key], run.code_digest))
    last = {run.key: run for run in ours}
    return {key: (run.failure_class or "", run.error or "") for key, run in last.items() if run.status == "failed"}


def block(connection: Connection, reasons: Mapping[str, str]) -> None:
    """Store the reason why all jobs of these datasets or methods cannot run; claiming a job removes the reason."""
    for name, reason in reasons.items():
        theirs = or_(JobRow.dataset == name, JobRow.method == name)
        connection.execute(update(JobRow).where(theirs).values(blocked=reason))


def _rows(jobs: Sequence[Job]) -> list[dict[str, Any]]:
    protocols = {protocol: short_digest(stated(protocol)) for protocol in {job.protocol for job in jobs}}
    return [
        {
            "key": job.key,
            "config": job.config(),
            "dataset": job.dataset,
            "digest": job.digest,
            "method": job.method,
            "variant": variants.of_job(job),
            "backbone": job.backbone,
            "k": job.k,
            "seed": job.seed,
            "epochs": job.protocol.epochs,
            "protocol": protocols[job.protocol],
            "lease_token": 0,
        }
        for job in jobs
    ]


def short_digest(data: object) -> str:
    """A digest of plain data, 16 hexadecimal digits."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()[:16]
