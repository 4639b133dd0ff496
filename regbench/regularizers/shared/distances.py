"""Pairwise distances of the rows of a batch, with gradients that stay finite where rows are equal."""

import torch
from torch import Tensor

NEAREST = 1e-12  # squared distances are at least this, so that the root has a finite gradient
SMALLEST = 1e-12  # what is divided by is at least this


def distances(x_BH: Tensor) -> Tensor:
    """Euclidean distances of all pairs of rows: (B, H) -> (B, B); that of equal rows is 1e-6, with the gradient 0.

    From ‖a‖² + ‖b‖² - 2aᵀb, one matrix product. The rows are centred before: distances stay the same, and float32
    loses less to cancellation.
    """
    centred_BH = x_BH - x_BH.detach().mean(0)
    squared_B = centred_BH.square().sum(-1)
    squared_BB = squared_B[:, None] + squared_B - 2 * centred_BH @ centred_BH.mT
    return squared_BB.clamp(min=NEAREST).sqrt()


def by_mean_norm(z_BH: Tensor) -> Tensor:
    """Features divided by their mean norm, through which the gradient flows; zeros stay zeros: (B, H) -> (B, H)."""
    return z_BH / torch.linalg.vector_norm(z_BH, dim=-1).mean().clamp(min=SMALLEST)


def relative_distances(y_BM: Tensor) -> Tensor:
    """Euclidean distances of targets as fractions of the largest: (B, M) -> (B, B); all 1 if all targets are equal."""
    centred_BM = y_BM - y_BM.mean(0)
    apart_BB = distances(centred_BM / centred_BM.abs().amax().clamp(min=SMALLEST))
    return apart_BB / apart_BB.amax()
