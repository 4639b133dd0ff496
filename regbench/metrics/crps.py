"""Continuous ranked probability score: how close a predicted distribution, not only its mean, is to the target.

CRPS(F, y) = ∫ (F(x) - 1[x ≥ y])² dx = E|X - y| - ½ E|X - X'| has the unit of the target. For a point
distribution it is the absolute error, so it can be compared with MAE. For several target dimensions it is the mean over
them, as MAE is.
"""

import math

import torch
from torch import Tensor

from regbench.types import Metric


def of_atoms(shares_MKB: Tensor, atoms_MKB: Tensor, y_BM: Tensor) -> Tensor:
    """CRPS (B,) of distributions on K atoms per dimension; the atoms may be shared (M, K, 1) or per row (M, K, B).

    With the atoms in order, ½ E|X - X'| = Σ_i F_i (1 - F_i) (x_{i+1} - x_i), where F_i is the mass up to atom i.
    """
    order_MKB = atoms_MKB.argsort(1)
    sorted_MKB = atoms_MKB.gather(1, order_MKB)
    mass_MKB = shares_MKB.gather(1, order_MKB.expand_as(shares_MKB)).cumsum(1)[:, :-1]
    apart_MB = (shares_MKB * (atoms_MKB - y_BM.mT[:, None]).abs()).sum(1)
    return (apart_MB - (mass_MKB * (1 - mass_MKB) * sorted_MKB.diff(dim=1)).sum(1)).mean(0)


def of_gaussian(mean_BM: Tensor, variance_BM: Tensor, y_BM: Tensor) -> Tensor:
    """σ [z (2 Φ(z) - 1) + 2 φ(z) - 1/√π] with z = (y - mean) / σ: (B,)."""
    sigma_BM = variance_BM.sqrt()
    z_BM = (y_BM - mean_BM) / sigma_BM
    density_BM = (-0.5 * z_BM.square()).exp() / math.sqrt(2 * math.pi)
    above_BM = torch.erf(z_BM / math.sqrt(2))  # 2 Φ(z) - 1
    return (sigma_BM * (z_BM * above_BM + 2 * density_BM - 1 / math.sqrt(math.pi))).mean(-1)


METRIC = Metric(
    label="CRPS",
    symbol="CRPS",
    better="low",
    unit="target",
    needs="distribution",
    reference="Gneiting, Raftery (2007), JASA 102, https://doi.org/10.1198/016214506000001437",
)
