"""The histogram loss."""

import pytest
import torch

from regbench.methods.hl_gauss import encode
from regbench.methods.shared.encoder import log_soft_bins
from tests.methods.samples import build, losses, outputs, targets
from tests.methods.test_encoder import uniform_targets


def ten_bins():
    """On [0, 1], σ = 0.075, nothing beyond the ends."""
    return build("hl_gauss", 10, sigma_ratio=0.75, padding=0.0)


def mean_of(y, method, params, _):
    q_MKB = encode(params, torch.tensor([[y]], dtype=torch.float64))
    return method.predict(params, q_MKB[0].T.log()).item()


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        (0.33, [0.001077, 0.040436, 0.303062, 0.4801, 0.16362, 0.011546, 0.000159]),
        (0.0, [0.817578, 0.174762, 0.007597, 0.000063]),
    ],
)
def test_the_golden_shares_without_padding(y, expected):
    _, params, _ = ten_bins()
    found = encode(params, torch.tensor([[y]], dtype=torch.float64))[0, :, 0]
    assert found[: len(expected)].tolist() == pytest.approx(expected, abs=1e-6)
    assert found.sum().item() == pytest.approx(1)


def test_without_padding_a_target_at_the_end_is_drawn_inwards_and_with_it_is_not():
    assert mean_of(0.33, *ten_bins()) == pytest.approx(0.330003, abs=1e-6)
    assert mean_of(0.0, *ten_bins()) == pytest.approx(0.069015, abs=1e-6)
    assert abs(mean_of(0.0, *build("hl_gauss", 25))) < 1e-3


def test_narrow_gaussians_are_one_hot():
    _, params, _ = build("hl_gauss", 10, sigma_ratio=1e-3, padding=0.0)
    found = encode(params, torch.tensor([[0.33]], dtype=torch.float64))[0, :, 0]
    assert found.tolist() == pytest.approx([0, 0, 0, 1, 0, 0, 0, 0, 0, 0])


@pytest.mark.parametrize("k", [2, 5, 25, 100])
def test_bins_cover_the_range_and_never_spend_more_than_half_of_themselves_on_padding(k):
    _, params, _ = build("hl_gauss", k)
    edges, width = params["edges"][:, 0], params["edges"][1, 0] - params["edges"][0, 0]
    assert edges[0] < 0
    assert edges[-1] > 1
    assert k * width <= 2 + 1e-12
    torch.testing.assert_close(edges.diff(), width.expand(k))


def test_with_narrow_bins_it_is_what_soft_binning_makes_of_the_same_centres():
    """The mass of a narrow bin is its width times the density at its centre."""
    _, params, _ = build("hl_gauss", 100, sigma_ratio=8.0, padding=3.0)
    y = targets(30, seed=1)
    soft = log_soft_bins(y, params["points"], params["sigma"][0]).exp()
    torch.testing.assert_close(encode(params, y)[0].T, soft, rtol=1e-2, atol=1e-6)


def test_the_loss_is_the_divergence_and_least_where_the_network_says_the_same():
    method, params, values = build("hl_gauss", 25)
    y, g = targets(12, seed=1), outputs(method, 25, 1)
    q = encode(params, y)[0].T
    expected = torch.nn.functional.kl_div(g.log_softmax(-1), q, reduction="none").sum(-1)
    torch.testing.assert_close(losses(method, params, values, y, g), expected)
    same = losses(method, params, values, y, q.clamp(min=1e-300).log())
    torch.testing.assert_close(same, torch.zeros_like(same), rtol=0, atol=1e-12)


def test_targets_far_outside_still_have_a_distribution():
    _, params, _ = build("hl_gauss", 10)
    q = encode(params, torch.tensor([[-50.0], [50.0]], dtype=torch.float64))
    torch.testing.assert_close(q.sum(1), torch.ones(1, 2).double())


def test_uniform_targets_come_back_within_a_thousandth():
    _, params, _ = build("hl_gauss", 25)
    y = uniform_targets()
    assert (y - encode(params, y)[0].T @ params["points"]).abs().max() < 2e-3
