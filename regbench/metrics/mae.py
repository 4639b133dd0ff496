"""Mean absolute error.

mean |ŷ - y| over rows and target dimensions together.
"""

from torch import Tensor

from regbench.types import Metric


def mae(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """The error of each job (J,), in float64."""
    return (prediction_JNM.double() - y_NM.double()).abs().mean((1, 2))


METRIC = Metric(
    label="MAE",
    symbol="MAE",
    better="low",
    unit="target",
    needs="predictions",
    compute=mae,
    reference="Willmott, Matsuura (2005), Climate Research 30, https://doi.org/10.3354/cr030079",
)
