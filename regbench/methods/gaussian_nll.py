"""A Gaussian with trained mean and variance for every input, by maximum likelihood.

The loss is ½ (log v + (y - ŷ)² / v). A row with a high predicted variance v has a low weight in the fit of the mean,
so a region that is hard to fit may never be learnt (`beta_nll` is a remedy).
"""

from torch import Tensor

from regbench.methods.shared.gaussian import coverage, crps, mean, negative_log_likelihood, nll, variance
from regbench.types import Batch, HParams, Method, Params


def loss(_params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """Negative log-likelihood of each row, summed over dimensions: outputs (B, 2 M), targets (B, M) -> (B,)."""
    return negative_log_likelihood(batch.y, batch.prediction, variance(batch.outputs)).sum(-1)


METHOD = Method(
    outputs=lambda _k, m: 2 * m,
    init=lambda *_: Params(),
    loss=loss,
    predict=mean,
    scores={"crps": crps, "nll": nll, "coverage": coverage},
    uses_k=False,
    label="Gaussian NLL",
    colour="#CC79A7",
    reference="Nix, Weigend (1994), IEEE International Conference on Neural Networks",
)
