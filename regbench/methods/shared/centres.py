"""Bin centres: an even grid for one-dimensional targets, k-means++ clusters for multi-dimensional ones."""

from typing import NamedTuple

import torch
from torch import Tensor

from regbench.random import Stream

LLOYD_STEPS = 300  # an upper bound: iteration stops when no row changes its cluster, usually much earlier
PAIRED_ROWS = 1000  # most rows of a cluster used for its mean distance: half a million pairs


class Centres(NamedTuple):
    """The centres c (K, M) and their spacing δ ()."""

    c: Tensor
    delta: Tensor


def place(y_NM: Tensor, k: int, stream: Stream) -> Centres:
    """K centres for the training targets, and their spacing δ; the width of a bin is σ = λ_σ δ."""
    return grid(y_NM, k) if y_NM.shape[1] == 1 else clusters(y_NM, k, stream)


def grid(y_N1: Tensor, k: int) -> Centres:
    """K evenly spaced centres from the lowest target to the highest, inclusive; a constant target gets range 1."""
    low, high = y_N1.min(), y_N1.max()
    span = torch.where(high > low, high - low, 1.0)
    return Centres(low + span * torch.linspace(0, 1, k, dtype=y_N1.dtype)[:, None], span / (k - 1))


def clusters(y_NM: Tensor, k: int, stream: Stream) -> Centres:
    """K-means++ seeding (Arthur & Vassilvitskii, 2006), then Lloyd's iterations; δ: `intra_cluster_distance`."""
    c_KM = seed(y_NM, k, stream)
    nearest_N = distances(y_NM, c_KM).argmin(1)
    for _ in range(LLOYD_STEPS):
        count_K = nearest_N.bincount(minlength=k)[:, None]
        total_KM = torch.zeros_like(c_KM).index_add_(0, nearest_N, y_NM)
        c_KM = torch.where(count_K > 0, total_KM / count_K.clamp(min=1), c_KM)  # an empty cluster keeps its centre
        before_N, nearest_N = nearest_N, distances(y_NM, c_KM).argmin(1)
        if nearest_N.equal(before_N):
            break
    return Centres(c_KM, intra_cluster_distance(y_NM, c_KM, nearest_N))


def seed(y_NM: Tensor, k: int, stream: Stream) -> Tensor:
    """K rows of the targets, drawn with probability proportional to the squared distance to those already drawn."""
    chosen = [y_NM[stream.child("first").integers(len(y_NM))]]
    squared_N = torch.full_like(y_NM[:, 0], torch.inf)
    for u in stream.child("next").uniform(k - 1):
        squared_N = torch.minimum(squared_N, distances(y_NM, chosen[-1][None])[:, 0].square())
        cumulative_N = squared_N.cumsum(0)
        index = torch.searchsorted(cumulative_N, u * cumulative_N[-1], right=True).clamp(max=len(y_NM) - 1)
        chosen.append(y_NM[index])
    return torch.stack(chosen)


def intra_cluster_distance(y_NM: Tensor, c_KM: Tensor, nearest_N: Tensor) -> Tensor:
    """Mean distance between two rows of the same cluster, clusters weighted by size.

    Where that is 0, the smallest distance between two different centres; where there is none, 1.
    """
    total, rows = y_NM.new_zeros(()), 0
    for i in range(len(c_KM)):
        member_NM = y_NM[nearest_N == i]
        if len(member_NM) > 1:
            stride = -(-len(member_NM) // PAIRED_ROWS)
            total, rows = total + len(member_NM) * torch.pdist(member_NM[::stride]).mean(), rows + len(member_NM)
    if total > 0:
        return total / rows
    apart = distances(c_KM, c_KM)
    return apart[apart > 0].min() if (apart > 0).any() else y_NM.new_ones(())


def distances(y_NM: Tensor, c_KM: Tensor) -> Tensor:
    """‖y - c‖ for every row and centre, subtracted before squaring: (N, K)."""
    return torch.cdist(y_NM, c_KM, compute_mode="donot_use_mm_for_euclid_dist")
