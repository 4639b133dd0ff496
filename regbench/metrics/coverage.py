"""Coverage of the central 90 % prediction interval: the fraction of targets inside; 0.9 is best.

The interval goes from the 5 % to the 95 % quantile of the predicted distribution, F⁻¹(p) = min {x: F(x) ≥ p}, ends
included. For a distribution on atoms it holds 90 % or more, so methods with few bins cover more than they should. For
several target dimensions it is the mean over them, each with its own interval.
"""

import math

import torch
from torch import Tensor

from regbench.types import Metric

LEVEL = 0.9
TAIL = (1 - LEVEL) / 2
ROUNDING = 1e-6  # of sums of probabilities in single precision, so that 0.05 is reached exactly when it should be


def of_atoms(shares_MKB: Tensor, atoms_MKB: Tensor, y_BM: Tensor) -> Tensor:
    """Coverage (B,) of distributions on K atoms per dimension, which may be shared (M, K, 1) or per row (M, K, B)."""
    y_M1B = y_BM.mT[:, None]
    below_MB = (shares_MKB * (atoms_MKB < y_M1B)).sum(1)  # below 0.95 if the upper end is at y or above
    upto_MB = (shares_MKB * (atoms_MKB <= y_M1B)).sum(1)  # 0.05 or more if the lower end is at y or below
    inside_MB = (below_MB < 1 - TAIL - ROUNDING) & (upto_MB >= TAIL - ROUNDING)
    unknown_MB = (shares_MKB * atoms_MKB).sum(1).isnan()
    return torch.where(unknown_MB, torch.nan, inside_MB.to(y_BM.dtype)).mean(0)


def of_gaussian(mean_BM: Tensor, variance_BM: Tensor, y_BM: Tensor) -> Tensor:
    """|y - mean| ≤ 1.645 σ: (B,)."""
    reach = math.sqrt(2) * float(torch.erfinv(torch.tensor(LEVEL, dtype=torch.float64)))
    beyond_BM = (y_BM - mean_BM).abs() - reach * variance_BM.sqrt()
    return torch.where(beyond_BM.isnan(), torch.nan, (beyond_BM <= 0).to(y_BM.dtype)).mean(-1)


METRIC = Metric(
    label="Coverage",
    symbol="C₉₀",
    better=0.9,
    unit="share",
    needs="distribution",
    reference="Gneiting, Balabdaoui, Raftery (2007), https://doi.org/10.1111/j.1467-9868.2007.00587.x",
)
