"""Threshold accuracy: the share of predictions within a factor of 1.25 of their targets, for targets that are positive.

The share of max(ŷ/y, y/ŷ) < 1.25 over rows and target dimensions together. A prediction that is not positive is wrong;
its negative ratios would count as right. Only of targets in their own units: of scaled ones a factor means nothing.
"""

import torch
from torch import Tensor

from regbench.types import Metric

FACTOR = 1.25


def delta1(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """The share of each job (J,), in float64; NaN if a prediction is not finite."""
    prediction_JNM, y_NM = prediction_JNM.double(), y_NM.double()
    positive_JNM = (prediction_JNM > 0) & (y_NM > 0)
    near_JNM = (prediction_JNM < FACTOR * y_NM) & (y_NM < FACTOR * prediction_JNM)
    share_J = (positive_JNM & near_JNM).double().mean((1, 2))
    return torch.where(prediction_JNM.isfinite().all(2).all(1), share_J, torch.nan)


METRIC = Metric(
    label="δ₁",
    symbol="δ₁",
    better="high",
    unit="share",
    needs="positive",
    compute=delta1,
    reference="Eigen, Puhrsch, Fergus (2014), NeurIPS, https://arxiv.org/abs/1406.2283",
)
