"""The table of a dataset, not scaled and not split, and the same dataset prepared for training."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Float64 = NDArray[np.float64]
Float32 = NDArray[np.float32]
Inputs = NDArray[np.float32] | NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Maps:
    """Targets that are maps, a value for each pixel of an image, as they lie on disk.

    train, test: (N, H, W), whole numbers; 0 where nothing is known.
    units: what 1 stands for in each of them, in units of the target.
    mask: bool (N, h, w): the pixels of the test images, cut to their middle, that are evaluated.
    low, high: the range of the training pixels, in units of the target.
    """

    train: NDArray[np.unsignedinteger]
    test: NDArray[np.unsignedinteger]
    units: tuple[float, float]
    mask: NDArray[np.bool_]
    low: float
    high: float

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what a network sees of an image."""
        return self.mask.shape[1], self.mask.shape[2]

    @property
    def corner(self) -> tuple[int, int]:
        """The first row and the first column of the middle."""
        return corner(self.train.shape[1:], self.size)


def corner(whole: tuple[int, ...], size: tuple[int, ...]) -> tuple[int, int]:
    """The first row and column of the middle of this size of an image.

    >>> corner((240, 320), (228, 304))
    (6, 8)
    """
    return (whole[0] - size[0]) // 2, (whole[1] - size[1]) // 2


@dataclass(frozen=True, eq=False)
class Table:
    """All rows of a dataset in their canonical order.

    x: float64 (N, D), or for images uint8 (N, C, H, W).
    y: float64 (N, M); where targets are maps, some training pixels (P, 1).
    columns: names of the D inputs; empty for images.
    target: name of the target.
    source: name of the source that gave it.
    parts: sizes of the official split (training, validation, test, in row order), if there is one.
    task: how rows reach a training: `resident`, all of them on its device, or `images`, from disk batch by batch, or
        `dense`, the same with maps as targets.
    shots: the rule by which rows have many, median or few training rows near (`metrics.shots.RULES`), if there is one.
    """

    x: NDArray[np.float64] | NDArray[np.uint8]
    y: Float64
    columns: tuple[str, ...] = ()
    target: str = "target"
    source: str = ""
    parts: tuple[int, int, int] | None = None
    task: str = "resident"
    shots: str = ""
    maps: Maps | None = None

    @property
    def rows(self) -> int:
        """Number of rows N."""
        return self.x.shape[0]

    @property
    def is_image(self) -> bool:
        """Whether the inputs are images (N, C, H, W) rather than columns (N, D)."""
        return self.x.ndim == 4


@dataclass(frozen=True, eq=False)
class Prepared:
    """A dataset ready for training: split, scaled on its training rows, float32.

    x_*: (N, D) or (N, C, H, W); uint8 for the task `images`, as they lie on disk.
    y_*: (N, M), the training targets in [0, 1] unless they are raw. Where targets are maps, they are those of some
        training pixels (P, 1), and of the validation and test pixels that are evaluated (R, 1).
    y_low, y_high: range (M,) of the training targets in original units, or 0 and 1 where the targets are raw; always
        y = y_low + (y_high - y_low) * scaled.
    rows_*: row numbers in the table.
    source: name of the source that gave the table.
    task: as in `Table`.
    shots: for each part of the split, whether its rows (N,) have many, median or few training rows near; empty without
        a rule.
    maps: the maps, if targets are maps.
    """

    x_train: Inputs
    y_train: Float32
    x_val: Inputs
    y_val: Float32
    x_test: Inputs
    y_test: Float32
    y_low: Float64
    y_high: Float64
    rows_train: NDArray[np.int64] = field(repr=False)
    rows_val: NDArray[np.int64] = field(repr=False)
    rows_test: NDArray[np.int64] = field(repr=False)
    source: str = ""
    task: str = "resident"
    shots: Mapping[str, NDArray[np.int64]] = field(default_factory=dict, repr=False)
    maps: Maps | None = field(default=None, repr=False)

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Rows for training, validation and test."""
        return len(self.x_train), len(self.x_val), len(self.x_test)

    @property
    def is_positive(self) -> bool:
        """Whether all targets are positive, as ages and depths are; never if they are scaled, for the least is 0."""
        return all(bool((y > 0).all()) for y in (self.y_train, self.y_val, self.y_test))
