"""Least squares through a softmax layer."""

import pytest
import torch

from regbench.errors import UsageError
from regbench.types import Params
from tests.methods.samples import build, losses, outputs, targets


def test_it_is_end2end_without_its_other_two_terms():
    """λ_auto = λ_KL = 0, λ_pred = 1, the same start of μ: the same loss, prediction and gradients."""
    for static in ({"init": "grid"}, {"init": "random"}):
        plain, params, values = build("lsq_softmax", static=static)
        other, other_params, other_values = build("end2end", static=static, lambda_auto=0, lambda_kl=0, lambda_pred=1)
        y, outputs_BK = targets(12, seed=1), outputs(plain, 5, 1).requires_grad_()
        assert params["mu"].equal(other_params["mu"])
        mu, other_mu = (each.trained["mu"].requires_grad_() for each in (params, other_params))
        loss, other_loss = (
            losses(plain, params, values, y, outputs_BK),
            losses(other, other_params, other_values, y, outputs_BK),
        )
        torch.testing.assert_close(loss, other_loss)
        for g, other_g in zip(
            torch.autograd.grad(loss.sum(), (outputs_BK, mu)),
            torch.autograd.grad(other_loss.sum(), (outputs_BK, other_mu)),
            strict=True,
        ):
            torch.testing.assert_close(g, other_g)
        assert plain.predict(params, outputs_BK).equal(other.predict(other_params, outputs_BK))


def test_the_gradient_of_the_logits_is_the_one_of_the_paper():
    """∂L/∂g = 2(ŷ - y) π∘(μ - ŷ)."""
    method, params, values = build("lsq_softmax")
    y, g = targets(12, seed=1), outputs(method, 5, 1).requires_grad_()
    (gradient,) = torch.autograd.grad(losses(method, params, values, y, g).sum(), g)
    pi, predicted = g.softmax(-1), method.predict(params, g)
    torch.testing.assert_close(gradient, 2 * (predicted - y) * pi * (params["mu"].T - predicted))


@pytest.mark.parametrize("plateau", ["equal values", "one-hot"])
def test_there_are_two_plateaus(plateau):
    method, params, values = build("lsq_softmax")
    g = outputs(method, 5, 1)
    if plateau == "equal values":
        params = Params(trained={"mu": torch.full_like(params["mu"], 0.4)})
    else:
        g = 1e3 * torch.nn.functional.one_hot(g.argmax(-1), 5).double()
    g.requires_grad_()
    (gradient,) = torch.autograd.grad(losses(method, params, values, targets(12, seed=1), g).sum(), g)
    assert gradient.abs().max() < 1e-12


def test_the_decoder_starts_at_the_grid_or_where_torch_starts_a_linear_layer():
    _, grid, _ = build("lsq_softmax", 25)
    _, random, _ = build("lsq_softmax", 25, static={"init": "random"})
    torch.testing.assert_close(grid["mu"][:, 0], torch.linspace(0, 1, 25, dtype=torch.float64))
    assert random["mu"].abs().max() < 1 / 5
    assert random["mu"].std() == pytest.approx(1 / 5 / 3**0.5, rel=0.3)


def test_an_unknown_start_gets_the_nearest_known_one():
    with pytest.raises(UsageError, match=r"init=gird.*did you mean 'grid'"):
        build("lsq_softmax", static={"init": "gird"})
