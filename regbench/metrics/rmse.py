"""Root mean squared error.

√(mean (ŷ - y)²) over rows and target dimensions together.
"""

from torch import Tensor

from regbench.types import Metric


def rmse(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """The error of each job (J,), in float64."""
    return (prediction_JNM.double() - y_NM.double()).square().mean((1, 2)).sqrt()


METRIC = Metric(
    label="RMSE",
    symbol="RMSE",
    better="low",
    unit="target",
    needs="predictions",
    compute=rmse,
    reference="Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes",
)
