"""Scores of the distributions that methods with bins predict; the formulas are in `regbench.metrics`."""

from torch import Tensor

from regbench.methods.shared import marginals
from regbench.metrics import coverage, crps


def crps_of_bins(outputs_BK: Tensor, mu_KM: Tensor, y_BM: Tensor) -> Tensor:
    """CRPS of one softmax over K bins that decode to μ (K, M), averaged over dimensions: (B,)."""
    return crps.of_atoms(*joint(outputs_BK, mu_KM), y_BM)


def coverage_of_bins(outputs_BK: Tensor, mu_KM: Tensor, y_BM: Tensor) -> Tensor:
    """Coverage of one softmax over K bins that decode to μ (K, M), averaged over dimensions: (B,)."""
    return coverage.of_atoms(*joint(outputs_BK, mu_KM), y_BM)


def crps_of_marginals(outputs_BK: Tensor, points_KM: Tensor, y_BM: Tensor) -> Tensor:
    """CRPS of a separate softmax over the bins of each dimension, outputs (B, M·K): (B,)."""
    return crps.of_atoms(*separate(outputs_BK, points_KM), y_BM)


def coverage_of_marginals(outputs_BK: Tensor, points_KM: Tensor, y_BM: Tensor) -> Tensor:
    """Coverage of a separate softmax over the bins of each dimension, outputs (B, M·K): (B,)."""
    return coverage.of_atoms(*separate(outputs_BK, points_KM), y_BM)


def joint(outputs_BK: Tensor, mu_KM: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (M, K, B), the same for every dimension, and atoms (M, K, 1)."""
    probability_KB = outputs_BK.mT.softmax(0)
    return probability_KB.expand(mu_KM.shape[1], *probability_KB.shape), mu_KM.mT[:, :, None]


def separate(outputs_BK: Tensor, points_KM: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (M, K, B) for each dimension separately, and atoms (M, K, 1)."""
    probability_MKB = marginals.logits(outputs_BK, points_KM.shape[1]).softmax(1)
    return probability_MKB, points_KM.mT[:, :, None]
