"""Minimum spanning trees of points, many at a time: which edges they have, and how long these are.

The edges are found in NumPy and are not differentiated; lengths are computed from the points, with gradient. An edge
between two equal points belongs to the tree like any other (SciPy's sparse solver drops it).
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regbench.regularizers.shared.norms import norms
from regbench.regularizers.shared.operators import operator
from regbench.regularizers.shared.points import take

NARROW = 8  # columns up to which squared distances are those of differences: then equal ones, as of a grid, stay equal


def trees(*points: Tensor) -> tuple[Tensor, ...]:
    """The edges of the minimum spanning tree of each set of B points, int64 (B - 1, 2): all found in one call."""
    return _spanning_trees(torch.stack([squared_distances(each.detach()) for each in points])).unbind()


def squared_distances(x_BH: Tensor) -> Tensor:
    """The order of distances, which is all that a tree depends on, up to rounding: (B, H) -> (B, B).

    Wide points are centred, so that rounding is relative to their spread, and multiplied: 30 times as fast.
    """
    if x_BH.shape[1] <= NARROW:
        return (x_BH[:, None] - x_BH).square().sum(-1)
    x_BH = x_BH - x_BH.mean(0)
    square_B = x_BH.square().sum(-1)
    return square_B[:, None] + square_B - 2 * (x_BH @ x_BH.mT)


def lengths(points_BH: Tensor, edges: Tensor) -> Tensor:
    """The lengths of the edges (E, 2) between points (B, H): (E,)."""
    return norms(take(points_BH, edges[:, 0]) - take(points_BH, edges[:, 1]))


def prim(distances: NDArray[np.floating]) -> NDArray[np.int64]:
    """Edges of the minimum spanning tree of each matrix of distances, or of their squares: (T, B, B) -> (T, B - 1, 2).

    The algorithm of Prim (1957), all trees at once: they grow from point 0, each by the point nearest to it. Points are
    in the order in which they joined; an edge leads from the point that it joined, the earliest of equally near ones.

    >>> prim(np.array([[[0.0, 1.0, 5.0], [1.0, 0.0, 2.0], [5.0, 2.0, 0.0]]])).tolist()
    [[[0, 1], [1, 2]]]
    """
    count, points, _ = distances.shape
    rows = distances.reshape(count * points, points)
    first = np.arange(count) * points  # row numbers of the points 0
    inside = np.zeros((count, points), distances.dtype)  # inf for the points of the tree, which it need not reach
    nearest = np.full((count, points), np.inf, distances.dtype)  # of each point to the tree
    order = np.zeros((count, points), np.int64)
    row = np.empty_like(nearest)
    for step in range(1, points):
        joined = first + order[:, step - 1]
        inside.reshape(-1)[joined] = np.inf
        np.minimum(nearest, rows.take(joined, axis=0, out=row, mode="clip"), out=nearest)  # "raise" copies `out`
        nearest += inside
        order[:, step] = nearest.argmin(axis=1)
    later = np.triu(np.full((points, points), np.inf, distances.dtype))[1:]  # inf from those that joined no earlier
    edges = np.empty((count, max(points - 1, 0), 2), np.int64)
    for tree, matrix, joined in zip(edges, distances, order, strict=True):
        among = matrix[joined[1:, None], joined] + later
        tree[:, 0], tree[:, 1] = joined[among.argmin(axis=1)], joined[1:]
    return edges


def _on_host(distances: Tensor) -> Tensor:
    """(..., B, B) -> int64 (..., B - 1, 2), on the device of the distances."""
    matrices = distances.cpu().numpy()
    found = prim(matrices.reshape(-1, *matrices.shape[-2:]))
    return torch.from_numpy(found).reshape(_shape(distances)).to(distances.device)


def _shape(distances: Tensor) -> tuple[int, ...]:
    return (*distances.shape[:-2], distances.shape[-1] - 1, 2)


_spanning_trees = operator("spanning_trees", _on_host, lambda d: d.new_empty(_shape(d), dtype=torch.int64))
