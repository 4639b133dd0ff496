"""Predicted distributions: of any method that has a CRPS, by the one identity that all of them share.

CRPS(F, y) = ∫ (F(x) - 1[x ≥ y])² dx, so its derivative by y is 2 F(y) - 1, and a method's own score gives the
distribution function: F(y) = (1 + ∂CRPS/∂y) / 2. At an atom this is the middle of the step.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

HALVINGS = 36  # of an interval around a quantile: far below what float32 tells apart in [0, 1]
WIDENINGS = 30  # doublings of its length, until it holds the quantile

Cumulative = Callable[[Tensor], Tensor]  # y (B, M) -> F(y) (B, M), both float64


@dataclass(frozen=True)
class Distribution:
    """Predicted probabilities on some values of the target.

    support: (N, S), or (N, S, M) for targets of M dimensions, increasing along S.
    probabilities: of the same shape; they sum to 1 along S. Those of several dimensions are the marginal ones.
    """

    support: NDArray[np.float64]
    probabilities: NDArray[np.float64]

    def mean(self) -> NDArray[np.float64]:
        """The mean of each row: (N,) or (N, M)."""
        return (self.support * self.probabilities).sum(1)


def from_crps(crps_of: Callable[[Tensor], Tensor], y_BM: Tensor) -> Tensor:
    """F(y) (B, M) of the distributions whose CRPS (B,) is the mean over M dimensions."""
    with torch.enable_grad():
        at = y_BM.detach().clone().requires_grad_()
        (slope_BM,) = torch.autograd.grad(crps_of(at).sum(), at)
    return ((1 + y_BM.shape[1] * slope_BM) / 2).clamp(0, 1)


def quantile(cumulative: Cumulative, level: float, rows: int, targets: int) -> Tensor:
    """The least y with F(y) ≥ level (B, M), by halving an interval that starts as [0, 1], where scaled targets lie."""
    low, high = torch.zeros(2, rows, targets, dtype=torch.float64)
    length = 1.0
    for _ in range(WIDENINGS):
        too_high, too_low = cumulative(low) >= level, cumulative(high) < level
        if not bool((too_high | too_low).any()):
            break
        low, high, length = low - length * too_high, high + length * too_low, 2 * length
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = cumulative(middle) >= level
        low, high = torch.where(reached, low, middle), torch.where(reached, middle, high)
    return high


def on_atoms(cumulative: Cumulative, atoms_SM: Tensor, rows: int) -> Tensor:
    """The probability (B, S, M) of each atom, in increasing order: the rise of F between the middles of neighbours."""
    ends_SM = (atoms_SM[1:] + atoms_SM[:-1]) / 2
    below = [cumulative(end_M.expand(rows, -1)) for end_M in ends_SM]
    bounds = [torch.zeros_like(atoms_SM[:1].expand(rows, -1)), *below, torch.ones_like(atoms_SM[:1].expand(rows, -1))]
    return torch.stack(bounds, dim=1).diff(dim=1)
