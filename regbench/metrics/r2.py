"""Coefficient of determination: the share of the targets' variance that predictions explain.

R² = 1 - Σ (ŷ - y)² / Σ (y - ȳ)² for each target dimension, ȳ the mean of the rows at hand; of several dimensions their
mean. 1 is perfect, the mean of the targets has 0, and what is worse than that is below 0. Of a target that does not
vary it is not defined: NaN.
"""

from torch import Tensor

from regbench.types import Metric


def r2(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """Of each job, in float64: (J,)."""
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
