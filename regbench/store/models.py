"""The database tables. A job is what was requested, a run is one execution of it; all measurements belong to a run.

Times are seconds since 1970 in UTC: the same number in SQLite, PostgreSQL and Parquet.
"""

from typing import Any

from sqlalchemy import JSON, Double, ForeignKey, Index, LargeBinary, MetaData, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMES = {  # constraints need names before a migration can change them
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """The base class of all tables."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {float: Double, str: Text, bytes: LargeBinary, Any: JSON}  # noqa: RUF012 - SQLAlchemy's own


class DatasetRow(Base):
    """A dataset as it was used, identified by the digest of its canonical table."""

    __tablename__ = "dataset"

    digest: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    sizes: Mapped[Any]  # rows for training, validation and test
    inputs: Mapped[Any]  # a number of columns, or a shape
    target_low: Mapped[Any]  # of the training targets, per dimension: scaled = (y - low) / (high - low)
    target_high: Mapped[Any]
    source: Mapped[str | None]
    licence: Mapped[str | None]


class BenchmarkRow(Base):
    """A named grid with the configuration of its last run."""

    __tablename__ = "benchmark"

    name: Mapped[str] = mapped_column(primary_key=True)
    config: Mapped[Any]
    created: Mapped[float]
    last_run: Mapped[float]


class JobRow(Base):
    """One cell of a grid and its lease; `config` is complete, the other columns are for queries."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(unique=True)
    config: Mapped[Any]
    dataset: Mapped[str]
    digest: Mapped[str]
    method: Mapped[str]
    variant: Mapped[str]  # "soft_binning[lambda_sigma=1]"
    backbone: Mapped[str]
    k: Mapped[int | None]
    seed: Mapped[int]
    epochs: Mapped[int]
    protocol: Mapped[str]  # digest of how it is trained
    blocked: Mapped[str | None]  # why it cannot run
    lease_owner: Mapped[str | None]
    lease_until: Mapped[float | None]  # past this, anyone may take the job over
    lease_token: Mapped[int] = mapped_column(default=0)  # incremented by every claim


class BenchmarkJobRow(Base):
    """Membership of a job in a benchmark; a job may be in several benchmarks, and in several rows of one."""

    __tablename__ = "benchmark_job"

    benchmark: Mapped[str] = mapped_column(ForeignKey("benchmark.name"), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True, index=True)
    variant: Mapped[str] = mapped_column(primary_key=True)  # the name in tables; includes the swept values in a sweep
    row: Mapped[str]  # as in the benchmark file
    swept: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))  # the values set by a sweep: field -> value
    position: Mapped[int]


class ChoiceRow(Base):
    """The values that a cell of a benchmark takes from a sweep: chosen once, and replaced only on request."""

    __tablename__ = "choice"

    benchmark: Mapped[str] = mapped_column(ForeignKey("benchmark.name"), primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    variant: Mapped[str] = mapped_column(primary_key=True)
    k: Mapped[int] = mapped_column(primary_key=True)  # 0 where the method ignores k: a key has no NULL
    chosen: Mapped[Any]  # field -> value
    source: Mapped[str]  # the sweep
    carried_from_k: Mapped[int | None]  # the k of the sweep, if it lacks the cell's k
    by: Mapped[str]  # "val/rmse"
    jobs: Mapped[Any]  # keys of all jobs compared
    winner: Mapped[Any]  # keys of the winning jobs, one per seed; empty if all diverged
    metric: Mapped[float | None]  # of the winner, the mean over seeds
    default_metric: Mapped[float | None]  # of the row's default values, if they were tried
    tried: Mapped[int]  # configurations
    diverged: Mapped[int]
    on_edge: Mapped[Any]  # fields whose chosen value is the lowest or highest one tried
    made: Mapped[float]


class EnvironmentRow(Base):
    """Versions, machine, commit and flags of runs."""

    __tablename__ = "environment"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    config: Mapped[Any]


class RunRow(Base):
    """One execution of a job by one version of the code; `uuid` identifies it in every database."""

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_job_id_status", "job_id", "status"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str] = mapped_column(unique=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    attempt: Mapped[int]
    status: Mapped[str]  # running, finished, failed, interrupted
    code_digest: Mapped[str]
    environment_id: Mapped[int] = mapped_column(ForeignKey("environment.id"), index=True)
    device: Mapped[str]
    pack: Mapped[str]  # PackRow.id; the same for runs trained together
    lease_token: Mapped[int]
    started: Mapped[float]
    finished: Mapped[float | None]
    seconds: Mapped[float | None]
    epochs: Mapped[int]  # the last one written
    diverged_at: Mapped[int | None]  # the first epoch with a non-finite number
    failure_class: Mapped[str | None]
    error: Mapped[str | None]
    resumed: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))  # for each resumption: epoch, exact, why


class PackRow(Base):
    """Jobs trained together, in this order; an interrupted run is resumed in the same pack."""

    __tablename__ = "pack"

    id: Mapped[str] = mapped_column(primary_key=True)
    jobs: Mapped[Any]  # their keys


class CheckpointRow(Base):
    """The state of an unfinished run after `epoch`, the last one whose numbers are stored."""

    __tablename__ = "checkpoint"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    epoch: Mapped[int]
    data: Mapped[bytes | None]
    file: Mapped[str | None]  # name of the file that holds it instead
    digest: Mapped[str]  # sha256 of the bytes


class MetricRow(Base):
    """One number of one epoch; NULL if it is not finite, because SQLite has no NaN."""

    __tablename__ = "metric"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - rows stored in the key's index: half the size

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(
        primary_key=True
    )  # "val/rmse"; before the epoch in the key, so that a curve is contiguous
    epoch: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float | None]


class PredictionRow(Base):
    """The predictions of a run for a split: zlib-compressed little-endian float32, (rows, targets)."""

    __tablename__ = "prediction"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    rows: Mapped[int]
    targets: Mapped[int]
    data: Mapped[bytes]


class ParameterRow(Base):
    """A parameter of the method after the epoch whose predictions are kept: little-endian float64 of shape `shape`."""

    __tablename__ = "parameter"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)  # "mu"
    epoch: Mapped[int]
    shape: Mapped[Any]
    data: Mapped[bytes]


class RecordedRow(Base):
    """An array that a run recorded for figures after an epoch: zlib-compressed little-endian float32 of `shape`."""

    __tablename__ = "recorded"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)  # "features"
    shape: Mapped[Any]
    data: Mapped[bytes]


class AdoptionRow(Base):
    """Two digests of code that were shown to compute the same, bit for bit."""

    __tablename__ = "adoption"

    old: Mapped[str] = mapped_column(primary_key=True)
    new: Mapped[str] = mapped_column(primary_key=True)
    old_commit: Mapped[str]  # the commit whose code has the digest `old`
    evidence: Mapped[Any]  # jobs trained with both, count of equal numbers, machine and versions
    made: Mapped[float]
