"""An engine without processes, for tests of its users: tasks run inside `wait`."""

import pickle
import time
from collections.abc import Callable
from typing import Any, Self

from regbench.engines.engine import Answer, Outcome, Place, Work


class Death(BaseException):
    """Raised by a task to simulate the death of its worker."""


class InProcessEngine:
    """Runs one task of each busy slot at every `wait`. A task asked to stop has not begun, and ends as if killed.

    far: its tasks ask for everything, as on another machine; what is asked and answered is made bytes on its way.
    """

    def __init__(self, devices: list[str], work: Work, *, far: bool = False) -> None:
        self.far = far
        self._answer: Answer = lambda slot, question: None
        self.devices = devices
        self.renewed: list[int] = []
        self._work = work
        self._waiting: dict[int, Any] = {}
        self._alive = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._waiting.clear()

    def serve(self, answer: Answer) -> None:
        self._answer = answer

    def free(self) -> list[int]:
        return [slot for slot in range(len(self.devices)) if slot not in self._waiting]

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def submit(self, slot: int, task: Any) -> None:
        self._waiting[slot] = task

    def wait(self, seconds: float) -> list[Outcome]:
        if not self._waiting:
            time.sleep(seconds)
        tasks, self._waiting = self._waiting, {}
        return [self._done(slot, task) for slot, task in tasks.items()]

    def renew(self, slot: int) -> None:
        self.renewed.append(slot)

    def stop(self) -> None:
        self._alive = False

    def kill(self) -> None:
        self._alive = False

    def is_stopped(self, slot: int) -> bool:
        return False

    def stop_one(self, slot: int) -> None:
        self.stop()

    def kill_one(self, slot: int) -> None:
        self.kill()

    def _done(self, slot: int, task: Any) -> Outcome:
        if not self._alive:
            return Outcome(slot, task, error=Death(), died=True)
        try:
            ask = (lambda question: sent(self._answer(slot, sent(question)))) if self.far else None
            return Outcome(slot, task, self._work(task, Place(self.devices[slot], lambda: self._alive, ask)))
        except Death as death:
            return Outcome(slot, task, error=death, died=True)
        except Exception as error:  # it belongs to whoever waits for the task
            return Outcome(slot, task, error=error)


def sent(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


def in_process(devices: list[str], *, far: bool = False) -> Callable[[Work], InProcessEngine]:
    """A factory of engines for `runner.run`."""
    return lambda work: InProcessEngine(devices, work, far=far)
