"""Predicted distributions: identities that hold whatever was learnt."""

import numpy as np
import pytest
import torch
from scipy.stats import norm

from regbench.sklearn import distribution
from tests.sklearn.made import rows, small

BINNED = ["soft_binning", "hard_binning", "end2end", "pretrained_encoder", "two_hot", "quantile_bins"]
OTHERS = ["pinball", "coral", "corn", "gaussian_nll", "beta_nll"]
X, Y = rows()


@pytest.mark.parametrize("method", [*BINNED, "soft_binning+multi_target[m=2]"])
def test_bins_have_exact_probabilities_whose_mean_is_the_prediction(method):
    """The mean over seeds of their distributions has the mean over seeds of their means."""
    model = small(method, seeds=2, epochs=3).fit(X, Y)
    found = model.predict_distribution(X)
    np.testing.assert_allclose(found.probabilities.sum(1), 1)
    assert (found.probabilities >= 0).all()
    assert (np.diff(found.support, axis=1) > 0).all()
    np.testing.assert_allclose(found.mean(), model.predict(X), rtol=1e-9)


@pytest.mark.parametrize("method", ["gaussian_nll", "pinball", "corn"])
def test_quantiles_stand_for_other_distributions(method):
    found = small(method, k=9, epochs=3).fit(X, Y).predict_distribution(X, points=30)
    assert found.support.shape == found.probabilities.shape == (120, 30)
    assert (np.diff(found.support, axis=1) >= 0).all()


@pytest.mark.parametrize("method", [*BINNED[:3], *OTHERS])
def test_quantiles_are_in_order_and_reach_their_level(method):
    model = small(method, seeds=2, epochs=3).fit(X, Y)
    levels = (0.01, 0.3, 0.5, 0.9)
    found = model.predict_quantiles(X, levels)
    assert (np.diff(found, axis=1) >= 0).all()
    if method in BINNED:
        whole = model.predict_distribution(X)
        reached = (whole.probabilities[:, None] * (whole.support[:, None] <= found[:, :, None] + 1e-9)).sum(2)
        assert (reached >= np.array(levels) - 1e-9).all()


def test_a_quantile_inverts_the_distribution_function_of_a_gaussian():
    """Its CRPS is σ (z (2 Φ(z) - 1) + 2 φ(z) - 1/√π) (Gneiting, Raftery, 2007)."""
    mean, sigma = torch.tensor([[-3.0], [0.4]]).double(), torch.tensor([[2.0], [0.01]]).double()

    def crps(y):
        z = (y - mean) / sigma
        normal = torch.distributions.Normal(0.0, 1.0)
        return (sigma * (z * (2 * normal.cdf(z) - 1) + 2 * normal.log_prob(z).exp() - np.pi**-0.5)).mean(1)

    for level in (0.001, 0.5, 0.975):
        found = distribution.quantile(lambda y: distribution.from_crps(crps, y), level, 2, 1)
        np.testing.assert_allclose(found.numpy(), norm.ppf(level, mean, sigma), rtol=1e-6)


def test_levels_are_checked():
    model = small("two_hot", epochs=1).fit(X, Y)
    for wrong in ((0.0, 0.5), (1.0,), (), (np.nan,)):
        with pytest.raises(ValueError, match="levels must be numbers between 0 and 1"):
            model.predict_quantiles(X, wrong)
