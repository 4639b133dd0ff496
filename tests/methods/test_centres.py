"""The placement of bin centres."""

import pytest
import torch

from regbench.methods.shared.centres import clusters, distances, place
from regbench.random import Stream
from tests.methods.samples import targets


@pytest.mark.parametrize("k", [2, 5, 25])
def test_the_end_centres_are_the_ends_of_the_targets_and_the_others_evenly_between(k):
    y = 3 * targets(100) - 1
    centres = place(y, k, Stream.named(0))
    assert centres.c.shape == (k, 1)
    assert centres.c[0] == y.min()
    assert centres.c[-1].item() == pytest.approx(y.max().item(), rel=1e-15)
    torch.testing.assert_close(centres.c.diff(dim=0), centres.delta.expand(k - 1, 1))
    assert centres.delta.item() == pytest.approx(3 / (k - 1))


def test_a_constant_target_still_has_centres_apart():
    centres = place(torch.full((4, 1), 0.3, dtype=torch.float64), 5, Stream.named(0))
    assert centres.c[0] == 0.3
    assert centres.delta == 0.25


@pytest.mark.parametrize("m", [2, 3])
def test_clusters_of_several_dimensions_are_found_and_measured(m):
    """Well-separated clouds get one centre each, its mean; δ is the mean distance of two rows of one cloud."""
    corners = torch.eye(m, dtype=torch.float64)
    noise = 0.01 * Stream.named(1, "noise").normal(m, 50, m)
    cloud = corners[:, None] + noise
    centres = place(cloud.flatten(0, 1), m, Stream.named(0))
    order = distances(corners, centres.c).argmin(1)
    torch.testing.assert_close(centres.c[order], cloud.mean(1))
    assert centres.delta.item() == pytest.approx(
        torch.stack([torch.pdist(each).mean() for each in cloud]).mean().item()
    )


def test_lloyd_stops_where_every_centre_is_the_mean_of_its_own_rows():
    y = targets(500, 2)
    c = clusters(y, 9, Stream.named(0)).c
    nearest = distances(y, c).argmin(1)
    torch.testing.assert_close(c, torch.stack([y[nearest == i].mean(0) for i in range(9)]))


def test_seeds_move_the_clusters_and_nothing_else_does():
    y = targets(300, 2)
    first, again, other = (place(y, 9, Stream.named(seed)).c for seed in (0, 0, 1))
    assert first.equal(again)
    assert not first.equal(other)


def test_the_one_dimensional_grid_needs_no_randomness():
    y = targets(50)
    assert place(y, 9, Stream.named(0)).c.equal(place(y, 9, Stream.named(1)).c)


def test_large_clusters_are_measured_on_a_part_of_their_rows():
    """The spacing of 20,000 uniform rows in one cluster of the unit square: 0.5214, the mean distance of two points."""
    assert place(Stream.named(2).uniform(20_000, 2), 1, Stream.named(0)).delta.item() == pytest.approx(0.5214, rel=0.02)
