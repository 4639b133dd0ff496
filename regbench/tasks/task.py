"""What the training asks of a dataset: rows by their numbers, and a part of the split block by block."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

from torch import Tensor

from regbench.random import Stream

PARTS = ("train", "val", "test")


class Block(NamedTuple):
    """Consecutive rows of a part of the split.

    Of images whose targets are maps, y in training is (rows, h, w, M), and the mask (rows, h, w) says which pixels have
    a target. In evaluation y is (R, M): those of the pixels of the mask (rows, height, width), in its order.
    """

    x: Tensor  # (rows, D...)
    y: Tensor  # (rows, M)
    mask: Tensor | None = None


class Task(Protocol):
    """A dataset, split and scaled, whose rows are handed out on a device."""

    @property
    def on_device(self) -> bool:
        """Whether a batch is made on the device alone, so that a CUDA graph can hold it."""
        ...

    def rows(self, part: str) -> int:
        """The number of rows of a part."""
        ...

    def batch(self, rows_SB: Tensor, streams: Stream) -> Block:
        """These training rows, x (S, B, D...), y and mask (S, B, ...); what is random is drawn from streams (S,)."""
        ...

    def blocks(self, part: str, rows: int) -> Iterator[Block]:
        """All rows of a part in their order, `rows` at a time or fewer."""
        ...

    def targets(self, part: str) -> Tensor:
        """The targets of a part: (N, M)."""
        ...
