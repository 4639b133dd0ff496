"""Proper scores of predicted distributions."""

import math

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.stats import norm

from regbench import catalog
from regbench.methods import _scores
from regbench.random import Stream
from regbench.types import Method
from tests.methods.samples import build, losses, outputs, targets

SCORED = [name for name in catalog.names("methods") if catalog.load("methods", name).scores]
every_scored = pytest.mark.parametrize("name", SCORED)


def crps(method: Method, params, g, y):
    return method.scores["crps"](params, g, y)


def test_every_method_that_predicts_a_distribution_has_a_score_and_the_point_predictions_have_none():
    points = {"lsq", "l1", "huber"}
    assert set(SCORED) == set(catalog.names("methods")) - points


def by_pairs(shares, atoms, y):
    """E|X - y| - ½ E|X - X'|, from all pairs of atoms."""
    apart = (atoms[:, None] - atoms[None]).abs()
    return shares @ (atoms - y).abs() - shares @ apart @ shares / 2


def test_crps_of_atoms_is_that_of_all_pairs_in_whatever_order_they_come():
    shares = Stream.named(0).normal(6, 4).softmax(-1)
    atoms = Stream.named(1).normal(4)
    y = targets(6, seed=1)
    found = _scores.crps_of_atoms(shares.T[None], atoms[None, :, None], y)
    expected = torch.stack([by_pairs(each, atoms, at) for each, at in zip(shares, y[:, 0], strict=True)])
    torch.testing.assert_close(found, expected)


def test_crps_of_atoms_is_the_integral_of_the_squared_distance_of_distribution_functions():
    shares, atoms, y = np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.4, 0.8]), 0.55

    def squared(x):
        return (shares[atoms <= x].sum() - (x >= y)) ** 2

    expected = quad(squared, -1, 2, points=[*atoms, y])[0]
    found = _scores.crps_of_atoms(
        torch.tensor(shares)[None, :, None], torch.tensor(atoms)[None, :, None], torch.tensor([[y]]).double()
    )
    assert found.item() == pytest.approx(expected, abs=1e-6)


@every_scored
@pytest.mark.parametrize("m", [1, 3])
def test_a_score_is_one_number_for_each_row_and_alone_the_same(name, m):
    method, params, _ = build(name, 5, targets(60, m))
    g, y = outputs(method, 5, m), targets(12, m, seed=1)
    for score in method.scores.values():
        together = score(params, g, y)
        assert together.shape == (12,)
        torch.testing.assert_close(score(params, g[[3]], y[[3]]), together[[3]], rtol=1e-12, atol=1e-13)


@every_scored
@pytest.mark.parametrize("m", [1, 3])
def test_crps_is_never_negative_and_of_a_target_far_beyond_all_the_error_of_the_mean_less_half_the_width(name, m):
    """With y above all of X, E|X - y| = y - E X; the width, ½ E|X - X'|, is that at any such y."""
    method, params, _ = build(name, 5, targets(60, m))
    g, y = 2 * outputs(method, 5, m, n=50), targets(50, m, seed=1)
    assert (crps(method, params, g, y) >= -1e-12).all()
    width = [(far - method.predict(params, g)).mean(-1) - crps(method, params, g, y * 0 + far) for far in (1e3, 2e3)]
    assert (width[0] > 0).all()
    torch.testing.assert_close(width[0], width[1], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["soft_binning", "two_hot", "hl_gauss", "quantile_bins", "lsq_softmax"])
def test_of_a_network_that_is_certain_it_is_the_absolute_error(name):
    method, params, _ = build(name, 5)
    g = torch.full((5, 5), -1e3, dtype=torch.float64).fill_diagonal_(1e3)
    y = targets(5, seed=1)
    expected = (y - method.predict(params, g)).abs()[:, 0]
    torch.testing.assert_close(crps(method, params, g, y), expected)


@pytest.mark.parametrize("k", [4, 9])
def test_of_quantiles_it_is_twice_the_mean_pinball_loss_exactly(k):
    """The loss of `pinball` is the CRPS of a distribution with equal shares at its quantiles."""
    method, params, values = build("pinball", k)
    g, y = outputs(method, k, 1), targets(12, seed=1)
    torch.testing.assert_close(crps(method, params, g, y), losses(method, params, values, y, g))


@pytest.mark.parametrize(("mean", "variance", "y"), [(0.3, 0.04, 0.5), (0.3, 1e-6, 0.9), (0.0, 1.0, -2.0)])
def test_of_a_gaussian_it_is_the_integral(mean, variance, y):
    sigma = math.sqrt(variance)

    def squared(x):
        return (norm.cdf(x, mean, sigma) - (x >= y)) ** 2

    expected = quad(squared, min(mean, y) - 9 * sigma, max(mean, y) + 9 * sigma, points=[mean, y], limit=500)[0]
    found = _scores.crps_of_gaussian(*(torch.tensor([[value]]).double() for value in (mean, variance, y)))
    assert found.item() == pytest.approx(expected, rel=1e-5)


def test_the_likelihood_of_a_gaussian_is_scipys():
    method, params, _ = build("gaussian_nll", y_NM=targets(60, 2))
    g, y = outputs(method, 0, 2), targets(12, 2, seed=1)
    raw = g[:, 2:].numpy()
    expected = -norm.logpdf(y.numpy(), g[:, :2].numpy(), np.sqrt(np.log1p(np.exp(raw)) + 1e-6)).sum(1)
    np.testing.assert_allclose(method.scores["nll"](params, g, y).numpy(), expected)


@pytest.mark.parametrize("name", ["coral", "corn"])
def test_of_ranks_it_is_that_of_their_distribution(name):
    from regbench.methods import coral, corn

    method, params, _ = build(name, 6)
    g, y = outputs(method, 6, 1), targets(12, seed=1)
    above = (coral.logits(params, g).sigmoid() if name == "coral" else corn.exceeding(params, g))[0].T
    ranks = torch.linspace(0, 1, 6, dtype=torch.float64)
    shares = torch.cat([above.new_ones(12, 1), above], 1) - torch.cat([above, above.new_zeros(12, 1)], 1)
    expected = torch.stack([by_pairs(each, ranks, at) for each, at in zip(shares, y[:, 0], strict=True)])
    torch.testing.assert_close(crps(method, params, g, y), expected)
