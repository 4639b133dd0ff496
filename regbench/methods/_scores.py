"""Proper scores of a predicted distribution: how near it is to the target it was made for, not only its mean.

CRPS(F, y) = ∫ (F(x) - 1[x ≥ y])² dx = E|X - y| - ½ E|X - X'| (Gneiting, Raftery, 2007, JASA 102) is in units of the
target and comes to the absolute error where the distribution is a point, so it stands beside MAE. Of several dimensions
it is the mean over those, as MAE is. The negative log-likelihood is in nats, of all dimensions together, and only of
distributions with a density.
"""

import math

import torch
from torch import Tensor

from regbench.methods import _marginals


def crps_of_atoms(shares_MKB: Tensor, atoms_MKB: Tensor, y_BM: Tensor) -> Tensor:
    """Of distributions on K atoms for each dimension; shares may be of one row of atoms (M, K, 1) or of each: (B,).

    With the atoms in order, ½ E|X - X'| = Σ_i F_i (1 - F_i) (x_{i+1} - x_i), where F_i is the mass up to atom i.
    """
    order_MKB = atoms_MKB.argsort(1)
    sorted_MKB = atoms_MKB.gather(1, order_MKB)
    mass_MKB = shares_MKB.gather(1, order_MKB.expand_as(shares_MKB)).cumsum(1)[:, :-1]
    apart_MB = (shares_MKB * (atoms_MKB - y_BM.mT[:, None]).abs()).sum(1)
    return (apart_MB - (mass_MKB * (1 - mass_MKB) * sorted_MKB.diff(dim=1)).sum(1)).mean(0)


def crps_of_bins(outputs_BK: Tensor, mu_KM: Tensor, y_BM: Tensor) -> Tensor:
    """Of one softmax over K bins that decode to μ (K, M), dimension by dimension: (B,)."""
    shares_KB = outputs_BK.mT.softmax(0)
    return crps_of_atoms(shares_KB.expand(mu_KM.shape[1], *shares_KB.shape), mu_KM.mT[:, :, None], y_BM)


def crps_of_marginals(outputs_BK: Tensor, points_KM: Tensor, y_BM: Tensor) -> Tensor:
    """Of a softmax over the bins of each dimension, outputs (B, M·K): (B,)."""
    shares_MKB = _marginals.logits(outputs_BK, points_KM.shape[1]).softmax(1)
    return crps_of_atoms(shares_MKB, points_KM.mT[:, :, None], y_BM)


def crps_of_gaussian(mean_BM: Tensor, variance_BM: Tensor, y_BM: Tensor) -> Tensor:
    """σ [z (2 Φ(z) - 1) + 2 φ(z) - 1/√π] with z = (y - mean) / σ: (B,)."""
    sigma_BM = variance_BM.sqrt()
    z_BM = (y_BM - mean_BM) / sigma_BM
    density_BM = (-0.5 * z_BM.square()).exp() / math.sqrt(2 * math.pi)
    above_BM = torch.erf(z_BM / math.sqrt(2))  # 2 Φ(z) - 1
    return (sigma_BM * (z_BM * above_BM + 2 * density_BM - 1 / math.sqrt(math.pi))).mean(-1)


def nll_of_gaussian(mean_BM: Tensor, variance_BM: Tensor, y_BM: Tensor) -> Tensor:
    """½ Σ_m [log 2πv + (y - mean)² / v]: (B,)."""
    return 0.5 * ((2 * math.pi * variance_BM).log() + (y_BM - mean_BM).square() / variance_BM).sum(-1)
