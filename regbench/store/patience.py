"""Wait for a database that is locked, full or away: what a worker holds is worth minutes.

A store waits only if it was given some patience. Everything it does may be done twice, so a whole method is repeated.
"""

import errno
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from regbench import settings
from regbench.addresses import without_password
from regbench.errors import PassingError

PATIENCE_S = 600.0  # of a run, after the first refusal; REGBENCH_PATIENCE changes it
FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 15.0
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EIO)  # some network disks say EIO for a quota

T = TypeVar("T")


def to_stderr(line: str) -> None:
    sys.stderr.write(f"{without_password(line)}\n")
    sys.stderr.flush()


@dataclass
class Patience:
    """How long a store waits; `over` ends the wait early, and `say` gets one line for each time it has to wait.

    Threads that wait for the same thing at the same time share one line.
    """

    seconds: float = 0.0
    over: Callable[[], bool] = lambda: False
    say: Callable[[str], None] = to_stderr
    _waiting: set[int] = field(default_factory=set, init=False, repr=False)  # threads
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def call(self, attempt: Callable[[], T]) -> T:
        """The result of `attempt`, which is repeated with longer and longer waits while the machine refuses it."""
        deadline, wait_s = time.monotonic() + self.seconds, FIRST_WAIT_S
        try:
            while True:
                try:
                    return attempt()
                except (PassingError, OSError) as error:
                    if isinstance(error, OSError) and error.errno not in NO_ROOM:
                        raise
                    if time.monotonic() + wait_s > deadline or self.over():
                        raise
                    with self._lock:
                        first = not self._waiting
                        self._waiting.add(threading.get_ident())
                    if first:
                        self.say(f"waiting for up to {self._span}: {error}")
                time.sleep(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)
        finally:
            with self._lock:
                self._waiting.discard(threading.get_ident())

    @property
    def _span(self) -> str:
        return f"{self.seconds / 60:.0f} minutes" if self.seconds >= 60 else f"{self.seconds:.0f} seconds"


IMPATIENT = Patience()


def of_a_run() -> float:
    """The seconds that a run waits; REGBENCH_PATIENCE changes them."""
    return settings.seconds(settings.PATIENCE, PATIENCE_S)


def patient(method: Callable[..., T]) -> Callable[..., T]:
    """A method of a store that is repeated for as long as the store has patience."""

    @wraps(method)
    def call(store: Any, *arguments: Any, **named: Any) -> T:
        return store.patience.call(lambda: method(store, *arguments, **named))

    return call
