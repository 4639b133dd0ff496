"""The tables. A job is what was asked for, a run is one execution of it; everything measured hangs off a run.

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
    """The ancestor of every table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {float: Double, str: Text, bytes: LargeBinary, Any: JSON}  # noqa: RUF012 - SQLAlchemy's own


class DatasetRow(Base):
    """A dataset as it was used, known by the digest of its canonical table."""

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
    """A named grid as it was last run."""

    __tablename__ = "benchmark"

    name: Mapped[str] = mapped_column(primary_key=True)
    config: Mapped[Any]
    created: Mapped[float]
    last_run: Mapped[float]


class JobRow(Base):
    """One cell of a grid and who works on it; the configuration says all, the other columns are for queries."""

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
    lease_token: Mapped[int] = mapped_column(default=0)  # one more each time the job changes hands


class BenchmarkJobRow(Base):
    """A job belongs to a benchmark; one job may belong to several, and to several rows of one."""

    __tablename__ = "benchmark_job"

    benchmark: Mapped[str] = mapped_column(ForeignKey("benchmark.name"), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True, index=True)
    variant: Mapped[str] = mapped_column(primary_key=True)  # how tables call it; with the swept values in a sweep
    row: Mapped[str]  # as the file writes it
    swept: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))  # values that a sweep gave it: field -> value
    position: Mapped[int]


class ChoiceRow(Base):
    """The values that a cell of a benchmark took from a sweep: made once, and replaced only when somebody asks."""

    __tablename__ = "choice"

    benchmark: Mapped[str] = mapped_column(ForeignKey("benchmark.name"), primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    variant: Mapped[str] = mapped_column(primary_key=True)
    k: Mapped[int] = mapped_column(primary_key=True)  # 0 where the method ignores k: a key has no NULL
    chosen: Mapped[Any]  # field -> value
    source: Mapped[str]  # the sweep
    carried_from_k: Mapped[int | None]  # where the sweep has another k only
    by: Mapped[str]  # "val/rmse"
    jobs: Mapped[Any]  # keys of all that were compared
    winner: Mapped[Any]  # keys of those that won, one a seed; none where all diverged
    metric: Mapped[float | None]  # of the winner, the mean over seeds
    default_metric: Mapped[float | None]  # of the row's default values, where they were among those tried
    tried: Mapped[int]  # configurations
    diverged: Mapped[int]
    on_edge: Mapped[Any]  # fields whose chosen value is the lowest or the highest of those tried
    made: Mapped[float]


class EnvironmentRow(Base):
    """Versions, machine, commit and flags that runs were made with."""

    __tablename__ = "environment"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(unique=True)
    config: Mapped[Any]


class RunRow(Base):
    """One execution of a job by one version of the code; `uuid` names it in every database."""

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
    pack: Mapped[str]  # runs trained at once share it: PackRow.id
    lease_token: Mapped[int]
    started: Mapped[float]
    finished: Mapped[float | None]
    seconds: Mapped[float | None]
    epochs: Mapped[int]  # the last one written
    diverged_at: Mapped[int | None]  # the first epoch with a number that is not finite
    failure_class: Mapped[str | None]
    error: Mapped[str | None]
    resumed: Mapped[Any | None] = mapped_column(JSON(none_as_null=True))  # each time it went on: epoch, exact, why


class PackRow(Base):
    """Jobs that were trained at once, in this order: a run goes on in the company it began in."""

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
    """One number of one epoch; NULL where it was not finite, for SQLite has no NaN."""

    __tablename__ = "metric"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012 - the key is the table: half the size

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)  # "val/rmse"; before the epoch, so that a curve lies together
    epoch: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[float | None]


class PredictionRow(Base):
    """What a run predicted for a split: zlib-compressed little-endian float32, (rows, targets)."""

    __tablename__ = "prediction"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int]
    rows: Mapped[int]
    targets: Mapped[int]
    data: Mapped[bytes]


class ParameterRow(Base):
    """A method's own parameter after the epoch whose predictions are kept: little-endian float64 of that shape."""

    __tablename__ = "parameter"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)  # "mu"
    epoch: Mapped[int]
    shape: Mapped[Any]
    data: Mapped[bytes]


class AdoptionRow(Base):
    """Two digests of code that were shown to compute the same, bit for bit."""

    __tablename__ = "adoption"

    old: Mapped[str] = mapped_column(primary_key=True)
    new: Mapped[str] = mapped_column(primary_key=True)
    old_commit: Mapped[str]  # whose code has the digest `old`
    evidence: Mapped[Any]  # the jobs that both trained, how many numbers agreed, machine and versions
    made: Mapped[float]
