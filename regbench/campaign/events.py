"""What happens in a campaign beside the training itself (`regbench.runner` has the events of that)."""

from dataclasses import dataclass

from regbench.runner import Event, Plan, Summary


@dataclass(frozen=True)
class Fetching(Event):
    """A dataset that is not here yet is fetched."""

    dataset: str


@dataclass(frozen=True)
class Blocked(Event):
    """A dataset that cannot be had or a library that is not installed, and jobs with it."""

    name: str  # of the dataset, or of the baseline that needs the library
    why: str


@dataclass(frozen=True)
class RoundPlanned(Event):
    """A further round of a benchmark with sweeps."""

    plan: Plan


@dataclass(frozen=True)
class TrainingStarted(Event):
    """The packs of a plan are about to be trained; there may be none."""

    plan: Plan


@dataclass(frozen=True)
class TrainingEnded(Event):
    """All packs of a plan have ended."""

    plan: Plan
    summary: Summary


@dataclass(frozen=True)
class TrainingForClaims(Event):
    """Of the cells that open claims wait for, some are trained now."""

    claims: int
    waiting: int  # cells
    cells: int  # trained now
    plan: Plan


@dataclass(frozen=True)
class NothingForClaims(Event):
    """No training settles the open claims, or none that fits the time."""

    claims: int
    why: str
