"""The local engine: one process per slot, so that the death of a worker does not affect the others."""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Self

import psutil
from loky.backend import get_context
from loky.process_executor import BrokenProcessPool, ProcessPoolExecutor, TerminatedWorkerError

from regbench.engines.engine import Answer, Outcome, Place, Work

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
SIGKILL = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none

LOOK_EVERY_S = 0.5  # between checks whether the parent process is alive
GRACE_S = 20.0  # for a task to end after its parent has died


class LocalEngine:
    """Runs `work(task, place)` in worker processes, one per slot.

    Each slot has an executor with one worker. When that worker is killed, a new executor takes the slot.
    """

    def __init__(self, devices: Sequence[str], work: Work) -> None:
        self.devices = list(devices)
        self._work = work
        self._workers: dict[int, _Worker] = {}
        self._running: dict[Future[Any], tuple[int, Any]] = {}
        self._asked: dict[int, signal.Signals] = {}  # slot -> signal still to be sent to its worker

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.executor.shutdown(wait=True, kill_workers=bool(self._running))
        self._workers.clear()

    def serve(self, answer: Answer) -> None:
        """Nothing asks: workers of this machine open the database themselves."""

    def free(self) -> list[int]:
        """Slots with nothing to do."""
        busy = {slot for slot, _ in self._running.values()}
        return [slot for slot in range(len(self.devices)) if slot not in busy]

    @property
    def busy(self) -> bool:
        """Whether any task is running."""
        return bool(self._running)

    def submit(self, slot: int, task: Any) -> None:
        """Hand a task to a free slot."""
        try:
            future = self._hand_over(slot, task)
        except BrokenProcessPool:  # its worker was killed while idle
            self.renew(slot)
            future = self._hand_over(slot, task)
        self._running[future] = (slot, task)

    def renew(self, slot: int) -> None:
        """Give a free slot a new process for its next task."""
        if slot in self._workers:
            self._workers.pop(slot).executor.shutdown(wait=False, kill_workers=True)

    def wait(self, seconds: float) -> list[Outcome]:
        """The tasks that ended; waits at most `seconds` for the first."""
        self._send_signals()  # to workers that had not started when they were asked
        if not self._running:  # `wait` would return at once
            time.sleep(seconds)
        done, _ = wait(self._running, timeout=seconds, return_when=FIRST_COMPLETED)
        return [self._outcome(future) for future in done]

    def stop(self) -> None:
        """Send SIGTERM to every worker, to end its task early; it ends a task that does not handle it."""
        self._ask(signal.SIGTERM, [slot for slot, _ in self._running.values()])

    def kill(self) -> None:
        """End every worker at once."""
        self._ask(SIGKILL, [slot for slot, _ in self._running.values()])

    def is_stopped(self, slot: int) -> bool:
        """Whether the process of a slot is stopped, as by SIGSTOP."""
        pid = self._workers[slot].number() if slot in self._workers else None
        try:
            return pid is not None and psutil.Process(pid).status() == psutil.STATUS_STOPPED
        except psutil.NoSuchProcess:
            return False

    def stop_one(self, slot: int) -> None:
        """Send SIGTERM to the worker of one slot."""
        self._ask(signal.SIGTERM, [slot])

    def kill_one(self, slot: int) -> None:
        """End the worker of one slot at once."""
        self._ask(SIGKILL, [slot])

    def _outcome(self, future: Future[Any]) -> Outcome:
        slot, task = self._running.pop(future)
        self._asked.pop(slot, None)
        error = future.exception()
        if isinstance(error, TerminatedWorkerError):
            self.renew(slot)
            return Outcome(slot, task, error=error, died=True)
        return Outcome(slot, task, result=None if error else future.result(), error=error)

    def _hand_over(self, slot: int, task: Any) -> Future[Any]:
        if slot not in self._workers:
            self._workers[slot] = _Worker.start()
        return self._workers[slot].executor.submit(_do, self._work, task, self.devices[slot], os.getpid())

    def _ask(self, number: signal.Signals, slots: Sequence[int]) -> None:
        self._asked |= dict.fromkeys(slots, number)
        self._send_signals()

    def _send_signals(self) -> None:
        """Send the waiting signals; a worker that is still starting gets its signal later, from `wait`."""
        self._asked = {slot: number for slot, number in self._asked.items() if not self._workers[slot].send(number)}


@dataclass
class _Worker:
    """The process of one slot: its executor, and the pipe through which it sends its process number."""

    executor: ProcessPoolExecutor
    hello: Connection
    pid: int | None = None

    @classmethod
    def start(cls) -> Self:
        hello, said = get_context().Pipe(duplex=False)
        executor = ProcessPoolExecutor(
            max_workers=1, timeout=None, initializer=start_worker, initargs=(os.getpid(), said), env={**ONE_THREAD}
        )
        return cls(executor, hello)

    def send(self, number: signal.Signals) -> bool:
        """Signal the process; false if it has not sent its number yet."""
        pid = self.number()
        if pid is None:
            return False
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(pid, number)
        return True

    def number(self) -> int | None:
        """The number of the process; None if it has not sent it yet."""
        while self.hello.poll():  # the last one counts, because loky replaces a process that uses too much memory
            self.pid = self.hello.recv()
        return self.pid


def start_worker(parent: int, hello: Connection) -> None:
    """Ignore Ctrl-C, which the parent process handles, and end soon after the parent.

    A running task checks itself whether its parent has died, and has some time to write its results.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(2, 1)  # what a method prints must not mix with the output of the command, which may be JSON
    hello.send(os.getpid())
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _do(work: Work, task: Any, device: str, parent: int) -> Any:
    return work(task, Place(device, alive=lambda: os.getppid() == parent))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY_S)
    time.sleep(GRACE_S)
    os._exit(1)
