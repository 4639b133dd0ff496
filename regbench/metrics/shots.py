"""Many, median and few: errors by how many training labels are near, as benchmarks of imbalanced regression show them.

The rules are those of *Delving into Deep Imbalanced Regression* (Yang et al., ICML 2021,
https://arxiv.org/abs/2102.09554) for its two sets AgeDB-DIR and NYUD2-DIR. On NYUD2-DIR every bucket of depth counts
the same, however many pixels it has.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from regbench.metrics import SHOTS

MANY, MEDIAN, FEW = range(3)

MORE_THAN, LESS_THAN = 100, 20  # training images of an age: more are many, less are few, both bounds median

BUCKETS_PER_METRE, LAST_BUCKET = 10, 99
BINS = 100  # equal parts of the training range, for any table; the ages of AgeDB-DIR span a hundred years too
EDGE = 1e-3  # of a bin: a target that lies at an edge but for rounding is in the upper bin, in any precision
MANY_SHARE, FEW_SHARE = 5 / 6, 1 / 6  # of an even spread; what the bounds of AgeDB-DIR are to 12208 images of 102 ages

MANY_BUCKETS = (*range(9, 46), 47, 49)
MEDIAN_BUCKETS = (7, 8, 46, 48, *range(50, 57), 58, 60, 61, 63)

Shots = NDArray[np.int64]  # numbers of SHOTS
Numbers = NDArray[np.floating] | NDArray[np.integer]


def of_ages(ages_R: Numbers, train_ages_N: Numbers) -> Shots:
    """The shot (R,) of each age, by the number of training images with the same whole number of years.

    >>> of_ages(np.array([40, 5, 7]), np.repeat([40, 5], [101, 100])).tolist()
    [0, 1, 2]
    """
    known, counts = np.unique(np.floor(train_ages_N), return_counts=True)
    same_RA = np.floor(ages_R)[:, None] == known
    count_R = (same_RA * counts).sum(1)
    return np.select([count_R > MORE_THAN, count_R < LESS_THAN], [MANY, FEW], MEDIAN).astype(np.int64)


def buckets(depths_R: Numbers) -> NDArray[np.int64]:
    """The bucket (R,) of each depth in metres: a tenth of a metre wide, the last one open.

    >>> buckets(np.array([0.75, 3.0, 25.0])).tolist()
    [7, 30, 99]
    """
    return np.minimum(np.floor(BUCKETS_PER_METRE * np.asarray(depths_R)), LAST_BUCKET).astype(np.int64)


def of_depths(depths_R: Numbers) -> Shots:
    """The shot (R,) of each depth in metres, by the number of training pixels in its bucket."""
    bucket_R = buckets(depths_R)
    in_R = [np.isin(bucket_R, MANY_BUCKETS), np.isin(bucket_R, MEDIAN_BUCKETS)]
    return np.select(in_R, [MANY, MEDIAN], FEW).astype(np.int64)


def of_density(targets_R: Numbers, train_N: Numbers) -> Shots:
    """The shot (R,) of each target of any table, by the number of training rows in its part of the training range.

    Many are more than 5/6 of what each bin would have if the rows were spread evenly over the bins that have any, few
    are less than 1/6. So rules of whole ages and of the whole grades of a wine are the same. Beyond the range are none.

    >>> of_density(np.array([0.0, 0.5, 0.3, 1.0, 2.0]), np.repeat([0.0, 0.5, 1.0], [100, 30, 7])).tolist()
    [0, 1, 2, 2, 2]
    """
    low, high = train_N.min(), train_N.max()
    count_K = np.bincount(_bins(train_N, low, high), minlength=BINS)
    even = len(train_N) / np.count_nonzero(count_K)
    inside_R = (targets_R >= low) & (targets_R <= high)
    count_R = np.where(inside_R, count_K[_bins(targets_R, low, high)], 0)
    return np.select([count_R > MANY_SHARE * even, count_R < FEW_SHARE * even], [MANY, FEW], MEDIAN).astype(np.int64)


def _bins(targets_R: Numbers, low: float, high: float) -> NDArray[np.int64]:
    """The bin of each target, those at the ends for what lies beyond them: (R,)."""
    position_R = (targets_R - low) / (high - low if high > low else 1) * BINS
    return np.clip(np.floor(position_R + EDGE), 0, BINS - 1).astype(np.int64)


RULES = {"ages": of_ages, "density": of_density}  # by the name that a dataset's description or a protocol gives


def means(values_R: Numbers, shots_R: Shots, balance_R: Numbers | None = None) -> dict[str, float]:
    """The mean of values, such as absolute or squared errors, over all rows and over each shot; NaN without rows.

    Args:
        values_R: one for each row.
        shots_R: as `of_ages` and `of_depths` give them.
        balance_R: cells, such as `buckets`, that count the same whatever their number of rows; without it rows do.
    """
    weight_R = np.ones(len(values_R))
    if balance_R is not None:
        _, cell_R, counts = np.unique(balance_R, return_inverse=True, return_counts=True)
        weight_R = 1 / counts[cell_R]
    chosen = {"all": np.full(len(values_R), True), **{name: shots_R == shot for shot, name in enumerate(SHOTS)}}
    return {
        name: float(np.average(values_R[rows], weights=weight_R[rows])) if rows.any() else float("nan")
        for name, rows in chosen.items()
    }


def together(values: Mapping[str, float], sizes: Mapping[str, int], power: int = 1) -> float:
    """The value over all rows that those of the shots add up to; checks rows of published tables.

    Args:
        values: of each shot: means, such as an MAE or a share.
        sizes: of each shot: its rows, or its buckets where these count the same.
        power: 2 for root mean squares.
    """
    total = sum(sizes[name] * values[name] ** power for name in SHOTS)
    return (total / sum(sizes[name] for name in SHOTS)) ** (1 / power)
