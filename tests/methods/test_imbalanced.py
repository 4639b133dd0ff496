"""The losses of imbalanced regression: their limiting cases, and identities of their parts."""

import math

import pytest
import torch

from regbench import catalog
from regbench.errors import UsageError
from regbench.methods import gar
from regbench.methods.shared import mixture
from regbench.random import Stream
from regbench.types import Params
from tests.methods.samples import batch, build, build_anew, losses, targets


def predictions(n, m=1, seed=5):
    return Stream.named(seed, "predictions").normal(n, m)


@pytest.mark.parametrize(("base", "method"), [("mae", "l1"), ("mse", "lsq")])
def test_without_exponent_focal_r_is_its_base(base, method):
    y, outputs = targets(20, 2), predictions(20, 2)
    made = build("focal_r", 5, y, static={"base": base}, gamma=0.0)
    torch.testing.assert_close(losses(*made, y, outputs), losses(*build(method, 5, y), y, outputs))


def test_focal_r_scales_an_error_by_twice_a_sigmoid_less_one():
    """|e| (2σ(β |e|) - 1)^γ at e = 10 years, β = 0.2, as in the authors' code."""
    y, outputs = torch.zeros(2, 1).double(), torch.tensor([[10.0], [0.0]]).double().requires_grad_()
    loss = losses(*build("focal_r", beta=0.2, gamma=0.5), y, outputs)
    assert loss[0].item() == pytest.approx(10 * (2 / (1 + math.exp(-2)) - 1) ** 0.5)
    (gradient,) = torch.autograd.grad(loss.sum(), outputs)
    assert gradient[1] == 0  # finite where the error is 0
    assert losses(*build("focal_r", beta=1e6), y, outputs)[0].item() == pytest.approx(10)


def test_an_unknown_setting_is_refused():
    for method, settings, message in [
        ("focal_r", {"base": "mee"}, "did you mean 'ma?s?e'"),
        ("balanced_mse", {"variant": "gia"}, "did you mean 'gai'"),
        ("balanced_mse", {"variant": "gai", "components": 0}, "components=0"),
    ]:
        with pytest.raises(UsageError, match=message.replace("ma?s?e", ".*")):
            build_anew(method, 5, targets(20), static=settings)
    with pytest.raises(UsageError, match="one dimension"):
        build_anew("balanced_mse", 5, targets(20, 2), static={"variant": "gai"})


def balanced(y, outputs, sigma, **static):
    """The loss of each row and its gradient with respect to the predictions."""
    outputs = outputs.clone().requires_grad_()
    loss = losses(*build_anew("balanced_mse", 5, y, static=static, sigma=sigma), y, outputs)
    return loss.detach(), torch.autograd.grad(loss.sum(), outputs)[0]


def test_balanced_mse_is_the_cross_entropy_of_finding_the_own_target_in_the_batch():
    y, outputs, sigma = targets(9, 2), predictions(9, 2), 0.3
    logits = -torch.cdist(outputs, y).square() / (2 * sigma**2)
    expected = 2 * sigma**2 * torch.nn.functional.cross_entropy(logits, torch.arange(9), reduction="none")
    torch.testing.assert_close(balanced(y, outputs, sigma)[0], expected)
    assert balanced(y[:1], outputs[:1], sigma)[0] == 0


@pytest.mark.parametrize("static", [{}, {"variant": "gai", "components": 60}])
def test_among_uniform_targets_balanced_mse_has_the_gradient_of_the_squared_error(static):
    y = torch.linspace(-2, 3, 1001).double()[:, None]
    outputs = y + 0.05 * predictions(1001)
    inside = (y[:, 0] > -1) & (y[:, 0] < 2)
    _, gradient = balanced(y, outputs, 0.1, **static)
    torch.testing.assert_close(gradient[inside], 2 * (outputs - y)[inside], rtol=0, atol=0.01)


def test_with_much_noise_balanced_mse_is_linear_in_the_prediction():
    y, outputs = targets(30), predictions(30)
    _, gradient = balanced(y, outputs, 1e3)
    torch.testing.assert_close(gradient, -2 * (y - y.mean()), rtol=1e-4, atol=1e-4)


def test_the_noise_of_balanced_mse_is_trained_to_fit_the_errors():
    """The derivative with respect to log σ is that of the loss without its factor, times the factor."""
    y, outputs = targets(50), targets(50) + 0.2 * predictions(50)
    method, params, values = build_anew("balanced_mse", 5, y, sigma=0.2)

    def mean(log_sigma):
        now = Params({"log_sigma": log_sigma})
        return method.loss(now, batch(method, now, y, outputs), values).mean()

    at = params.trained["log_sigma"].clone().requires_grad_()
    (slope,) = torch.autograd.grad(mean(at), at)
    low, high = (mean(at.detach() + step) / (2 * (2 * (at.detach() + step)).exp()) for step in (-1e-5, 1e-5))
    assert slope.item() == pytest.approx(((high - low) / 2e-5 * 2 * 0.2**2).item(), rel=1e-5)


def test_a_mixture_of_one_component_has_mean_and_variance_and_one_of_two_finds_two_heaps():
    y = torch.cat([0.05 * predictions(300), 1 + 0.1 * predictions(100, seed=6)])[:, 0]
    one = mixture.fit(y, 1)
    assert (one["means"].item(), one["variances"].item()) == pytest.approx(
        (y.mean().item(), y.var(correction=0).item())
    )
    two = mixture.fit(y, 2)
    assert two["means"].tolist() == pytest.approx([0, 1], abs=0.03)
    assert two["log_weights"].exp().tolist() == pytest.approx([0.75, 0.25], abs=1e-3)


def test_the_parts_of_gar_are_those_of_all_pairs():
    y, outputs = targets(12), predictions(12)
    pairs = (outputs - outputs.T) - (y - y.T)
    mae, variance, apart = gar.parts(outputs, y)
    assert mae == (outputs - y).abs().mean()
    assert variance.item() == pytest.approx(pairs.square().mean().item() / 4)
    assert variance.item() == pytest.approx((outputs - y).var(correction=0).item() / 2)
    assert apart.item() == pytest.approx(1 - torch.corrcoef(torch.cat([outputs, y], 1).T)[0, 1].item())
    assert [each.item() for each in gar.parts(y + 3, y)] == pytest.approx([3, 0, 0], abs=1e-12)
    assert gar.parts(2 * y, y)[2].item() == pytest.approx(0, abs=1e-12)


def test_gar_lies_between_the_largest_and_the_geometric_mean_of_its_parts():
    y, outputs = targets(12, 2), predictions(12, 2)
    parts = torch.stack(gar.parts(outputs, y)) + gar.SMALLEST
    for alpha, expected in ((1.0, parts.mean().log()), (1e-3, parts.max().log()), (1e5, parts.log().mean())):
        found = losses(*build("gar", 5, y, alpha=alpha), y, outputs)
        assert found.item() == pytest.approx(expected.item(), rel=2e-3, abs=2e-3)


def test_a_loss_of_the_whole_batch_says_so():
    assert [name for name in catalog.names("methods") if catalog.load("methods", name).per_batch] == ["gar"]
