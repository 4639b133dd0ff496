"""Ordinal regression by conditional probabilities, whose products never cross (CORN).

Output t gives P(y > t | y > t - 1) = σ(g_t), trained only on the rows above threshold t - 1, and P(y > t) is the
product of the conditional probabilities up to t. The loss of a row is the sum over the decisions it takes part in,
divided by the mean number of decisions per training target. The paper divides by the number of decisions in the batch,
which would make the loss of a row depend on the other rows. The prediction is the mean, or (`decode=rank`), as
published, the number of thresholds that are exceeded with a probability above ½.
"""

import torch
from torch import Tensor

from regbench.methods.shared import marginals, ordinal
from regbench.random import Stream
from regbench.types import Batch, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, _hparams: HParams, static: Static, _stream: Stream) -> Params:
    """Fixed thresholds between K even ranks, and how many decisions () a training target takes part in on average."""
    fixed = ordinal.thresholds(y_NM, k, static)
    taken = asked(ordinal.levels(Params(fixed=fixed), y_NM)).sum((0, 1)).mean()
    return Params(fixed={**fixed, "decisions": taken})


def asked(levels_MTB: Tensor) -> Tensor:
    """1 where a row takes part in a decision: at the first threshold, and above the one before: (M, T, B)."""
    return torch.cat([torch.ones_like(levels_MTB[:, :1]), levels_MTB[:, :-1]], dim=1)


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """Sum of the cross-entropies of a row's decisions, divided by their mean number: outputs (B, M·(K - 1)) -> (B,)."""
    levels_MTB = ordinal.levels(params, batch.y)
    decisions = ordinal.threshold_losses(marginals.logits(batch.outputs, len(levels_MTB)), levels_MTB)
    return (asked(levels_MTB) * decisions).sum((0, 1)) / params["decisions"]


def exceeding(params: Params, outputs_BK: Tensor) -> Tensor:
    """P(y > t), the products of the conditional probabilities: (B, M·(K - 1)) -> (M, T, B)."""
    logits_MTB = marginals.logits(outputs_BK, len(params["lowest"]))
    return torch.nn.functional.logsigmoid(logits_MTB).cumsum(1).exp()


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution over ranks, or the predicted rank: (B, M·(K - 1)) -> (B, M)."""
    return ordinal.decode(params, exceeding(params, outputs_BK))


METHOD = Method(
    outputs=lambda k, m: (k - 1) * m,
    init=init,
    loss=loss,
    predict=predict,
    scores={
        "crps": lambda params, outputs_BK, y_BM: ordinal.crps(params, exceeding(params, outputs_BK), y_BM),
        "coverage": lambda params, outputs_BK, y_BM: ordinal.coverage(params, exceeding(params, outputs_BK), y_BM),
    },
    static={"decode": "mean"},
    uses_k=True,
    label="CORN",
    colour="#999933",
    reference="Shi, Cao, Raschka (2023), Pattern Analysis and Applications 26, https://arxiv.org/abs/2111.08851",
)
