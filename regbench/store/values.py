"""What goes into a store and comes out of it, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from regbench.job import Job


class Member(NamedTuple):
    """A job's place in a benchmark."""

    job: Job
    variant: str  # how tables call it
    row: str = ""  # as the file writes it; the same where nothing is swept
    swept: Mapping[str, Any] = MappingProxyType({})  # values that a sweep gave it


@dataclass(frozen=True)
class Score:
    """What decides between configurations: a validation metric at the best epoch, None where no epoch was finite."""

    value: float | None
    diverged: bool


@dataclass(frozen=True)
class Choice:
    """The values that a cell (dataset, row, k) took from a sweep, and why. `ChoiceRow` says what the fields are."""

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
        """What the choice is for."""
        return (self.dataset, self.variant, self.k)


@dataclass(frozen=True)
class Claim:
    """A job that is ours to run; the token fences us off once somebody else has taken the job over."""

    run_id: int
    key: str
    token: int
    epoch: int = 0  # the run goes on after this one; 0 for a new run
    pack: str = ""  # the pack it was trained in so far


@dataclass(frozen=True)
class EpochRows:
    """What was measured of one run in one epoch (counted from 1): `{"val/rmse": 0.02, "seconds": 1.3}`."""

    run_id: int
    epoch: int
    values: Mapping[str, float]


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after an epoch, as bytes that mean something to the trainer alone."""

    run_id: int
    epoch: int
    data: bytes = field(repr=False)


@dataclass(frozen=True)
class Resumable:
    """A run that was interrupted and can go on after `epoch`, in the pack it was trained in."""

    run_id: int
    epoch: int
    pack: str


@dataclass(frozen=True)
class Finished:
    """The end of a run that trained all its epochs, diverged or not.

    seconds: the run's own share of the wall time.
    epochs: how many it trained.
    diverged_at: the first epoch with a number that is not finite.
    predictions: by split ("val", "test"), float32 (N, M) in scaled units, taken after `best_epoch`.
    parameters: of the method itself by name, float64, taken after `best_epoch`.
    """

    run_id: int
    seconds: float
    epochs: int
    diverged_at: int | None = None
    predictions: Mapping[str, np.ndarray] = field(default_factory=dict)
    best_epoch: int | None = None
    parameters: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class FinishedRun:
    """A finished run as it is stored: where it was made, and its curves (epochs,) by metric, NaN where not finite."""

    run_id: int
    environment: dict[str, Any]
    device: str
    exact: bool  # all epochs are here, and no resumption was in another pack, on another machine or version
    curves: Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Trained:
    """A job that a version of the code has finished."""

    job: Job
    code: str


@dataclass(frozen=True)
class Adoption:
    """Code of digest `old`, of a commit, computes what code of digest `new` does; the evidence is plain data."""

    old: str
    new: str
    commit: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A job that failed, and what it said."""

    key: str
    label: str
    failure_class: str
    error: str


@dataclass(frozen=True)
class Standing:
    """How far a benchmark is on one dataset; jobs = done + running + failed + blocked + pending.

    `unchosen` of the pending ones wait for a choice from the sweeps `waits_for`: their values are not known yet.
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
