"""Classification with soft targets."""

import pytest
import torch

from regbench.methods.shared.encoder import log_soft_bins
from tests.methods.samples import build, losses, outputs, targets


@pytest.mark.parametrize("lambda_sigma", [0.25, 0.5, 1.0])
def test_the_loss_is_the_divergence_from_its_encoding_and_least_where_the_network_says_the_same(lambda_sigma):
    method, params, values = build("soft_binning", 9, lambda_sigma=lambda_sigma)
    y, g = targets(12, seed=1), outputs(method, 9, 1)
    log_psi = log_soft_bins(y, params["centres"], torch.tensor(lambda_sigma / 8, dtype=torch.float64))
    expected = torch.nn.functional.kl_div(g.log_softmax(-1), log_psi, reduction="none", log_target=True).sum(-1)
    torch.testing.assert_close(losses(method, params, values, y, g), expected)
    same = losses(method, params, values, y, log_psi + 7)
    torch.testing.assert_close(same, torch.zeros_like(same), rtol=0, atol=1e-12)


def test_a_network_that_says_the_encoding_predicts_its_mean():
    method, params, _ = build("soft_binning", 5, lambda_sigma=0.5)
    log_psi = log_soft_bins(torch.tensor([[0.33]], dtype=torch.float64), params["centres"], params["sigma"])
    assert method.predict(params, log_psi).item() == pytest.approx(0.324867, abs=1e-6)


def test_nothing_of_it_is_trained():
    assert not build("soft_binning")[1].trained


def test_float32_keeps_its_digits_with_many_narrow_bins():
    """Distances are subtracted before they are squared, so 45 bins cost no more precision than 5."""
    _, params, _ = build("soft_binning", 45, lambda_sigma=0.25)
    y = targets(100, seed=1).float().double()
    exact = log_soft_bins(y, params["centres"], params["sigma"]).exp()
    single = log_soft_bins(y.float(), params["centres"].float(), params["sigma"].float()).exp()
    torch.testing.assert_close(single.double(), exact, rtol=0, atol=2e-5)
