"""The Gaussian likelihood and its weighted variant."""

import math

import pytest
import torch

from regbench.methods.shared.gaussian import variance
from tests.methods.samples import build, losses, outputs, targets


@pytest.mark.parametrize("m", [1, 2])
def test_the_loss_is_the_negative_log_density_but_for_its_constant(m):
    method, params, values = build("gaussian_nll", y_NM=targets(60, m))
    y, g = targets(12, m, seed=1), outputs(method, 0, m)
    density = torch.distributions.Normal(g[:, :m], variance(g).sqrt())
    expected = -density.log_prob(y).sum(-1) - m * math.log(2 * math.pi) / 2
    torch.testing.assert_close(losses(method, params, values, y, g), expected)


def test_the_best_variance_of_a_constant_is_that_of_the_targets():
    method, params, values = build("gaussian_nll")
    y = targets(100)

    def at(v):
        raw = math.log(math.expm1(v - 1e-6))
        g = torch.tensor([[y.mean().item(), raw]]).double().expand(100, 2)
        return losses(method, params, values, y, g).mean().item()

    best = y.var(correction=0).item()
    assert all(at(best) < at(best * factor) for factor in (0.8, 0.95, 1.05, 1.2))


def test_power_zero_is_the_likelihood():
    beta, params, values = build("beta_nll", variance_power=0.0)
    plain, plain_params, plain_values = build("gaussian_nll")
    y, g = targets(12, seed=1), outputs(beta, 0, 1)
    expected = losses(plain, plain_params, plain_values, y, g)
    torch.testing.assert_close(losses(beta, params, values, y, g), expected)


def test_power_one_gives_the_mean_half_the_gradient_of_least_squares():
    method, params, values = build("beta_nll", variance_power=1.0)
    y, g = targets(12, seed=1), outputs(method, 0, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(losses(method, params, values, y, g).sum(), g)
    torch.testing.assert_close(gradient[:, 0], (g[:, 0] - y[:, 0]).detach())


def test_the_weight_is_not_trained_by():
    """The gradient is that of the likelihood times v^β, for mean and variance alike."""
    beta, params, values = build("beta_nll", variance_power=0.5)
    plain, plain_params, plain_values = build("gaussian_nll")
    y, g = targets(12, seed=1), outputs(beta, 0, 1).requires_grad_()
    (found,) = torch.autograd.grad(losses(beta, params, values, y, g).sum(), g)
    (without,) = torch.autograd.grad(losses(plain, plain_params, plain_values, y, g).sum(), g)
    torch.testing.assert_close(found, variance(g).detach().sqrt() * without)


@pytest.mark.parametrize("name", ["gaussian_nll", "beta_nll"])
def test_targets_that_are_all_alike_leave_the_loss_finite(name):
    method, params, values = build(name)
    g = torch.tensor([[0.3, -1e4]], dtype=torch.float64)
    assert losses(method, params, values, torch.tensor([[0.3]], dtype=torch.float64), g).isfinite().all()
