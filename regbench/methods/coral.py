"""Ordinal regression with one score and K - 1 trained thresholds, so that probabilities never cross (CORAL).

P(y > t) = σ(s + b_t) with one output s for each target dimension and a bias b_t for each threshold; the loss is the sum
of the binary cross-entropies over thresholds. All thresholds use the same s, and the biases are in order at the optimum
and stay so; hence the probabilities decrease with t. The prediction is the mean, or (`decode=rank`), as published, the
number of thresholds that are exceeded with a probability above ½.
"""

import torch
from torch import Tensor

from regbench.methods.shared import ordinal
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, _hparams: HParams, static: Static, _stream: Stream) -> Params:
    """Fixed thresholds between K even ranks, and trained biases (K - 1, M) that start at (K - 1, ..., 1) / (K - 1)."""
    falling_T = torch.arange(k - 1, 0, -1, dtype=y_NM.dtype) / (k - 1)
    biases_TM = falling_T[:, None].repeat(1, y_NM.shape[1])
    return Params(trained={"biases": biases_TM}, fixed=ordinal.thresholds(y_NM, k, static))


def logits(params: Params, outputs_BM: Tensor) -> Tensor:
    """Logits of P(y > t): (B, M) -> (M, T, B)."""
    return outputs_BM.mT[:, None] + params["biases"].mT[:, :, None]


def exceeding(params: Params, outputs_BM: Tensor) -> Tensor:
    """P(y > t): (B, M) -> (M, T, B)."""
    return logits(params, outputs_BM).sigmoid()


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """Binary cross-entropies summed over thresholds and dimensions: outputs and targets (B, M) -> (B,)."""
    decisions = ordinal.threshold_losses(logits(params, batch.outputs), ordinal.levels(params, batch.y))
    return decisions.sum((0, 1))


def predict(params: Params, outputs_BM: Tensor) -> Tensor:
    """The mean of the predicted distribution over ranks, or the predicted rank: (B, M) -> (B, M)."""
    return ordinal.decode(params, exceeding(params, outputs_BM))


METHOD = Method(
    outputs=lambda _k, m: m,
    init=init,
    loss=loss,
    predict=predict,
    scores={
        "crps": lambda params, outputs_BM, y_BM: ordinal.crps(params, exceeding(params, outputs_BM), y_BM),
        "coverage": lambda params, outputs_BM, y_BM: ordinal.coverage(params, exceeding(params, outputs_BM), y_BM),
    },
    hparams={"encoder_lr": HParam(1.0, low=0.1, high=10.0, least=0, symbol="encoder rate")},
    static={"decode": "mean"},
    uses_k=True,
    label="CORAL",
    colour="#DDCC77",
    reference="Cao, Mirjalili, Raschka (2020), Pattern Recognition Letters 140, https://arxiv.org/abs/1901.07884",
)
