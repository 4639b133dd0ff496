"""The values that go into a store and come out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from regbench.job import Job

TIMES = ("seconds", "stage1/seconds")  # numbers of an epoch that differ each time


class Member(NamedTuple):
    """A job's place in a benchmark."""

    job: Job
    variant: str  # the name in tables
    row: str = ""  # as in the benchmark file; empty: the same as `variant`
    swept: Mapping[str, Any] = MappingProxyType({})  # the values set by a sweep


@dataclass(frozen=True)
class Score:
    """The criterion for choices: a validation metric at the best epoch, None if no epoch was finite."""

    value: float | None
    diverged: bool


@dataclass(frozen=True)
class Choice:
    """The values that a cell (dataset, row, k) takes from a sweep, and why. `ChoiceRow` describes the fields."""

    dataset: str
    variant: str
    k: int | None
    values: Mapping[str, Any]
    source: str
    carried_from_k: int | None
    by: str
    jobs: tuple[str, ...]
    winner: tuple[str, ...]
    metric: float | None
    default_metric: float | None
    tried: int
    diverged: int
    on_edge: tuple[str, ...]

    @property
    def cell(self) -> tuple[str, str, int | None]:
        """The cell the choice is for: dataset, row, k."""
        return (self.dataset, self.variant, self.k)


@dataclass(frozen=True)
class Claim:
    """A leased job; once another worker takes the job over, writes with this token are refused."""

    run_id: int
    key: str
    token: int
    epoch: int = 0  # resume after this epoch; 0 for a new run
    pack: str = ""  # id of the pack it is trained in
    code: str = ""  # digest of the code that is to run it


@dataclass(frozen=True)
class EpochRows:
    """The numbers of one run in one epoch (counted from 1): `{"val/rmse": 0.02, "seconds": 1.3}`.

    arrays: what the run keeps of this epoch for figures, float32 of any shape, by name: `features`, `weight`.
    """

    run_id: int
    epoch: int
    values: Mapping[str, float]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after an epoch, as bytes in the format of `training.checkpoint`."""

    run_id: int
    epoch: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Resumable:
    """An interrupted run that can be resumed after `epoch`, in the pack it was trained in."""

    run_id: int
    epoch: int
    pack: str


@dataclass(frozen=True)
class Finished:
    """The end of a run that trained all its epochs, diverged or not.

    seconds: the part of the pack's wall time that is attributed to the run.
    epochs: number of epochs trained.
    diverged_at: the first epoch with a non-finite number.
    predictions: by split ("val", "test"), float32 (N, M) in scaled units, taken after `best_epoch`.
    parameters: of the method itself by name, float64, taken after `best_epoch`.
    errors: further metrics by name, of `best_epoch` alone.
    """

    run_id: int
    seconds: float
    epochs: int
    diverged_at: int | None = None
    predictions: Mapping[str, np.ndarray] = field(default_factory=dict)
    best_epoch: int | None = None
    parameters: Mapping[str, np.ndarray] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FinishedRun:
    """A finished run as stored: its environment, and its curves (epochs,) by metric, NaN where not finite.

    An export may hold only some epochs of a run; `numbers` says which epoch each value of a curve is of.
    """

    run_id: int
    environment: dict[str, Any]
    device: str
    exact: bool  # it was never resumed in another pack, version or machine
    curves: Mapping[str, np.ndarray]
    numbers: Mapping[str, np.ndarray]  # of epochs, as long as the curves
    epochs: int  # that it was trained for
    code: str  # the digest of the code that computed it
    commit: str | None  # of that code

    @property
    def values(self) -> dict[str, dict[int, float]]:
        """Every value by name and epoch, NaN where not finite."""
        return {
            name: dict(zip(self.numbers[name].tolist(), curve.tolist(), strict=True))
            for name, curve in self.curves.items()
        }


@dataclass(frozen=True)
class Trained:
    """A job and the digest of a code version that has finished it."""

    job: Job
    code: str


@dataclass(frozen=True)
class Execution:
    """A run as stored. `RunRow` describes the fields that are not described here.

    variant: the label of the job, with what a sweep chose for it.
    config: the job, as `Job.config` writes it.
    environment: versions, machine, commit and flags; empty if unknown.
    packed: number of jobs trained together with it, itself included; None if unknown, as in exports.
    resumed: for each resumption, its epoch, whether it was exact, and why.
    """

    run_id: int
    uuid: str
    key: str
    dataset: str
    digest: str
    method: str
    variant: str
    backbone: str
    k: int | None
    seed: int
    config: Mapping[str, Any]
    attempt: int
    status: str
    code_digest: str
    device: str
    started: float
    finished: float | None
    seconds: float | None
    epochs: int
    diverged_at: int | None
    failure_class: str | None
    error: str | None
    environment: Mapping[str, Any] = field(default_factory=dict, repr=False)
    packed: int | None = None
    resumed: tuple[Mapping[str, Any], ...] = ()

    @property
    def commit(self) -> str | None:
        """The commit of regbench's repository that the run was executed from; None if unknown."""
        return self.environment.get("commit")

    @property
    def dirty(self) -> bool:
        """Whether files of the package differed from that commit."""
        return bool(self.environment.get("dirty"))


@dataclass(frozen=True)
class StoredDataset:
    """A dataset as it was used. `DatasetRow` describes the fields."""

    digest: str
    name: str
    sizes: list[int]
    inputs: int | list[int]
    target_low: list[float]
    target_high: list[float]
    source: str | None
    licence: str | None


@dataclass(frozen=True)
class Removal:
    """What a removal takes away: the benchmark if it is one, and the number of rows by table.

    chosen_by: benchmarks that stay and have taken values from this one, a sweep.
    shared: jobs of the benchmark that stay, because another benchmark has them too.
    """

    benchmark: str | None
    rows: Mapping[str, int]
    chosen_by: tuple[str, ...] = ()
    shared: int = 0


@dataclass(frozen=True)
class Adoption:
    """Code with digest `old`, from `commit`, computes the same as code with digest `new`; evidence: plain data."""

    old: str
    new: str
    commit: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A failed job, with the class and message of its error."""

    key: str
    label: str
    failure_class: str
    error: str


@dataclass(frozen=True)
class Standing:
    """The progress of a benchmark on one dataset; jobs = done + running + failed + blocked + pending.

    `unchosen` of the pending jobs wait for a choice from the sweeps `waits_for`: their values are not known yet.
    The workers of `silent` of the running jobs have let their lease run out: they hang, or are dead.
    """

    benchmark: str
    dataset: str
    jobs: int
    done: int
    running: int
    failed: int
    blocked: int
    pending: int
    epochs_done: int  # of done and running jobs
    epochs_total: int
    unchosen: int = 0
    waits_for: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    blocked_by: tuple[str, ...] = ()
    silent: int = 0


@dataclass(frozen=True)
class RunningPack:
    """Jobs that one worker trains together at this moment.

    rows: the names in tables of its jobs, each once.
    owner: the worker, as `store.owners` names it.
    silent: whether its lease has run out: the worker hangs, or is dead.
    epoch: the last one stored of every job, of `epochs`.
    epochs_left: over all jobs.
    curve: epochs and the median over jobs of `metric`, which decides the epoch that counts; at most some 24 epochs.
    seconds_per_epoch: of one job, its part of the pack's time, over the last epochs; None before the first one.
    """

    name: str
    benchmark: str
    dataset: str
    rows: tuple[str, ...]
    jobs: int
    owner: str
    device: str
    silent: bool
    epoch: int
    epochs: int
    epochs_left: int
    metric: str
    curve: tuple[tuple[int, float | None], ...]
    seconds_per_epoch: float | None


@dataclass(frozen=True)
class Snapshot:
    """What is trained at one moment, and how far its benchmarks are.

    pace: seconds per epoch of one job by dataset, of finished runs on the devices in use.
    moment: seconds since 1970, by the clock of the server if there is one.
    """

    standings: tuple[Standing, ...]
    packs: tuple[RunningPack, ...]
    pace: Mapping[str, float]
    moment: float
