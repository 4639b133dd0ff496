"""Events of a campaign other than those of the training (see `regbench.runner`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regbench.runner import Event, Plan, Summary

if TYPE_CHECKING:
    from regbench.analysis import Comparison


@dataclass(frozen=True)
class Fetching(Event):
    """A missing dataset is being fetched."""

    dataset: str


@dataclass(frozen=True)
class Blocked(Event):
    """Jobs cannot run because a dataset is unavailable or a library is not installed."""

    name: str  # of the dataset, or of the baseline that needs the library
    why: str


@dataclass(frozen=True)
class RoundPlanned(Event):
    """The next round of a benchmark with sweeps was planned."""

    plan: Plan


@dataclass(frozen=True)
class TrainingStarted(Event):
    """The training of a plan starts; it may have no packs."""

    plan: Plan


@dataclass(frozen=True)
class TrainingEnded(Event):
    """The training of a plan has ended."""

    plan: Plan
    summary: Summary


@dataclass(frozen=True)
class TrainingForClaims(Event):
    """Some of the cells that open claims wait for are trained now."""

    claims: int
    waiting: int  # cells
    cells: int  # trained now
    plan: Plan


@dataclass(frozen=True)
class NothingForClaims(Event):
    """No training would settle the open claims, or none fits the time."""

    claims: int
    why: str


@dataclass(frozen=True)
class PairsChosen(Event):
    """Further seeds of two methods are trained now: their number by dataset."""

    pairs: Mapping[str, int]


@dataclass(frozen=True)
class LookMade(Event):
    """A look at the verdict between two methods, of those that are planned."""

    number: int
    planned: int
    comparison: "Comparison"
