"""Median absolute error: half of the predictions are closer to their targets than this.

The median of |ŷ - y| over rows and target dimensions together; for an even number the mean of the two middle values.
A few large errors do not change it.
"""

import torch
from torch import Tensor

from regbench.types import Metric


def medae(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """The error of each job (J,), in float64; NaN if a prediction is not finite."""
    error_JE = (prediction_JNM.double() - y_NM.double()).abs().flatten(1)
    count = error_JE.shape[1]
    low_J, high_J = (error_JE.kthvalue(place, dim=1).values for place in ((count + 1) // 2, count // 2 + 1))
    return torch.where(error_JE.isfinite().all(1), (low_J + high_J) / 2, torch.nan)


METRIC = Metric(
    label="MedAE",
    symbol="MedAE",
    better="low",
    unit="target",
    needs="predictions",
    compute=medae,
    reference="Hyndman, Koehler (2006), https://doi.org/10.1016/j.ijforecast.2006.03.001",
)
