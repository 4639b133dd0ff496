"""Proper scores of predicted distributions."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from regbench import catalog
from regbench.types import Method
from tests.methods.samples import build, losses, outputs, targets

SCORED = [name for name in catalog.names("methods") if catalog.load("methods", name).scores]
every_scored = pytest.mark.parametrize("name", SCORED)


def crps(method: Method, params, g, y):
    return method.scores["crps"](params, g, y)


def test_every_method_that_predicts_a_distribution_has_a_score_and_the_point_predictions_have_none():
    points = {"lsq", "l1", "huber", "focal_r", "balanced_mse", "gar"}
    assert set(SCORED) == set(catalog.names("methods")) - points


def by_pairs(shares, atoms, y):
    """E|X - y| - ½ E|X - X'|, from all pairs of atoms."""
    apart = (atoms[:, None] - atoms[None]).abs()
    return shares @ (atoms - y).abs() - shares @ apart @ shares / 2


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
    """The loss of `pinball` is the CRPS of a distribution with equal probabilities at its quantiles."""
    method, params, values = build("pinball", k)
    g, y = outputs(method, k, 1), targets(12, seed=1)
    torch.testing.assert_close(crps(method, params, g, y), losses(method, params, values, y, g))


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


@every_scored
@pytest.mark.parametrize("m", [1, 2])
def test_a_distribution_covers_its_own_middle_and_nothing_far_beyond(name, m):
    """The median lies inside the central interval; of a row with a target far off in one dimension a share is lost."""
    method, params, _ = build(name, 9, targets(60, m))
    g, y = outputs(method, 9, m, n=50), targets(50, m, seed=1)
    covered = method.scores["coverage"](params, g, y)
    assert set((covered * m).round(decimals=9).tolist()) <= set(map(float, range(m + 1)))
    far = method.scores["coverage"](params, g, y * 0 + 1e3)
    assert (far == 0).all()
    lost = method.scores["coverage"](params, g, torch.cat([y[:, 1:], y[:, :1] * 0 - 1e3], dim=1))
    assert (lost <= (m - 1) / m).all()


@every_scored
def test_outputs_that_are_not_finite_have_no_coverage(name):
    method, params, _ = build(name, 9)
    g = outputs(method, 9, 1) * torch.nan
    assert method.scores["coverage"](params, g, targets(12, seed=1)).isnan().all()
