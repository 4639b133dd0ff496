"""A Gaussian for each target dimension: 2 M outputs, which are M means and M unconstrained variances."""

from torch import Tensor
from torch.nn.functional import softplus

from regbench.metrics import coverage as intervals
from regbench.metrics import crps as distances
from regbench.metrics import nll as likelihoods
from regbench.types import Params

LEAST_VARIANCE = 1e-6  # a standard deviation of 1e-3 of the range: repeated targets would drive the variance to 0


def mean(_params: Params, outputs_BK: Tensor) -> Tensor:
    """The predicted means: outputs (B, 2 M) -> (B, M)."""
    return outputs_BK[:, : outputs_BK.shape[1] // 2]


def variance(outputs_BK: Tensor) -> Tensor:
    """The predicted variances v = softplus(·) + 1e-6: outputs (B, 2 M) -> (B, M)."""
    return softplus(outputs_BK[:, outputs_BK.shape[1] // 2 :]) + LEAST_VARIANCE


def nll(_params: Params, outputs_BK: Tensor, y_BM: Tensor) -> Tensor:
    """Negative log-likelihood of each row, including its constant: outputs (B, 2 M), targets (B, M) -> (B,)."""
    return likelihoods.of_gaussian(mean(_params, outputs_BK), variance(outputs_BK), y_BM)


def crps(_params: Params, outputs_BK: Tensor, y_BM: Tensor) -> Tensor:
    """CRPS of each row, averaged over dimensions: outputs (B, 2 M), targets (B, M) -> (B,)."""
    return distances.of_gaussian(mean(_params, outputs_BK), variance(outputs_BK), y_BM)


def coverage(_params: Params, outputs_BK: Tensor, y_BM: Tensor) -> Tensor:
    """Whether the target of each row is inside, averaged over dimensions: outputs (B, 2 M), targets (B, M) -> (B,)."""
    return intervals.of_gaussian(mean(_params, outputs_BK), variance(outputs_BK), y_BM)


def negative_log_likelihood(y_BM: Tensor, mean_BM: Tensor, variance_BM: Tensor) -> Tensor:
    """½ (log v + (y - ŷ)² / v) of each row and dimension, without the constant ½ log 2π: (B, M)."""
    return 0.5 * (variance_BM.log() + (y_BM - mean_BM).square() / variance_BM)
