"""Ctrl-C and SIGTERM: an interrupt for the process that hands work out, a request for a worker."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class Stopped(BaseException):
    """The worker was asked to stop, or the process that gave it work has died."""


@dataclass
class Stop:
    """Whether somebody has asked this worker to stop, and whether it may stop in the middle of what it does."""

    asked: bool = False
    now: bool = False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within it a request raises `Stopped`: what is under way is lost anyway, so nobody waits for its end."""
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
    """SIGTERM becomes a request that a training sees after its epoch, and a fit where it is."""
    stop = Stop()
    with _on_termination(stop.ask):
        yield stop


@contextmanager
def termination_as_interrupt() -> Iterator[None]:
    """SIGTERM behaves as Ctrl-C does."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    with _on_termination(interrupt):
        yield


@contextmanager
def _on_termination(do: Callable[[], None]) -> Iterator[None]:
    """Call `do` on SIGTERM; a thread beside the main one cannot, and goes without."""
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
