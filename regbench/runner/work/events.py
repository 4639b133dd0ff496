"""What happens during a run, as values that are handed to whoever shows it, and what has come of it in the end."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Event:
    """Something happened."""


@dataclass(frozen=True)
class PackStarted(Event):
    """A pack went to a device."""

    name: str
    dataset: str
    jobs: int
    device: str


@dataclass(frozen=True)
class PackFinished(Event):
    """A pack came back."""

    name: str
    dataset: str
    finished: int
    seconds: float


@dataclass(frozen=True)
class Progress(Event):
    """How far it is, counted in jobs and in epochs, and the seconds left; None until that can be told."""

    done_jobs: int
    total_jobs: int
    done_epochs: int
    total_epochs: int
    seconds_left: float | None


@dataclass(frozen=True)
class JobFailed(Event):
    """A job failed; the others go on."""

    key: str
    label: str
    failure_class: str
    error: str


@dataclass(frozen=True)
class Waiting(Event):
    """Other processes hold the jobs that are left."""

    jobs: int


@dataclass(frozen=True)
class DeviceSetAside(Event):
    """A device failed too often in a row; the others go on without it."""

    device: str
    why: str


@dataclass
class Summary:
    """What a run did."""

    finished: int = 0
    diverged: list[str] = field(default_factory=list)  # labels
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message
    interrupted: bool = False
    seconds: float = 0.0
