"""Handle Ctrl-C and SIGTERM: an interrupt in the main process, a request to stop in a worker."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class Stopped(BaseException):
    """Raised in a worker that was asked to stop, or whose parent process has died."""


@dataclass
class Stop:
    """Whether this worker was asked to stop, and whether it may stop at once."""

    asked: bool = False
    now: bool = False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within this context a request raises `Stopped` at once, because the work could not be resumed anyway."""
        self.now = True
        try:
            if self.asked:
                raise Stopped
            yield
        finally:
            self.now = False

    def ask(self) -> None:
        self.asked = True
        if self.now:
            raise Stopped


@contextmanager
def stop_requests() -> Iterator[Stop]:
    """Turn SIGTERM into a request to stop: a training stops after its epoch, a fit at once."""
    stop = Stop()
    with _on_termination(stop.ask):
        yield stop


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """Let SIGTERM raise KeyboardInterrupt, as Ctrl-C does."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with _on_termination(interrupt):
        yield


@contextmanager
def _on_termination(do: Callable[[], None]) -> Iterator[None]:
    """Call `do` on SIGTERM; no effect outside the main thread, where Python allows no signal handlers."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handle(_number: int, _frame: FrameType | None) -> None:
        do()

    before = signal.signal(signal.SIGTERM, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
