"""Pearson's correlation of predictions and targets; shifting or scaling the predictions does not change it.

It is computed over the rows for each target dimension and averaged over dimensions. NaN if predictions or targets do
not vary.
"""

import torch
from torch import Tensor

from regbench.types import Metric


def pearson(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """The correlation of each job (J,), in float64."""
    return correlation(prediction_JNM.double(), y_NM.double()).mean(1)


def correlation(a_JNM: Tensor, b_NM: Tensor) -> Tensor:
    """The correlation of each job and dimension (J, M) over the rows, clamped to [-1, 1]."""
    a_JNM, b_NM = unit(a_JNM), unit(b_NM)
    return (a_JNM * b_NM).sum(1).clamp(-1, 1)


def unit(values: Tensor) -> Tensor:
    """Columns (..., N, M) minus their means, divided by their Euclidean norms; NaN if they do not vary."""
    varies = (values != values[..., :1, :]).any(-2, keepdim=True)
    centred = values - values.mean(-2, keepdim=True)
    return centred / torch.where(varies, centred.norm(dim=-2, keepdim=True), torch.nan)


METRIC = Metric(
    label="Pearson",
    symbol="r",
    better="high",
    unit="none",
    needs="predictions",
    compute=pearson,
    reference="Pearson (1895), https://doi.org/10.1098/rspl.1895.0041",
)
