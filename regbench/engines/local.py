"""The local engine: one process per device slot, so that a worker that dies takes nobody with it."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from typing import Any

from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor, TerminatedWorkerError

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")

LOOK_EVERY_S = 0.5  # at whether the parent process still lives
GRACE_S = 20.0  # for a task whose parent has died


@dataclass(frozen=True)
class Outcome:
    """How one task ended: with a result, with the exception it raised, or with the death of its worker."""

    slot: int
    task: Any
    result: Any = None
    error: BaseException | None = None
    died: bool = False


class LocalEngine:
    """Runs `function(task, device)` in worker processes, one per slot and one task at a time each.

    Each slot has an executor of its own with one worker: when that worker is killed, a fresh executor takes the slot.
    """

    def __init__(self, devices: Sequence[str], function: Callable[[Any, str], Any]) -> None:
        self.devices = list(devices)
        self.function = function
        self._executors: dict[int, ProcessPoolExecutor] = {}
        self._running: dict[Future[Any], tuple[int, Any]] = {}

    def __enter__(self) -> "LocalEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def free(self) -> list[int]:
        """Slots with nothing to do."""
        busy = {slot for slot, _ in self._running.values()}
        return [slot for slot in range(len(self.devices)) if slot not in busy]

    @property
    def busy(self) -> bool:
        """Whether any task is under way."""
        return bool(self._running)

    def start(self, slot: int, task: Any) -> None:
        """Hand a task to a free slot."""
        try:
            future = self._submit(slot, task)
        except BrokenProcessPool:  # its worker was killed while it had nothing to do
            self.renew(slot)
            future = self._submit(slot, task)
        self._running[future] = (slot, task)

    def renew(self, slot: int) -> None:
        """Give a free slot a new process for its next task."""
        if slot in self._executors:
            self._executors.pop(slot).shutdown(wait=False, kill_workers=True)

    def wait(self, seconds: float) -> list[Outcome]:
        """The tasks that ended, waiting at most so long for the first."""
        if not self._running:  # for which `wait` would not wait
            time.sleep(seconds)
        done, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        return [self._outcome(future) for future in done]

    def stop(self) -> None:
        """Ask every worker to end its task early: SIGTERM, which a task may take as a request."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End every worker at once."""
        self._signal(signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)

    def close(self) -> None:
        """End the workers; any task still under way is killed."""
        for executor in self._executors.values():
            executor.shutdown(wait=True, kill_workers=bool(self._running))
        self._executors.clear()

    def _outcome(self, future: Future[Any]) -> Outcome:
        slot, task = self._running.pop(future)
        error = future.exception()
        if isinstance(error, TerminatedWorkerError):
            self.renew(slot)
            return Outcome(slot, task, error=error, died=True)
        return Outcome(slot, task, result=None if error else future.result(), error=error)

    def _submit(self, slot: int, task: Any) -> Future[Any]:
        if slot not in self._executors:
            self._executors[slot] = ProcessPoolExecutor(
                max_workers=1, timeout=None, initializer=start_worker, initargs=(os.getpid(),), env={**ONE_THREAD}
            )
        return self._executors[slot].submit(self.function, task, self.devices[slot])

    def _signal(self, number: int) -> None:
        for slot, _ in self._running.values():
            for pid in list(self._executors[slot]._processes or {}):
                with contextlib.suppress(ProcessLookupError):  # it has just ended by itself
                    os.kill(pid, number)


def start_worker(parent: int) -> None:
    """Leave Ctrl-C to the process that started this one, and do not outlive it.

    A task under way sees for itself that it has lost its parent, and has a while to put its affairs in order.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    time.sleep(GRACE_S)
    os._exit(1)
