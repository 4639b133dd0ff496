"""Photographs that lie on disk as bytes: a batch is read, changed at random and normalised; nothing is kept.

The augmentation is that of *Delving into Deep Imbalanced Regression* (Yang et al., 2021): a crop of the image with a
black margin of 16 pixels on all sides, then a mirror image half of the time. It is drawn from the job's seed and the
number of the step, so it is the same in every pack. Evaluation sees the images as they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regbench.data import Prepared
from regbench.random import Stream
from regbench.tasks.blocks import rows_at_once
from regbench.tasks.task import PARTS, Block

MARGIN = 16  # pixels
MIDDLE, HALF = 0.5, 0.5  # mean and standard deviation of the normalisation, of values in [0, 1]
WHITE = 255


@dataclass(frozen=True)
class Images:
    """Images (N, C, height, width), uint8 and usually memory-mapped, and targets (N, M), by part of the split."""

    x: dict[str, NDArray[np.uint8]]
    y: dict[str, Tensor]

    @classmethod
    def of(cls, data: Prepared, device: torch.device, dtype: torch.dtype) -> "Images":
        """The three parts of a split; only the targets move to the device."""
        x = {part: getattr(data, f"x_{part}") for part in PARTS}
        y = {part: torch.from_numpy(getattr(data, f"y_{part}")).to(device, dtype) for part in PARTS}
        return cls(x, y)

    @property
    def on_device(self) -> bool:
        return False

    def rows(self, part: str) -> int:
        return len(self.x[part])

    def batch(self, rows_SB: Tensor, streams: Stream) -> Block:
        """These training rows, x (S, B, C, height, width) and y (S, B, M), each cropped and mirrored at random."""
        y = self.y["train"]
        own = self._read("train", rows_SB.flatten().cpu().numpy())
        shape = rows_SB.shape
        top, left = (streams.child(name).integers(2 * MARGIN + 1, shape[1]).flatten() for name in ("top", "left"))
        mirrored = streams.child("mirror").integers(2, shape[1]).flatten() == 1
        x = normalised(augmented(own, top, left, mirrored), y.dtype)
        return Block(x.unflatten(0, shape), y.index_select(0, rows_SB.flatten()).unflatten(0, shape))

    def blocks(self, part: str, rows: int) -> Iterator[Block]:
        """All rows of a part in their order, as they are, `rows` at a time or fewer where the images are large."""
        values = int(np.prod(self.x[part].shape[1:]))
        y = self.y[part]
        step = min(rows, rows_at_once(values))
        for start in range(0, len(y), step):
            places = np.arange(start, min(start + step, len(y)))
            yield Block(normalised(self._read(part, places), y.dtype), y[start : start + step])

    def targets(self, part: str) -> Tensor:
        return self.y[part]

    def _read(self, part: str, rows: NDArray[np.int64]) -> Tensor:
        """Rows of a part as bytes on the device."""
        return torch.from_numpy(np.ascontiguousarray(self.x[part][rows])).to(self.y[part].device)


def augmented(x_RCHW: Tensor, top_R: Tensor, left_R: Tensor, mirrored_R: Tensor) -> Tensor:
    """Each image with its black margin, cut to its size from `top` and `left` on, and mirrored where that is true.

    With `top` and `left` equal to the margin an image is as it was.
    """
    height, width = x_RCHW.shape[-2:]
    framed = torch.nn.functional.pad(x_RCHW, (MARGIN,) * 4)
    across, down = torch.arange(width, device=x_RCHW.device), torch.arange(height, device=x_RCHW.device)
    across_RW = left_R[:, None] + torch.where(mirrored_R[:, None], across.flip(0), across)
    down_RH = top_R[:, None] + down
    each = torch.arange(len(x_RCHW), device=x_RCHW.device)[:, None, None]
    rows_RHWC = framed.movedim(1, -1)[each, down_RH[:, :, None], across_RW[:, None, :]]
    return rows_RHWC.movedim(-1, 1)


def normalised(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Bytes as numbers in [-1, 1]."""
    return x.to(dtype).div_(WHITE).sub_(MIDDLE).div_(HALF)
