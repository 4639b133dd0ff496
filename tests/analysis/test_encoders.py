"""The encoders of figures against the methods' own, and properties of every encoder."""

import numpy as np
import pytest
import torch

from regbench import catalog
from regbench.analysis import encoders
from regbench.methods.shared.encoder import affine_soft_bins
from regbench.types import Params
from tests.made.encoders import METHODS, parameters, targets

every_encoder = pytest.mark.parametrize("method", METHODS)
LOW, HIGH = np.full(2, -0.1), np.full(2, 1.1)


def test_every_method_with_an_encoder_is_known():
    """Only with bins joint over dimensions: an encoder of single dimensions has no picture in the plane."""
    with_encoder = {name for name in catalog.names("methods") if catalog.load("methods", name).encode}
    marginal = {"two_hot", "hl_gauss", "quantile_bins"}
    assert set(METHODS) == with_encoder - marginal
    assert all(encoders.encodes(parameters(name)) for name in METHODS)
    assert not any(encoders.encodes(parameters(name)) for name in ("lsq_softmax", *marginal))
    assert not encoders.encodes({})


@pytest.mark.parametrize("m", [1, 2, 3])
@every_encoder
def test_they_are_the_methods_own_to_the_last_digits(method, m):
    own, y, known = parameters(method, m), targets(m=m), catalog.load("methods", method)
    params = Params(fixed={name: torch.from_numpy(np.asarray(value)) for name, value in own.items()})
    log_psi_NK, mu_KM = known.encode(params, torch.from_numpy(y)).numpy(), known.decoder(params).numpy()
    np.testing.assert_allclose(encoders.log_psi(own, y), log_psi_NK, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(encoders.psi(own, y), np.exp(log_psi_NK), rtol=0, atol=1e-12)
    np.testing.assert_array_equal(encoders.decoder(own), mu_KM)


@every_encoder
def test_shares_sum_to_one_and_the_largest_is_the_bins(method):
    own, y = parameters(method), targets()
    shares = encoders.psi(own, y)
    np.testing.assert_allclose(shares.sum(1), 1, rtol=0, atol=1e-14)
    np.testing.assert_array_equal(shares.argmax(1), encoders.bins(own, y))


def test_hard_binning_is_the_limit_of_narrow_soft_binning():
    hard, y = parameters("hard_binning"), targets()
    narrow = {**hard, "sigma": np.array(1e-4)}
    np.testing.assert_allclose(encoders.psi(narrow, y), encoders.psi(hard, y), atol=1e-12)
    assert encoders.entropy(hard, y) == pytest.approx(0, abs=1e-12)
    assert encoders.entropy({**hard, "sigma": np.array(1e3)}, y) == pytest.approx(np.log(9), abs=1e-4)


def test_the_affine_form_of_soft_binning_is_the_same_encoder():
    soft, y = parameters("soft_binning", lambda_sigma=1.0), targets()
    tensor = {name: torch.from_numpy(np.asarray(value)) for name, value in soft.items()}
    affine = {name: value.numpy() for name, value in affine_soft_bins(tensor["centres"], tensor["sigma"]).items()}
    np.testing.assert_allclose(encoders.psi(affine, y), encoders.psi(soft, y), atol=1e-12)
    assert (encoders.is_learnt(affine), encoders.is_learnt(soft)) == (True, False)


def test_of_equally_near_centres_the_first_is_the_bin():
    square = {"centres": np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]])}
    assert encoders.bins(square, np.zeros((1, 2))).tolist() == [0]


def test_a_bin_decodes_to_its_centre_until_the_decoder_is_trained():
    soft = parameters("soft_binning")
    np.testing.assert_array_equal(encoders.decoder(soft), soft["centres"])
    np.testing.assert_array_equal(encoders.decoder({**soft, "mu": soft["centres"] + 1}), soft["centres"] + 1)


@every_encoder
def test_regions_tile_the_rectangle_and_hold_just_the_targets_of_their_bin(method):
    own, y = parameters(method), targets(2000)
    areas = []
    for number in range(9):
        corners = encoders.region(own, number, LOW, HIGH)
        following = np.roll(corners, -1, 0)
        cross = corners[:, 0] * following[:, 1] - corners[:, 1] * following[:, 0]
        areas.append(cross.sum() / 2)
        edges = (following - corners)[:, None], y - corners[:, None]
        left = edges[0][..., 0] * edges[1][..., 1] - edges[0][..., 1] * edges[1][..., 0]
        inside = (left >= 0).all(0) if len(corners) else np.zeros(len(y), bool)
        np.testing.assert_array_equal(inside, encoders.bins(own, y) == number)
    assert sum(areas) == pytest.approx(1.2**2)


def test_a_bin_that_is_nowhere_the_largest_has_no_region():
    own = {"w_lin": np.zeros((2, 3)), "w_bias": np.array([0.0, 1.0, 0.0])}
    assert encoders.region(own, 0, LOW, HIGH).shape == (0, 2)
    assert len(encoders.region(own, 1, LOW, HIGH)) == 4
