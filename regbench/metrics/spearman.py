"""Spearman's rank correlation: whether predictions put rows in the order of their targets.

Pearson's correlation of ranks, equal values sharing the mean of theirs, of each target dimension over the rows; of
several dimensions their mean. Any rising function of the predictions has the same. Of predictions or targets that do
not vary it is not defined: NaN.
"""

import torch
from torch import Tensor

from regbench.metrics.pearson import correlation
from regbench.types import Metric


def spearman(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """Of each job, in float64, NaN where a prediction is not finite: (J,)."""
    found_J = correlation(ranks(prediction_JNM), ranks(y_NM)).mean(1)
    return torch.where(prediction_JNM.isfinite().all(2).all(1), found_J, torch.nan)


def ranks(values: Tensor) -> Tensor:
    """The rank of each value in its column (..., N, M), from 1, in float64."""
    columns = values.mT.contiguous()
    ordered = columns.sort(-1).values
    below, upto = (torch.searchsorted(ordered, columns, right=right) for right in (False, True))
    return ((below + upto + 1).double() / 2).mT


METRIC = Metric(
    label="Spearman",
    symbol="ρ",
    better="high",
    unit="none",
    needs="predictions",
    compute=spearman,
    reference="Spearman (1904), https://doi.org/10.2307/1412159",
)
