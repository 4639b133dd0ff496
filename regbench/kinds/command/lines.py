"""The lines that a command writes: `{"epoch": 3, "val/rmse": 0.31, "test/rmse": 0.33}`, one epoch after the other.

Several lines may belong to one epoch, which ends when a line of a later one comes, or the program. A line without an
epoch belongs to the first.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from regbench.errors import JobsFailed
from regbench.owncommands import METRICS

EPOCH = "epoch"
NAME = re.compile(r"[A-Za-z0-9_.\-]+(/[A-Za-z0-9_.\-]+)*")
OURS = frozenset({"seconds", "stage1/seconds"})  # which we measure ourselves
LONGEST = 1_000_000  # characters of a line
LONGEST_NAME = 100
MOST_NAMES = 1_000  # of an epoch
MOST_EPOCHS = 1_000_000
SHOWN = 60  # characters of a wrong line in a message

Values = dict[str, float]


@dataclass
class Lines:
    """Reads the file of a running program; each call of `new` gives the epochs that have ended since."""

    path: Path
    epoch: int = 0
    number: int = 0  # of the line read last
    _values: Values = field(default_factory=dict)  # of the epoch that has not ended
    _read: int = 0  # bytes
    _rest: bytes = b""  # of a line that has no end yet

    def new(self, *, ended: bool = False) -> Iterator[tuple[int, Values]]:
        """The epochs that are complete; with `ended`, when nothing more is written, also the last.

        Raises:
            JobsFailed: a line is not what a line must be.
        """
        *whole, self._rest = (self._rest + self._more()).split(b"\n")
        if ended:
            whole, self._rest = [*whole, self._rest], b""
        elif len(self._rest) > LONGEST:
            raise self._wrong(f"has more than {LONGEST:,} characters", self.number + 1)
        for line in whole:
            self.number += 1
            if line.strip():
                yield from self._take(line)
        if ended and self._values:
            yield self.epoch, self._values
            self._values = {}

    def _more(self) -> bytes:
        try:
            size = self.path.stat().st_size
            if size < self._read:
                raise JobsFailed(
                    f"the file in ${METRICS} became shorter: its lines must stay, so open it to append, with mode 'a'"
                )
            if size == self._read:
                return b""
            with self.path.open("rb") as file:
                file.seek(self._read)
                found = file.read(size - self._read)
        except FileNotFoundError:
            return b""
        self._read += len(found)
        return found

    def _take(self, line: bytes) -> Iterator[tuple[int, Values]]:
        data = self._parsed(line)
        epoch = self._epoch(data)
        values = {name: self._value(name, value) for name, value in data.items() if name != EPOCH}
        if epoch < self.epoch:
            raise self._wrong(f"is of epoch {epoch}, after one of epoch {self.epoch}; epochs go forward")
        if epoch > self.epoch and self._values:
            yield self.epoch, self._values
            self._values = {}
        if twice := sorted(values.keys() & self._values.keys()):
            hint = "" if EPOCH in data else '; give each line its "epoch"'
            raise self._wrong(f"has {twice[0]} of epoch {epoch} a second time{hint}")
        self.epoch = epoch
        self._values |= values
        if len(self._values) > MOST_NAMES:
            raise self._wrong(f"gives epoch {epoch} more than {MOST_NAMES:,} numbers")

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            text = line.decode("utf-8", errors="replace").strip()
            raise self._wrong(f"is not JSON: {text[:SHOWN]!r}{'...' * (len(text) > SHOWN)}") from None
        if not isinstance(data, dict):
            raise self._wrong(f'must be an object such as {{"epoch": 1, "val/rmse": 0.3}}, not {str(data)[:SHOWN]}')
        return data

    def _epoch(self, data: dict[str, Any]) -> int:
        epoch = data.get(EPOCH, max(1, self.epoch))
        if isinstance(epoch, float) and epoch.is_integer():
            epoch = int(epoch)
        if type(epoch) is not int:
            raise self._wrong(f"has the epoch {str(epoch)[:SHOWN]!r}, which must be a whole number")
        if not 1 <= epoch <= MOST_EPOCHS:
            raise self._wrong(f"has epoch {epoch}, and epochs count from 1, to at most {MOST_EPOCHS:,}")
        return epoch

    def _value(self, name: str, value: Any) -> float:
        if not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise self._wrong(f"names a number {name[:SHOWN]!r}; write letters, digits and /, as in val/rmse")
        if name in OURS:
            raise self._wrong(f"names a number {name}, which regbench measures itself; call it otherwise")
        if value is None:
            return math.nan
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(f"has {name} = {str(value)[:SHOWN]!r}, which must be a number")
        try:
            return float(value)
        except OverflowError:
            return math.inf

    def _wrong(self, why: str, number: int | None = None) -> JobsFailed:
        return JobsFailed(f"line {self.number if number is None else number} of ${METRICS} {why}")
