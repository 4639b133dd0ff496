"""Classification with one-hot targets."""

import pytest
import torch

from regbench.methods.shared.centres import grid
from regbench.methods.shared.encoder import nearest
from regbench.random import Stream
from tests.methods.samples import build, losses, outputs, targets
from tests.methods.test_encoder import uniform_targets


@pytest.mark.parametrize("m", [1, 2])
def test_the_loss_is_the_cross_entropy_of_the_nearest_centre(m):
    method, params, values = build("hard_binning", 9, targets(100, m))
    y, g = targets(12, m, seed=1), outputs(method, 9, m)
    closest = torch.cdist(y, params["centres"]).argmin(-1)
    expected = torch.nn.functional.cross_entropy(g, closest, reduction="none")
    torch.testing.assert_close(losses(method, params, values, y, g), expected)


def test_a_target_between_two_centres_goes_to_the_first():
    method, params, values = build("hard_binning", 5)
    g = outputs(method, 5, 1, n=1)
    y = torch.tensor([[0.125]], dtype=torch.float64)
    assert losses(method, params, values, y, g).item() == pytest.approx(-g.log_softmax(-1)[0, 0].item())


def test_rounding_decides_between_centres_that_are_equally_far():
    """What the READMEs say: 0.25 and 0.75 lie midway of two of fifteen centres, and precisions differ on the first."""
    y = torch.tensor([[0.25], [0.75], [0.0], [1.0]], dtype=torch.float64)
    centres = grid(y, 15).c
    assert nearest(y, centres)[:2].tolist() == [4, 10]
    assert nearest(y.float(), centres.float())[:2].tolist() == [3, 10]


@pytest.mark.parametrize(("k", "rmse"), [(5, 0.0722), (15, 0.0206), (25, 0.0120)])
def test_the_encoder_rounds_uniform_targets_by_the_spacing_over_root_twelve(k, rmse):
    _, params, _ = build("hard_binning", k)
    y, centres = uniform_targets(), params["centres"]
    rounded = centres[(y - centres.T).abs().argmin(-1)]
    error = (y - rounded).square().mean().sqrt().item()
    assert error == pytest.approx(rmse, abs=6e-5)
    assert error == pytest.approx(1 / (k - 1) / 12**0.5, rel=1e-4)


def test_the_prediction_is_the_mean_over_centres_and_can_lie_between_them():
    method, params, _ = build("hard_binning", 5)
    g = torch.tensor([[0.7, 0.7, -1e4, -1e4, -1e4]], dtype=torch.float64)
    assert method.predict(params, g).item() == pytest.approx(0.125)


def test_it_is_the_limit_of_soft_binning_with_narrow_bins():
    hard, params, values = build("hard_binning", 5)
    soft, soft_params, soft_values = build("soft_binning", 5, lambda_sigma=0.01)
    y, g = torch.tensor([[0.0], [0.2], [0.33], [0.8]], dtype=torch.float64), outputs(hard, 5, 1, n=4)
    expected = losses(hard, params, values, y, g)
    torch.testing.assert_close(losses(soft, soft_params, soft_values, y, g), expected)


def test_the_gradient_of_the_logits_is_prediction_minus_one_hot():
    method, params, values = build("hard_binning", 5)
    y, g = targets(12, seed=1), Stream.named(1).normal(12, 5).requires_grad_()
    (gradient,) = torch.autograd.grad(losses(method, params, values, y, g).sum(), g)
    one_hot = torch.nn.functional.one_hot((y - params["centres"].T).abs().argmin(-1), 5)
    torch.testing.assert_close(gradient, g.softmax(-1) - one_hot)
