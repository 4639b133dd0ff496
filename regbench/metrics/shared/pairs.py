"""Distances of all pairs of rows, and how well those of features agree with those of labels.

Each of the N (N - 1) / 2 pairs counts once. The full matrix of distances has N zeros on its diagonal, where features
and labels always agree, so correlations over it would be too high.
"""

import torch
from torch import Tensor

from regbench.metrics.pearson import correlation

SAME_DIRECTION = 1e-12  # cosine distance; the angle of features in single precision is not known better than to 1e-6
SAME_DISTANCE = 2.0**-20  # of the largest; labels in single precision that were scaled have ties up to about this


def euclidean(values_NH: Tensor) -> Tensor:
    """Euclidean distances (P,), in float64; NaN where values are not finite."""
    distance_P = torch.pdist(values_NH.double())
    return distance_P.where(distance_P.isfinite(), torch.nan)


def cosine(z_NH: Tensor) -> Tensor:
    """Cosine distances 1 - cos (P,), in float64: 1 to a feature that is 0, NaN if all are 0."""
    z_NH = z_NH.double()
    length_N1 = z_NH.norm(dim=1, keepdim=True)
    unit_NH = z_NH / torch.where(length_N1 > 0, length_N1, 1.0)
    row, column = torch.triu_indices(len(z_NH), len(z_NH), 1, device=z_NH.device)
    distance_P = 1 - (unit_NH @ unit_NH.mT)[row, column]
    distance_P = distance_P.masked_fill(distance_P < SAME_DIRECTION, 0.0)
    return distance_P.where(length_N1.any(), torch.nan)


def spearman(distance_P: Tensor, y_NM: Tensor) -> Tensor:
    """Spearman's ρ () of feature distances and label distances; NaN if they are not finite or do not vary."""
    from scipy.stats import rankdata

    label_P = _of_labels(y_NM)
    if not _is_defined(distance_P, label_P):
        return torch.tensor(torch.nan, dtype=torch.float64)
    rank_2P = torch.from_numpy(rankdata(torch.stack([distance_P, label_P]).cpu().numpy(), axis=1))
    return correlation(rank_2P[:1, :, None], rank_2P[1:].mT)[0, 0]


def kendall(distance_P: Tensor, y_NM: Tensor) -> Tensor:
    """Kendall's τ_b (), which allows for ties; NaN if they are not finite or do not vary. Takes O(P log P)."""
    from scipy.stats import kendalltau

    label_P = _of_labels(y_NM)
    if not _is_defined(distance_P, label_P):
        return torch.tensor(torch.nan, dtype=torch.float64)
    tau, _ = kendalltau(distance_P.cpu().numpy(), label_P.cpu().numpy(), method="asymptotic")
    return torch.tensor(tau, dtype=torch.float64)


def _of_labels(y_NM: Tensor) -> Tensor:
    """Euclidean distances of labels (P,) as whole numbers, so that equal distances are equal despite rounding."""
    distance_P = euclidean(y_NM)
    largest = distance_P.max() if len(distance_P) else torch.nan
    return (distance_P / (SAME_DISTANCE * largest)).round()


def _is_defined(*distances: Tensor) -> bool:
    return all(
        len(each_P) > 1 and bool(each_P.isfinite().all() and each_P.min() < each_P.max()) for each_P in distances
    )
