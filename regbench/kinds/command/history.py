"""The epochs of a job's earlier attempts, for a program that goes on from its checkpoint."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from regbench.kinds.command.lines import Values


@dataclass(frozen=True)
class Told:
    """An epoch of a program: what it wrote, and the seconds since the epoch before."""

    epoch: int
    values: Values
    seconds: float


@dataclass
class History:
    """Every epoch of a job so far, kept in a file beside the program's checkpoint.

    An attempt that begins at a later epoch continues the earlier ones, of which it keeps those before. One that begins
    at the first epoch replaces them.
    """

    path: Path
    before: list[Told] = field(default_factory=list)
    began: bool = False

    def __post_init__(self) -> None:
        self.before = list(_read(self.path))

    def add(self, told: Told) -> list[Told]:
        """Keep an epoch; returns it, after the first one of an attempt behind the earlier ones that it continues."""
        found = [told]
        if not self.began:
            found = [*(earlier for earlier in self.before if earlier.epoch < told.epoch), told]
            self.path.write_text("", encoding="utf-8")
            self.began = True
        with self.path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps([each.epoch, each.values, each.seconds]) + "\n" for each in found)
        return found


def _read(path: Path) -> Iterator[Told]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            epoch, values, seconds = json.loads(line)
        except ValueError:  # the last line of an attempt that was killed while it wrote
            return
        yield Told(epoch, values, seconds)
