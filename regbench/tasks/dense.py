"""Images on disk whose targets are maps: a batch is read, changed at random and normalised; nothing is kept.

The augmentation is that of *Delving into Deep Imbalanced Regression* (Yang et al., 2021) for depth, after Hu et al.
(2019, https://arxiv.org/abs/1803.08673): a mirror image half of the time, a rotation by up to 5 degrees, the middle of
the image, a shift along the main colours of ImageNet (Krizhevsky et al., 2012), and brightness, contrast and saturation
changed by up to 40 % in a random order. It is drawn from the job's seed and the number of the step, so it is the same
in every pack. Images are rotated linearly and maps to the nearest pixel; pixels that a rotation brings in from outside
have no target, where the published code trains on a depth of 0 there.

In training a map has half the size of its image. Evaluation sees the middle of each image as it is, and the pixels of
the dataset's mask at full size.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from regbench.data import Prepared
from regbench.data.table import Maps
from regbench.random import Stream
from regbench.tasks.blocks import MAPS
from regbench.tasks.task import Block

DEGREES = 5.0
JITTER = 0.4  # of brightness, contrast and saturation
LIGHTING = 0.1  # standard deviation of the shift along each main colour
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, which published weights expect
# Eigenvalues and, in columns, eigenvectors of the colours of ImageNet.
EIGENVALUES = (0.2175, 0.0188, 0.0045)
EIGENVECTORS = ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140), (-0.5836, -0.6948, 0.4203))
GREY = (0.299, 0.587, 0.114)
WHITE = 255
HALF = 2  # an image's pixels for one of its map, in each direction


@dataclass(frozen=True)
class Dense:
    """Images (N, C, H, W) by part, uint8 and usually memory-mapped; their maps; and the targets of evaluated pixels.

    origin, scale: a target is (depth - origin) / scale, as it was prepared.
    """

    x: dict[str, NDArray[np.uint8]]
    y: dict[str, Tensor]  # (R, M)
    maps: Maps
    origin: float
    scale: float

    @classmethod
    def of(cls, data: Prepared, device: torch.device, dtype: torch.dtype) -> "Dense":
        """The parts of a split; only the targets of evaluated pixels move to the device."""
        assert data.maps is not None
        x = {"train": data.x_train, "val": data.x_val, "test": data.x_test}
        y = {"train": data.y_train, "val": data.y_val, "test": data.y_test}
        targets = {part: torch.from_numpy(values).to(device, dtype) for part, values in y.items()}
        low, high = float(data.y_low[0]), float(data.y_high[0])
        return cls({part: rows.view(np.uint8) for part, rows in x.items()}, targets, data.maps, low, high - low)

    @property
    def on_device(self) -> bool:
        return False

    def rows(self, part: str) -> int:
        return len(self.x[part])

    def batch(self, rows_SB: Tensor, streams: Stream) -> Block:
        """These training images, x (S, B, C, h, w), with maps y (S, B, h/2, w/2, 1) and the mask of known pixels."""
        shape, targets = rows_SB.shape, self.y["train"]
        rows = rows_SB.flatten().cpu().numpy()
        images = _read(self.x["train"], rows, targets.device).to(targets.dtype).div_(WHITE)
        depths = _read(self.maps.train, rows, targets.device).to(targets.dtype)
        turns = _turns(streams, shape[1]).to(targets.dtype)
        images, depths = turned(images, depths[:, None], turns, self.maps.size)
        x = normalised(coloured(images, streams, shape[1]))
        y = (depths[:, 0] * self.maps.units[0] - self.origin) / self.scale
        return Block(x.unflatten(0, shape), y[..., None].unflatten(0, shape), (depths[:, 0] > 0).unflatten(0, shape))

    def blocks(self, part: str, rows: int) -> Iterator[Block]:
        """The middle of all images of a part in their order, a few at a time, and the pixels that are evaluated."""
        (top, left), (height, width) = self.maps.corner, self.maps.size
        targets, mask = self.y[part], self.maps.mask
        first = 0
        for start in range(0, len(mask), min(rows, MAPS)):
            places = np.arange(start, min(start + min(rows, MAPS), len(mask)))
            images = _read(self.x[part], places, targets.device)[..., top : top + height, left : left + width]
            chosen = torch.from_numpy(np.array(mask[places])).to(targets.device)
            last = first + int(np.count_nonzero(mask[places]))
            yield Block(normalised(images.to(targets.dtype).div_(WHITE)), targets[first:last], chosen)
            first = last

    def targets(self, part: str) -> Tensor:
        return self.y[part]


def _read(array: NDArray[np.unsignedinteger], rows: NDArray[np.int64], device: torch.device) -> Tensor:
    """Rows of an array on disk, on the device."""
    return torch.from_numpy(np.ascontiguousarray(array[rows])).to(device)


def _turns(streams: Stream, count: int) -> Tensor:
    """Two-dimensional turns (S B, 2, 2) from places of the result to places of the image, both (x, y)."""
    angle = (2 * streams.child("angle").uniform(count).flatten() - 1) * math.radians(DEGREES)
    across = 1 - 2.0 * streams.child("mirror").integers(2, count).flatten()  # -1 mirrors
    cos, sin = angle.cos(), angle.sin()
    return torch.stack([torch.stack([across * cos, across * -sin], -1), torch.stack([sin, cos], -1)], -2)


def turned(x_RCHW: Tensor, maps_R1HW: Tensor, turns_R22: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The middle of each image, turned about it, (R, C, h, w), and of its map at half the size; outside it is 0.

    A pixel of the small map is the lower right one of four.
    """
    whole = x_RCHW.shape[2:]
    images = functional.grid_sample(
        x_RCHW, _places(turns_R22, whole, size, 1), mode="bilinear", padding_mode="zeros", align_corners=False
    )
    small = functional.grid_sample(
        maps_R1HW, _places(turns_R22, whole, size, HALF), mode="nearest", padding_mode="zeros", align_corners=False
    )
    return images, small


def _places(turns_R22: Tensor, whole: tuple[int, ...], size: tuple[int, int], step: int) -> Tensor:
    """Where each result pixel lies in the image, (R, h, w, 2), from -1 to 1 over the width and the height."""
    ends = torch.tensor([whole[1], whole[0]]).to(turns_R22)
    down, across = (torch.arange(step - 1, side, step).to(turns_R22) - (side - 1) / 2 for side in size)
    offset = torch.stack(torch.meshgrid(down, across, indexing="ij")[::-1], -1)
    return 2 * (offset @ turns_R22[:, None].mT) / ends


def coloured(x_RCHW: Tensor, streams: Stream, count: int) -> Tensor:
    """Images in [0, 1] with other colours; values beyond 0 and 1 are left as they are."""
    draw = streams.child("lighting").normal(count, 3).flatten(0, 1).to(x_RCHW)
    values, vectors = (torch.tensor(known).to(x_RCHW) for known in (EIGENVALUES, EIGENVECTORS))
    x = x_RCHW + ((LIGHTING * draw * values) @ vectors.mT)[..., None, None]
    share = (JITTER * (2 * streams.child("jitter").uniform(count, 3).flatten(0, 1) - 1)).to(x)
    order = streams.child("jitter", "order").uniform(count, 3).argsort(-1).flatten(0, 1)
    for turn in range(3):
        which = order[:, turn, None, None, None]
        grey = (x * torch.tensor(GREY).to(x)[:, None, None]).sum(1, keepdim=True)
        towards = torch.where(which == 0, 0.0, torch.where(which == 1, grey.mean((1, 2, 3), keepdim=True), grey))
        x = x + share.gather(1, order[:, turn, None])[..., None, None] * (towards - x)
    return x


def normalised(x: Tensor) -> Tensor:
    """Values in [0, 1] less the mean of ImageNet, in its standard deviations."""
    mean, std = (torch.tensor(known).to(x)[:, None, None] for known in (MEAN, STD))
    return (x - mean) / std
