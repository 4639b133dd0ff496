"""Minimum spanning trees: right ones, with all their edges, and lengths that can be differentiated."""

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import pdist, squareform

from regbench.random import Stream
from regbench.regularizers.shared.spanning_trees import lengths, prim, trees
from tests.regularizers.samples import features, gradients


def kruskal(distances: np.ndarray) -> float:
    """The length of the tree that joins the nearest components first, by union and find."""
    parent = list(range(len(distances)))

    def find(i: int) -> int:
        return i if parent[i] == i else find(parent[i])

    total = 0.0
    for i, j in sorted(combinations(range(len(distances)), 2), key=lambda pair: distances[pair]):
        if find(i) != find(j):
            parent[find(i)] = find(j)
            total += float(distances[i, j])
    return total


@pytest.mark.parametrize("n", [1, 2, 3, 10, 40])
@pytest.mark.parametrize("h", [1, 3, 20])
def test_it_is_as_long_as_scipys_and_as_that_of_union_and_find(n, h):
    x = features(n, h)
    (edges,) = trees(x)
    distances = squareform(pdist(x.numpy())) if n > 1 else np.zeros((1, 1))
    assert edges.shape == (n - 1, 2)
    assert lengths(x, edges).sum().item() == pytest.approx(minimum_spanning_tree(distances).sum())
    assert lengths(x, edges).sum().item() == pytest.approx(kruskal(distances))


def test_it_joins_all_points_also_equal_ones():
    x = torch.tensor([[0.0], [2.0], [0.0], [2.0], [2.0]])
    (edges,) = trees(x)
    assert sorted(lengths(x, edges).tolist()) == [0, 0, 0, 2]
    joined = {0}
    for start, end in edges.tolist():
        assert start in joined
        assert end not in joined
        joined.add(end)
    assert joined == {0, 1, 2, 3, 4}


def test_many_trees_at_once_are_those_of_each_matrix():
    distances = Stream.named(0, "distances").uniform(6, 9, 9).numpy()
    distances = distances + distances.swapaxes(1, 2)
    together = prim(distances)
    for one, matrix in zip(together, distances, strict=True):
        assert np.array_equal(one, prim(matrix[None])[0])
    assert np.array_equal(together, prim(distances**2))  # only the order of distances matters


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_diverged_model_gets_edges_between_points_that_exist(bad):
    (edges,) = trees(torch.full((5, 2), bad))
    assert edges.min() >= 0
    assert edges.max() < 5


def test_equal_distances_are_broken_by_the_order_of_the_points():
    """On a grid all neighbours are equally near; the same tree is found at each run, in every pack."""
    grid = torch.cartesian_prod(torch.arange(3.0), torch.arange(3.0))
    assert trees(grid)[0].tolist() == [[0, 1], [1, 2], [0, 3], [1, 4], [2, 5], [3, 6], [4, 7], [5, 8]]


def test_an_edge_of_no_length_has_no_gradient():
    x = torch.tensor([[1.0, 2.0], [1.0, 2.0], [1.0, 4.0]], requires_grad=True)
    (edges,) = trees(x)
    (gradient,) = gradients(lengths(x, edges).sum(), [x])
    assert gradient.isfinite().all()
    assert gradient[2].tolist() == [0, 1]


@pytest.mark.parametrize(("h", "exponent"), [(1, 0.0), (2, 0.5)])
def test_its_length_grows_with_the_dimension_of_the_points(h, exponent):
    """Of n points uniform in a cube of h dimensions, E grows as n to the power (h - 1) / h."""
    sizes = (100, 800)
    totals = []
    for n in sizes:
        x = torch.stack([Stream.named(seed, "cube").uniform(n, h) for seed in range(3)])
        totals.append(sum(lengths(each, edges).sum().item() for each, edges in zip(x, trees(*x), strict=True)))
    found = np.log(totals[1] / totals[0]) / np.log(sizes[1] / sizes[0])
    assert found == pytest.approx(exponent, abs=0.05)
