"""A dataset that lies on the device as a whole: a batch is a gather."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from regbench.data import Prepared
from regbench.random import Stream
from regbench.tasks.task import PARTS, Block


@dataclass(frozen=True)
class Resident:
    """Inputs (N, D...) and targets (N, M) by part of the split."""

    x: dict[str, Tensor]
    y: dict[str, Tensor]

    @classmethod
    def of(cls, data: Prepared, device: torch.device, dtype: torch.dtype) -> "Resident":
        """Move the three parts of a split to the device."""
        x = {part: torch.from_numpy(getattr(data, f"x_{part}")).to(device, dtype) for part in PARTS}
        y = {part: torch.from_numpy(getattr(data, f"y_{part}")).to(device, dtype) for part in PARTS}
        return cls(x, y)

    @property
    def on_device(self) -> bool:
        return True

    def rows(self, part: str) -> int:
        return len(self.x[part])

    def batch(self, rows_SB: Tensor, streams: Stream) -> Block:  # noqa: ARG002 - nothing is random about its rows
        """These training rows, x (S, B, D...) and y (S, B, M)."""
        return Block(_rows(self.x["train"], rows_SB), _rows(self.y["train"], rows_SB))

    def blocks(self, part: str, rows: int) -> Iterator[Block]:
        """All rows of a part in their order, `rows` at a time."""
        yield from map(Block, self.x[part].split(rows), self.y[part].split(rows))

    def targets(self, part: str) -> Tensor:
        return self.y[part]


def _rows(table: Tensor, rows_SB: Tensor) -> Tensor:
    """The rows (S, B, ...) of a table (N, ...)."""
    return table.index_select(0, rows_SB.flatten()).unflatten(0, rows_SB.shape)
