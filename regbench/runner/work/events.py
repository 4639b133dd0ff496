"""The events of a run, for callers that show them, and its summary."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """The base class of all events."""


@dataclass(frozen=True)
class PackStarted(Event):
    """A pack was given to a device."""

    name: str
    dataset: str
    jobs: int
    device: str


@dataclass(frozen=True)
class PackFinished(Event):
    """Jobs of a pack have finished."""

    name: str
    dataset: str
    finished: int
    seconds: float


@dataclass(frozen=True)
class Progress(Event):
    """The progress in jobs and epochs, and the seconds left; None until they can be estimated."""

    done_jobs: int
    total_jobs: int
    done_epochs: int
    total_epochs: int
    seconds_left: float | None


@dataclass(frozen=True)
class JobFailed(Event):
    """A job failed; the others continue."""

    key: str
    label: str
    failure_class: str
    error: str


@dataclass(frozen=True)
class Waiting(Event):
    """Other processes hold all remaining jobs."""

    jobs: int


@dataclass(frozen=True)
class Delayed(Event):
    """Something holds the run up; it goes on by itself."""

    why: str


@dataclass(frozen=True)
class DeviceSetAside(Event):
    """A device failed too often in a row and is no longer used; the others continue."""

    device: str
    why: str


@dataclass
class Summary:
    """The outcome of a run."""

    finished: int = 0
    diverged: list[str] = field(default_factory=list)  # labels
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message
    interrupted: bool = False
    seconds: float = 0.0
