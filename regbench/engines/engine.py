"""What an engine is: a place with slots, one for each device, where tasks run one at a time and may die.

An engine knows neither database nor terminal. It does not look into a task or its result; both must be values that
another process can be given.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self


@dataclass(frozen=True)
class Place:
    """Where a task runs, as the task sees it."""

    device: str
    alive: Callable[[], bool]  # whether the process that submitted the task still lives; without it a task should end


Work = Callable[[Any, Place], Any]  # what a worker does with each task


@dataclass(frozen=True)
class Outcome:
    """How one task ended: with a result, with the exception it raised, or with the death of its worker."""

    slot: int
    task: Any
    result: Any = None
    error: BaseException | None = None
    died: bool = False


class Engine(Protocol):
    """Runs tasks in slots. Used as a context manager; at its end no worker is left."""

    @property
    def devices(self) -> Sequence[str]:
        """The device of each slot."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def free(self) -> list[int]:
        """Slots with nothing to do."""
        ...

    @property
    def busy(self) -> bool:
        """Whether any task is under way."""
        ...

    def submit(self, slot: int, task: Any) -> None:
        """Hand a task to a free slot."""
        ...

    def wait(self, seconds: float) -> list[Outcome]:
        """The tasks that ended, waiting at most so long for the first."""
        ...

    def renew(self, slot: int) -> None:
        """Give a free slot a new worker for its next task."""
        ...

    def stop(self) -> None:
        """Ask every worker to end its task early. A task that does not listen is ended without a result."""
        ...

    def kill(self) -> None:
        """End every task at once; each is reported as a death."""
        ...


MakeEngine = Callable[[Work], Engine]  # such as `partial(LocalEngine, ["cpu", "cpu"])`
