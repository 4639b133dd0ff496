"""Pearson's correlation of predictions and targets, which a shift or a scaling of the predictions does not change.

Of each target dimension over the rows; of several dimensions their mean. Of predictions or targets that do not vary it
is not defined: NaN.
"""

import torch
from torch import Tensor

from regbench.types import Metric


def pearson(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """Of each job, in float64: (J,)."""
    return correlation(prediction_JNM.double(), y_NM.double()).mean(1)


def correlation(a_JNM: Tensor, b_NM: Tensor) -> Tensor:
    """Of each job and dimension over the rows, never outside [-1, 1]: (J, M)."""
    a_JNM, b_NM = unit(a_JNM), unit(b_NM)
    return (a_JNM * b_NM).sum(1).clamp(-1, 1)


def unit(values: Tensor) -> Tensor:
    """Columns (..., N, M) less their means and divided by their lengths; NaN where they do not vary."""
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
