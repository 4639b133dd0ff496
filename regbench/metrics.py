"""How far predictions are from targets, per job and in float64: (J, N, M) and (N, M) -> (J,)."""

from torch import Tensor


def rmse(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """Root mean squared error over rows and target dimensions: (J,)."""
    return (prediction_JNM.double() - y_NM.double()).square().mean((1, 2)).sqrt()


def mae(prediction_JNM: Tensor, y_NM: Tensor) -> Tensor:
    """Mean absolute error over rows and target dimensions: (J,)."""
    return (prediction_JNM.double() - y_NM.double()).abs().mean((1, 2))


METRICS = {"rmse": rmse, "mae": mae}
