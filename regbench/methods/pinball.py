"""K quantiles of the target at once: the pinball loss at the levels τ_i = (i - ½) / K.

The pinball loss is max(τ e, (τ - 1) e) with e = y - q_τ. The loss is twice its mean over the levels, which approaches
the CRPS as K grows. Quantiles never cross: the first is an output, and each further one adds a positive increment, a
softplus of an output in units of an even spacing. An untrained network thus gives an even grid over the range of the
targets. The prediction is the mean of the quantiles, which is the mean of the distribution by the midpoint rule, or
(`point=median`) the middle quantile.
"""

import math

import torch
from torch import Tensor

from regbench.errors import one_of
from regbench.methods.shared.marginals import grids, logits
from regbench.metrics import coverage as intervals
from regbench.metrics import crps as distances
from regbench.random import Stream
from regbench.types import Batch, HParams, Method, Params, Static

POINTS = ("mean", "median")


def init(y_NM: Tensor, k: int, _hparams: HParams, static: Static, _stream: Stream) -> Params:
    """The offset of the lowest quantile (M,), the spacing (M,), and each quantile's weight (K,) in the prediction.

    Raises `UsageError` for an unknown `point`.
    """
    point = one_of("point", static["point"], POINTS, "prediction")
    weight_K = torch.full((k,), 1 / k, dtype=y_NM.dtype)
    if point == "median":  # the mean of the two middle ones if K is even
        weight_K = torch.zeros_like(weight_K)
        weight_K[[(k - 1) // 2, k // 2]] = 1 / len({(k - 1) // 2, k // 2})
    centres_KM, delta_M = grids(y_NM, k)
    return Params(fixed={"lowest": centres_KM[0], "delta": delta_M, "weight": weight_K})


def quantiles(params: Params, outputs_BK: Tensor) -> Tensor:
    """The quantile of every level, in order: outputs (B, M·K) -> (M, K, B)."""
    delta_M = params["delta"]
    raw_MKB = logits(outputs_BK, len(delta_M))
    steps_MKB = torch.nn.functional.softplus(raw_MKB[:, 1:]) * (delta_M / math.log(2))[:, None, None]
    first_M1B = raw_MKB[:, :1] + params["lowest"][:, None, None]
    return torch.cat([first_M1B, steps_MKB], dim=1).cumsum(1)


def levels(k: int, like: Tensor) -> Tensor:
    """The quantile levels τ_i = (i - ½) / K: (K,)."""
    return (torch.arange(k, device=like.device) + 0.5).to(like.dtype) / k


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """Twice the mean pinball loss over the levels, summed over dimensions: outputs (B, M·K) -> (B,)."""
    error_MKB = batch.y.mT[:, None] - quantiles(params, batch.outputs)
    tau_K = levels(error_MKB.shape[1], error_MKB)[:, None]
    return 2 * torch.maximum(tau_K * error_MKB, (tau_K - 1) * error_MKB).mean(1).sum(0)


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the quantiles, or the middle one: (B, M·K) -> (B, M)."""
    return (quantiles(params, outputs_BK) * params["weight"][:, None]).sum(1).mT


def crps(params: Params, outputs_BK: Tensor, y_BM: Tensor) -> Tensor:
    """CRPS of equal probabilities at the quantiles: the loss, averaged over dimensions instead of summed; (B,)."""
    return distances.of_atoms(*distribution(params, outputs_BK), y_BM)


def coverage(params: Params, outputs_BK: Tensor, y_BM: Tensor) -> Tensor:
    """Coverage of the same distribution; the ends of the interval are trained quantiles: (B,)."""
    return intervals.of_atoms(*distribution(params, outputs_BK), y_BM)


def distribution(params: Params, outputs_BK: Tensor) -> tuple[Tensor, Tensor]:
    """Equal probabilities at the quantiles: probabilities and atoms (M, K, B)."""
    atoms_MKB = quantiles(params, outputs_BK)
    return torch.full_like(atoms_MKB, 1 / atoms_MKB.shape[1]), atoms_MKB


METHOD = Method(
    outputs=lambda k, m: k * m,
    init=init,
    loss=loss,
    predict=predict,
    scores={"crps": crps, "coverage": coverage},
    static={"point": "mean"},
    uses_k=True,
    label="pinball",
    colour="#F0E442",
    reference="Koenker, Bassett (1978), Econometrica 46, https://doi.org/10.2307/1913643",
)
