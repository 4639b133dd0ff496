"""Runs as they were executed: the job, how it ended, the code, the environment and the device of each."""

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Select, select

from regbench.store.models import BenchmarkJobRow, DatasetRow, EnvironmentRow, JobRow, PackRow, RunRow
from regbench.store.sql import rows_in
from regbench.store.values import Execution, StoredDataset

if TYPE_CHECKING:
    import pandas as pd

JOB = ("key", "dataset", "digest", "method", "variant", "backbone", "k", "seed", "config")
RUN = ("id", "uuid", "attempt", "status", "code_digest", "device", "pack", "started", "finished", "seconds", "epochs")
RUN += ("diverged_at", "failure_class", "error", "resumed")
COLUMNS = ("uuid", "started", "finished", "dataset", "method", "variant", "k", "seed", "backbone", "status", "attempt")
COLUMNS += ("epochs", "seconds", "diverged_at", "failure_class", "error", "commit", "dirty", "code_digest", "device")
COLUMNS += ("packed", "key", "digest")


def executions(
    connection: Connection,
    benchmark: str | None = None,
    *,
    jobs: Collection[str] | None = None,
    status: str | None = None,
) -> list[Execution]:
    """Every run, newest first: of a benchmark, of jobs (their keys), or with a status."""
    environments = dict(connection.execute(select(EnvironmentRow.id, EnvironmentRow.config)).all())
    query = _query(benchmark, status)
    rows = connection.execute(query) if jobs is None else rows_in(connection, query, JobRow.key, jobs)
    together = dict(connection.execute(select(PackRow.id, PackRow.jobs)).all())
    found = list(_made((row._mapping for row in rows), environments, together))
    return sorted(found, key=lambda run: (run.started, run.run_id), reverse=True)


def frame(connection: Connection, benchmark: str | None, status: str | None) -> "pd.DataFrame":
    """The runs of `executions` as a frame; `Store.runs` describes it."""
    import pandas as pd

    within: dict[str, list[str]] = {}
    members = select(JobRow.key, BenchmarkJobRow.benchmark).join(JobRow, JobRow.id == BenchmarkJobRow.job_id)
    for key, name in connection.execute(members.distinct().order_by(BenchmarkJobRow.benchmark)):
        within.setdefault(key, []).append(name)
    rows = [
        {
            **{name: getattr(run, name) for name in COLUMNS},
            "benchmarks": within.get(run.key, []),
            "host": run.environment.get("host"),
            "resumed": len(run.resumed),
        }
        for run in executions(connection, benchmark, status=status)
    ]
    whole = dict.fromkeys(("k", "diverged_at", "packed"), "Int64")
    made = pd.DataFrame(rows, columns=[*COLUMNS, "benchmarks", "host", "resumed"]).astype(whole)
    for name in ("started", "finished"):
        made[name] = pd.to_datetime(made[name].astype("float64"), unit="s", utc=True)
    return made


def _query(benchmark: str | None, status: str | None) -> Select:
    columns = [getattr(JobRow, name) for name in JOB] + [getattr(RunRow, name) for name in RUN if name != "id"]
    query = select(*columns, RunRow.id.label("run_id"), RunRow.environment_id).join(JobRow, JobRow.id == RunRow.job_id)
    if benchmark is not None:
        inside = select(BenchmarkJobRow.job_id).where(BenchmarkJobRow.benchmark == benchmark)
        query = query.where(RunRow.job_id.in_(inside))
    return query if status is None else query.where(RunRow.status == status)


def _made(
    rows: Iterator[Mapping[Any, Any]], environments: Mapping[int, Any], together: Mapping[str, Any]
) -> Iterator[Execution]:
    for row in rows:
        known = {str(name): value for name, value in row.items()}
        environment = environments.get(known.pop("environment_id"), {})
        packed = len(together.get(known.pop("pack"), ())) or None
        resumed = tuple(known.pop("resumed") or ())
        yield Execution(**known, environment=environment, packed=packed, resumed=resumed)


def dataset(connection: Connection, digest: str) -> StoredDataset | None:
    """The dataset with this digest as it was used; None if it is not stored."""
    row = connection.execute(select(DatasetRow.__table__).where(DatasetRow.digest == digest)).mappings().one_or_none()
    return None if row is None else StoredDataset(**row)


def configs(connection: Connection, keys: Collection[str]) -> dict[str, Any]:
    """The configuration of stored jobs, by key."""
    return dict(rows_in(connection, select(JobRow.key, JobRow.config), JobRow.key, keys))
