"""Least squares."""

import torch

from regbench.random import Stream
from tests.methods.samples import build, losses, targets


def test_the_gradient_of_the_features_is_rank_one_and_the_one_of_the_paper():
    """With ŷ = θᵀz + b, ∂L/∂z_i = 2(ŷ_i - y_i)θ/B."""
    method, params, values = build("lsq")
    z, theta = Stream.named(0, "z").normal(10, 6).requires_grad_(), Stream.named(0, "theta").normal(6, 1)
    y, predicted = targets(10), z @ theta + 0.3
    (gradient,) = torch.autograd.grad(losses(method, params, values, y, predicted).mean(), z)
    torch.testing.assert_close(gradient, 2 * (predicted - y).detach() @ theta.T / 10)
    assert torch.linalg.matrix_rank(gradient) == 1


def test_the_best_constant_has_the_variance_as_its_loss():
    method, params, values = build("lsq")
    y = targets(100)
    loss = losses(method, params, values, y, y.mean().expand(100, 1)).mean()
    torch.testing.assert_close(loss, y.var(correction=0))


def test_the_error_is_summed_over_target_dimensions():
    method, params, values = build("lsq", y_NM=targets(9, 3))
    y = targets(9, 3)
    torch.testing.assert_close(losses(method, params, values, y, y + 2), torch.full((9,), 12.0, dtype=torch.float64))


def test_the_prediction_is_the_output():
    method, params, _ = build("lsq")
    outputs = Stream.named(0).normal(4, 2)
    assert method.predict(params, outputs).equal(outputs)
