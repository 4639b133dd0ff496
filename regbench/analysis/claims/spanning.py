"""The pairs that the cheapest transport of points to one another uses, and those of their minimal spanning tree.

Self transport moves 1/n from and to each of n points, never to itself. Without entropy (γ → 0) it is an assignment:
each point is sent to another one, and the limit uses every pair that some assignment of least cost uses.
"""

from collections.abc import Sequence

import numpy as np

Edges = frozenset[tuple[float, float]]
CLOSE = 1e-9  # relative to the least cost: assignments this near to it count as equally cheap


def transport_edges(labels: Sequence[float]) -> Edges:
    """The pairs of labels that the limit of the transport plan for γ → 0 uses.

    >>> sorted(transport_edges([0, 1, 3, 4]))
    [(0, 1), (3, 4)]
    """
    from scipy.optimize import linear_sum_assignment

    cost_NN = _costs(labels)
    np.fill_diagonal(cost_NN, cost_NN.sum() + 1)  # dearer than any assignment

    def least(cost_NN: np.ndarray) -> float:
        return float(cost_NN[linear_sum_assignment(cost_NN)].sum())

    limit, used = least(cost_NN) * (1 + CLOSE), set()
    for one, other in np.argwhere(~np.eye(len(labels), dtype=bool)).tolist():
        forced_NN = cost_NN.copy()
        forced_NN[one] = forced_NN.sum()
        forced_NN[one, other] = cost_NN[one, other]
        if least(forced_NN) <= limit:
            used.add(_edge(labels, one, other))
    return frozenset(used)


def tree_edges(labels: Sequence[float]) -> Edges:
    """The pairs of different labels that are edges of the minimal spanning tree.

    >>> sorted(tree_edges([0, 1, 3, 4]))
    [(0, 1), (1, 3), (3, 4)]
    """
    from scipy.sparse.csgraph import minimum_spanning_tree

    tree = minimum_spanning_tree(_costs(labels)).tocoo()
    return frozenset(_edge(labels, one, other) for one, other in zip(tree.row, tree.col, strict=True))


def _costs(labels: Sequence[float]) -> np.ndarray:
    points = np.asarray(labels, dtype=float)
    return np.abs(points[:, None] - points)


def _edge(labels: Sequence[float], one: int, other: int) -> tuple[float, float]:
    low, high = sorted((labels[one], labels[other]))
    return low, high
