"""Coefficient of determination: the fraction of the targets' variance that predictions explain.

R² = 1 - Σ (ŷ - y)² / Σ (y - ȳ)² for each target dimension, where ȳ is the mean of the same rows; for several
dimensions their mean. 1 is perfect, predicting the mean of the targets gives 0, and worse predictions are below 0. NaN
for a target that does not vary.
"""

from torch import Tensor

from regbench.types import Metric


def r2(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """R² of each job (J,), in float64."""
    y_NM = y_NM.double()
    left_JM = (prediction_JNM.double() - y_NM).square().sum(1)
    varied_M = (y_NM - y_NM.mean(0)).square().sum(0)
    return (1 - left_JM / varied_M.where(varied_M > 0, float("nan"))).mean(1)


METRIC = Metric(
    label="R²",
    symbol="R²",
    better="high",
    unit="none",
    needs="predictions",
    compute=r2,
    reference="Wright (1921), Correlation and causation, Journal of Agricultural Research 20",
)
