"""Spearman's rank correlation: how well the order of the predictions agrees with that of the targets.

It is Pearson's correlation of ranks over the rows, for each target dimension, averaged over dimensions; equal values
get the mean of their ranks. An increasing transformation of the predictions does not change it. NaN if predictions or
targets do not vary.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regbench.metrics.pearson import correlation
from regbench.types import Metric


def spearman(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """The correlation of each job (J,), in float64; NaN if a prediction is not finite."""
    found_J = correlation(ranks(prediction_JNM), ranks(y_NM)).mean(1)
    return torch.where(prediction_JNM.isfinite().all(2).all(1), found_J, torch.nan)


def ranks(values: Tensor) -> Tensor:
    """The rank of each value in its column (..., N, M), from 1, in float64; among NaN it means nothing."""
    columns = values.mT.contiguous()
    if columns.device.type == "cpu":  # NumPy sorts twenty times faster than torch
        found = [_ranks(column) for column in columns.view(-1, columns.shape[-1]).numpy()]
        return torch.from_numpy(np.stack(found)).view(columns.shape).mT
    ordered = columns.sort(-1).values
    below, upto = (torch.searchsorted(ordered, columns, right=right) for right in (False, True))
    return ((below + upto + 1).double() / 2).mT


def _ranks(column_N: NDArray[np.floating]) -> NDArray[np.float64]:
    order = np.argsort(column_N)
    ordered = column_N[order]
    starts = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1], [True])))  # of equal values; the end
    found = np.empty(len(column_N))
    found[order] = np.repeat((starts[:-1] + starts[1:] + 1) / 2, np.diff(starts))
    return found


METRIC = Metric(
    label="Spearman",
    symbol="ρ",
    better="high",
    unit="none",
    needs="predictions",
    compute=spearman,
    reference="Spearman (1904), https://doi.org/10.2307/1412159",
)
