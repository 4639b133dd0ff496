"""Gaussian negative log-likelihood with trained mean and variance, each row weighted by a power β of its variance.

stop-gradient(v)^β · ½ (log v + (y - ŷ)² / v): no gradient flows through the weight. β = 0 is `gaussian_nll`;
with β = 1 the gradient of the mean is that of half the squared error, so rows with a high predicted variance are
still fitted.
"""

from torch import Tensor

from regbench.methods.shared.gaussian import coverage, crps, mean, negative_log_likelihood, nll, variance
from regbench.types import Batch, HParam, HParams, Method, Params


def loss(_params: Params, batch: Batch, hparams: HParams) -> Tensor:
    """The weighted negative log-likelihood, summed over dimensions: outputs (B, 2 M), targets (B, M) -> (B,)."""
    variance_BM = variance(batch.outputs)
    weight_BM = variance_BM.detach() ** hparams["variance_power"]
    return (weight_BM * negative_log_likelihood(batch.y, batch.prediction, variance_BM)).sum(-1)


METHOD = Method(
    outputs=lambda _k, m: 2 * m,
    init=lambda *_: Params(),
    loss=loss,
    predict=mean,
    scores={"crps": crps, "nll": nll, "coverage": coverage},
    hparams={"variance_power": HParam(0.5, low=0.1, high=1.0, least=0)},
    uses_k=False,
    label="β-NLL",
    colour="#AA4499",
    reference="Seitzer, Tavakoli, Antic, Martius (2022), ICLR, https://arxiv.org/abs/2203.09168",
)
