"""The shared formulas of scores: CRPS, likelihood and coverage of atoms and of a Gaussian."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from regbench.metrics import coverage, crps, nll
from regbench.random import Stream
from tests.methods.samples import targets


def by_pairs(shares, atoms, y):
    """E|X - y| - ½ E|X - X'|, from all pairs of atoms."""
    apart = (atoms[:, None] - atoms[None]).abs()
    return shares @ (atoms - y).abs() - shares @ apart @ shares / 2


def test_crps_of_atoms_is_that_of_all_pairs_in_whatever_order_they_come():
    shares = Stream.named(0).normal(6, 4).softmax(-1)
    atoms = Stream.named(1).normal(4)
    y = targets(6, seed=1)
    found = crps.of_atoms(shares.T[None], atoms[None, :, None], y)
    expected = torch.stack([by_pairs(each, atoms, at) for each, at in zip(shares, y[:, 0], strict=True)])
    torch.testing.assert_close(found, expected)


def test_crps_of_atoms_is_the_integral_of_the_squared_distance_of_distribution_functions():
    shares, atoms, y = np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.4, 0.8]), 0.55

    def squared(x):
        return (shares[atoms <= x].sum() - (x >= y)) ** 2

    expected = quad(squared, -1, 2, points=[*atoms, y])[0]
    found = crps.of_atoms(
        torch.tensor(shares)[None, :, None], torch.tensor(atoms)[None, :, None], torch.tensor([[y]]).double()
    )
    assert found.item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("mean", "variance", "y"), [(0.3, 0.04, 0.5), (0.3, 1e-6, 0.9), (0.0, 1.0, -2.0)])
def test_of_a_gaussian_it_is_the_integral(mean, variance, y):
    sigma = math.sqrt(variance)

    def squared(x):
        return (norm.cdf(x, mean, sigma) - (x >= y)) ** 2

    expected = quad(squared, min(mean, y) - 9 * sigma, max(mean, y) + 9 * sigma, points=[mean, y], limit=500)[0]
    found = crps.of_gaussian(*(torch.tensor([[value]]).double() for value in (mean, variance, y)))
    assert found.item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("k", [4, 25])
def test_atoms_cover_what_lies_between_their_quantiles_ends_included(k):
    """F⁻¹(0.05) ≤ y ≤ F⁻¹(0.95) with F⁻¹(p) = min {x: F(x) ≥ p}, for any order of the atoms."""
    shares, atoms = Stream.named(0).normal(200, k).softmax(-1), Stream.named(1).normal(k)
    y = torch.cat([Stream.named(2).normal(100, 1), atoms[Stream.named(3).integers(k, 100)][:, None]])
    order = atoms.argsort()
    mass, sorted_ = shares[:, order].cumsum(1), atoms[order]
    low, high = (sorted_[(mass < p).sum(1).clamp(max=k - 1)] for p in (0.05, 0.95))
    expected = ((low <= y[:, 0]) & (y[:, 0] <= high)).double()
    torch.testing.assert_close(coverage.of_atoms(shares.T[None], atoms[None, :, None], y), expected)


def test_of_equal_shares_the_ends_are_the_atoms_at_the_tails_themselves_in_single_precision_too():
    atoms = torch.arange(20.0)[None, :, None]
    y = torch.tensor([[-0.1], [0.0], [18.0], [18.1], [19.0]])  # 19 of 20 shares lie at 18 or below
    shares = torch.full((1, 20, 1), 1 / 20)
    assert coverage.of_atoms(shares, atoms, y).tolist() == [0, 1, 1, 0, 0]


def test_a_gaussian_covers_nine_tenths_of_what_it_draws():
    mean, y = torch.zeros(20_000, 1), 0.3 * Stream.named(0).normal(20_000, 1)
    inside = coverage.of_gaussian(mean.double(), mean.double() + 0.09, y.double())
    assert inside.mean().item() == pytest.approx(0.9, abs=0.01)
    reach = 0.3 * norm.ppf(0.95)
    edges = torch.tensor([[reach - 1e-6], [reach + 1e-6], [-reach + 1e-6], [-reach - 1e-6]]).double()
    assert coverage.of_gaussian(edges * 0, edges * 0 + 0.09, edges).tolist() == [1, 0, 1, 0]


def test_the_likelihood_of_a_gaussian_is_scipys_summed_over_dimensions():
    mean, variance, y = (Stream.named(seed).uniform(9, 3) + 0.1 for seed in range(3))
    expected = -norm.logpdf(y.numpy(), mean.numpy(), np.sqrt(variance.numpy())).sum(1)
    np.testing.assert_allclose(nll.of_gaussian(mean, variance, y).numpy(), expected)


def test_scores_of_several_dimensions_are_means_and_the_likelihood_is_their_sum():
    mean, variance, y = (Stream.named(seed).uniform(9, 2) + 0.1 for seed in range(3))
    for formula, together in ((crps.of_gaussian, 2), (coverage.of_gaussian, 2), (nll.of_gaussian, 1)):
        alone = sum(formula(mean[:, [m]], variance[:, [m]], y[:, [m]]) for m in range(2))
        torch.testing.assert_close(formula(mean, variance, y) * together, alone)
