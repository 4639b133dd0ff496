"""The size of the pieces in which much is written, so that other processes can write in between.

A piece is one transaction. It is as large as what was written in a fraction of a second before.
"""

import contextlib
import time
from collections.abc import Iterator

from sqlalchemy import Connection

from regbench.store.store import Store

FIRST = 5_000  # rows of the first piece
LEAST, MOST = 500, 200_000  # rows; what a piece holds is in memory at once
AIM_S = 0.4  # how long a piece keeps others from writing
GAP_S = 0.12  # between two pieces; a process that waits for SQLite's lock looks every 0.1 s
BYTES_OF_A_ROW = 1_000  # so many bytes of predictions take as long as a row of numbers


class Pieces:
    """Decides how much is written at once. If nobody else uses the store (`alone`) there are no gaps."""

    def __init__(self, store: Store, *, alone: bool = False) -> None:
        self.size = MOST if alone else FIRST
        self.written = 0
        self._store = store
        self._gap_s = 0.0 if alone else GAP_S
        self._ended = float("-inf")

    @contextlib.contextmanager
    def writing(self, rows: int) -> Iterator[Connection]:
        """A transaction for a piece of so many rows; `size` is adapted to the time it takes."""
        time.sleep(max(0.0, self._ended + self._gap_s - time.monotonic()))
        with self._store.writing() as connection:
            begun = time.monotonic()  # the lock is ours
            yield connection
        self._ended = time.monotonic()
        self.written += 1
        fits = rows * AIM_S / max(self._ended - begun, 1e-3)
        if fits < self.size or rows > self.size / 2:  # a small piece does not tell how long a large one takes
            self.size = round(min(max(fits, LEAST), 2 * self.size, MOST))
