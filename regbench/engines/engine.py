"""The interface of an engine, which runs tasks in slots.

Each slot has a device and runs one task at a time; its worker may die. An engine uses neither database nor terminal. It
does not look into a task or its result; both must be values that can be sent to another process.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, Self


@dataclass(frozen=True)
class Place:
    """The place where a task runs.

    alive: whether the process that submitted the task is alive; if not, the task should end.
    ask: asks that process, and waits for its answer; None on its machine, where the task can use what it uses.
    here: path on the machine of that process -> path here, of files that were sent along.
    """

    device: str
    alive: Callable[[], bool]
    ask: Callable[[Any], Any] | None = None
    here: Mapping[str, str] = field(default_factory=dict)


Work = Callable[[Any, Place], Any]  # what a worker does with each task


@dataclass(frozen=True)
class Outcome:
    """How one task ended: with a result, with the exception it raised, or with the death of its worker.

    why: a line for the user on what happened besides, such as the loss of a machine.
    """

    slot: int
    task: Any
    result: Any = None
    error: BaseException | None = None
    died: bool = False
    why: str = ""


Answer = Callable[[int, Any], Any]  # (slot, what its task asks) -> the answer; an exception is raised in the task


class Engine(Protocol):
    """Runs tasks in slots. It is a context manager; at its end all workers have ended."""

    @property
    def devices(self) -> Sequence[str]:
        """The device of each slot."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    def serve(self, answer: Answer) -> None:
        """Say what `Place.ask` answers; it is called inside `wait`. An engine of this machine alone needs it not."""
        ...

    def free(self) -> list[int]:
        """Slots with nothing to do."""
        ...

    @property
    def busy(self) -> bool:
        """Whether any task is running."""
        ...

    def submit(self, slot: int, task: Any) -> None:
        """Hand a task to a free slot."""
        ...

    def wait(self, seconds: float) -> list[Outcome]:
        """The tasks that ended; waits at most `seconds` for the first."""
        ...

    def renew(self, slot: int) -> None:
        """Give a free slot a new worker for its next task."""
        ...

    def stop(self) -> None:
        """Ask every worker to end its task early. A task that ignores this is ended without a result."""
        ...

    def is_stopped(self, slot: int) -> bool:
        """Whether the process of a slot is stopped, as by SIGSTOP, and does nothing until it is continued."""
        ...

    def stop_one(self, slot: int) -> None:
        """Ask the worker of one slot to end its task early."""
        ...

    def kill_one(self, slot: int) -> None:
        """End the task of one slot at once; it is reported as a death."""
        ...

    def kill(self) -> None:
        """End every task at once; each is reported as a death."""
        ...


MakeEngine = Callable[[Work], Engine]  # such as `partial(LocalEngine, ["cpu", "cpu"])`
