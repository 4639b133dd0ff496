"""Huber's loss: the squared error of small errors, the absolute error of large ones.

e² / (2β) where |e| < β, else |e| - β/2. With β → 0 it is `l1`; with β above every error it is `lsq` divided by 2β.
Targets lie in [0, 1], where the usual β = 1 would amount to least squares. The default is therefore 0.05, about the
size of a good model's errors.
"""

import torch
from torch import Tensor

from regbench.types import Batch, HParam, HParams, Method, Params


def loss(_params: Params, batch: Batch, hparams: HParams) -> Tensor:
    """Huber's loss of each row, summed over dimensions: targets and prediction (B, M) -> (B,)."""
    beta, error_BM = hparams["beta"], (batch.y - batch.prediction).abs()
    inside_BM = error_BM.clamp(max=beta)  # keeps the unused branch finite: the square of a very large error overflows
    return torch.where(error_BM < beta, inside_BM.square() / (2 * beta), error_BM - beta / 2).sum(-1)


METHOD = Method(
    outputs=lambda _k, m: m,
    init=lambda *_: Params(),
    loss=loss,
    predict=lambda _params, outputs_BM: outputs_BM,
    hparams={"beta": HParam(0.05, low=0.001, high=1.0, above=0)},
    uses_k=False,
    label="Huber",
    colour="#44AA99",
    reference="Huber (1964), Annals of Mathematical Statistics 35, https://doi.org/10.1214/aoms/1177703732",
)
