"""Directions in which features and weights move, and shapes of features, for the figures of Zhang, Yan, Yao (2025).

In float64, with NumPy alone. The sign of a principal component is arbitrary; here its largest entry is positive. N
points, H dimensions.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def cosine(a: ArrayLike, b: ArrayLike) -> Array:
    """The cosine of the angle between vectors (..., H), NaN where one is zero: (...)."""
    first, second = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    length = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    product = (first * second).sum(-1)
    return np.divide(product, length, out=np.full(np.shape(product), np.nan), where=length > 0)


def cosine_distance(a: ArrayLike, b: ArrayLike) -> Array:
    """1 - cos, from 0 (the same direction) to 2 (opposite): (..., H), (..., H) -> (...).

    Half the squared distance of the unit vectors, which is exact for small angles; 1 - cos loses all digits there.
    """
    first, second = _unit(a), _unit(b)
    return ((first - second) ** 2).sum(-1) / 2


def line_distance(a: ArrayLike, b: ArrayLike) -> Array:
    """1 - |cos|, from 0 (the same line, whichever way) to 1 (orthogonal): (..., H), (..., H) -> (...)."""
    return np.minimum(cosine_distance(a, b), cosine_distance(a, -np.asarray(b, dtype=np.float64)))


def principal(vectors: ArrayLike, *, centred: bool = True) -> tuple[Array, Array]:
    """The principal directions of vectors (N, H) as rows (R, H), R = min(N, H), and each one's share of variance (R,).

    `centred` subtracts the mean, as PCA does; without it the first direction is the line through the origin that is
    nearest to the vectors. Shares are NaN where nothing varies.
    """
    points = np.asarray(vectors, dtype=np.float64)
    _, sizes, directions = np.linalg.svd(points - points.mean(0) if centred else points, full_matrices=False)
    largest = np.abs(directions).argmax(1)
    directions *= np.sign(directions[np.arange(len(directions)), largest])[:, None]
    total = (sizes**2).sum()
    return directions, sizes**2 / total if total > 0 else np.full(len(sizes), np.nan)


def along_axes(points: ArrayLike, dimensions: int = 3) -> Array:
    """The points (N, H), centred and turned to their principal axes, the first few of them: (N, dimensions).

    Where H is not larger, distances stay as they are. Axes that the points do not have are zero.
    """
    found = np.asarray(points, dtype=np.float64)
    axes, _ = principal(found)
    turned = (found - found.mean(0)) @ axes[:dimensions].T
    return np.pad(turned, ((0, 0), (0, dimensions - turned.shape[1])))


def unlike(points: ArrayLike, others: ArrayLike) -> float:
    """The disparity of two shapes (N, H) and (N, M) after the best shift, rotation, reflection and scale (Procrustes).

    The share of the one's variance that the other does not have: 0 for the same shape, 1 for none in common, NaN where
    one is a single point.
    """
    first, second = (_scaled(np.asarray(each, dtype=np.float64)) for each in (points, others))
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return np.nan
    return float(1 - np.linalg.svd(first.T @ second, compute_uv=False).sum() ** 2)


def distances(points: ArrayLike) -> Array:
    """The Euclidean distance of every pair of points (N, H): (N, N)."""
    found = np.asarray(points, dtype=np.float64)
    return np.sqrt(((found[:, None] - found[None]) ** 2).sum(-1))


def rank_correlation(points: ArrayLike, others: ArrayLike) -> float:
    """Spearman's ρ between the distances within points (N, H) and within others (N, M), over every pair once."""
    from scipy.stats import rankdata  # here: other reports start without it

    pairs = np.triu_indices(len(np.asarray(points)), 1)
    ranks = [rankdata(distances(each)[pairs]) for each in (points, others)]
    if min(np.ptp(rank) for rank in ranks) == 0:
        return np.nan  # all distances are alike
    return float(np.corrcoef(*ranks)[0, 1])


def angles(points: ArrayLike) -> Array:
    """The angle in [-π, π) of points (N, M), M ≥ 2, about their mean in the plane of their first two axes: (N,)."""
    first, second = along_axes(points, 2).T
    return np.arctan2(second, first)


def _unit(vectors: ArrayLike) -> Array:
    found = np.asarray(vectors, dtype=np.float64)
    length = np.linalg.norm(found, axis=-1, keepdims=True)
    return np.divide(found, length, out=np.full(found.shape, np.nan), where=length > 0)


def _scaled(points: Array) -> Array:
    """Centred and of size 1."""
    shifted = points - points.mean(0)
    size = np.linalg.norm(shifted)
    return shifted / size if size > 0 else np.full(points.shape, np.nan)
