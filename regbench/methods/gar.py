"""Gradient aligned regression: errors, differences of pairs and correlation in one loss of the whole batch.

Three parts, each the mean over target dimensions: the mean absolute error; the squared error of all pairs' differences,
(1 / 4B²) ΣΣ ((ŷ_i - ŷ_j) - (y_i - y_j))², which is half the variance of the errors; and the same of predictions and
targets that are divided by their standard deviations, which is 1 - ρ with Pearson's correlation ρ. Functions with the
right differences have the right gradient.

The loss is α log(mean of L^(1/α) over the parts L): no part is weighted, for a factor of one of them changes nothing as
α grows. At α = 1 it is the logarithm of the mean, for α → ∞ the mean of logarithms, for α → 0 the largest logarithm.
Its variances divide by B, where the authors' code divides those of the third part by B - 1.
"""

import math

import torch
from torch import Tensor

from regbench.types import Batch, HParam, HParams, Method, Params

SMALLEST = 1e-7  # added to each part, and the least standard deviation; as in the authors' code


def loss(_params: Params, batch: Batch, hparams: HParams) -> Tensor:
    """The three parts as one number: targets and prediction (B, M) -> ()."""
    logs_3 = torch.stack(parts(batch.prediction, batch.y)).add(SMALLEST).log()
    return hparams["alpha"] * ((logs_3 / hparams["alpha"]).logsumexp(0) - math.log(len(logs_3)))


def parts(prediction_BM: Tensor, y_BM: Tensor) -> list[Tensor]:
    """Mean absolute error, half the variance of the errors, and 1 - ρ: () each."""
    prediction, target = prediction_BM - prediction_BM.mean(0), y_BM - y_BM.mean(0)
    apart = prediction / _deviation(prediction) - target / _deviation(target)
    return [
        (prediction_BM - y_BM).abs().mean(),
        (prediction - target).square().mean() / 2,
        apart.square().mean() / 2,
    ]


def _deviation(centred_BM: Tensor) -> Tensor:
    """The standard deviation of each column, at least `SMALLEST`: (M,)."""
    return centred_BM.square().mean(0).clamp(min=SMALLEST**2).sqrt()


METHOD = Method(
    outputs=lambda _k, m: m,
    init=lambda *_: Params(),
    loss=loss,
    predict=lambda _params, outputs_BM: outputs_BM,
    hparams={"alpha": HParam(1.0, low=0.1, high=10.0, above=0, symbol="α")},
    uses_k=False,
    per_batch=True,
    label="GAR",
    colour="#6699CC",
    reference="Zhu, Yang, Jerby (2025), https://arxiv.org/abs/2402.06104",
)
