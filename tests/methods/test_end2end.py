"""The joint method: the terms of equation 10 and its limits."""

import pytest
import torch

from regbench.methods.shared.encoder import autoencoding, log_affine
from regbench.types import Params
from tests.methods.samples import build, losses, outputs, targets


def test_the_loss_is_equation_ten_term_by_term():
    """The loss is linear in the three λ, and each term is the one its λ is named after."""
    method, params, _ = build("end2end", 7)
    y, g = targets(12, seed=1), outputs(method, 7, 1)

    def term(auto: float, kl: float, pred: float):
        values = build("end2end", 7, lambda_auto=auto, lambda_kl=kl, lambda_pred=pred, alpha=0.1)[2]
        return losses(method, params, values, y, g)

    psi, log_pi = (y @ params["w_lin"] + params["w_bias"]).softmax(-1), g.log_softmax(-1)
    entropy = torch.special.entr(psi).sum(-1)
    torch.testing.assert_close(term(1, 0, 0), (y - psi @ params["mu"]).square().sum(-1) + 0.1 * entropy)
    torch.testing.assert_close(term(0, 1, 0), -(psi * log_pi).sum(-1) - entropy)
    torch.testing.assert_close(term(0, 0, 1), (y - log_pi.exp() @ params["mu"]).square().sum(-1))
    torch.testing.assert_close(term(2, 3, 4), 2 * term(1, 0, 0) + 3 * term(0, 1, 0) + 4 * term(0, 0, 1))


def test_it_starts_as_soft_binning():
    """λ_auto = λ_pred = 0 and a frozen encoder: the loss, the prediction and the logits' gradient of soft binning."""
    method, params, values = build("end2end", 9, lambda_auto=0, lambda_pred=0)
    soft, soft_params, soft_values = build("soft_binning", 9)
    y, g = targets(12, seed=1), outputs(method, 9, 1).requires_grad_()
    ours, theirs = losses(method, params, values, y, g), losses(soft, soft_params, soft_values, y, g)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(method.predict(params, g), soft.predict(soft_params, g))
    (one,), (other,) = torch.autograd.grad(ours.sum(), g), torch.autograd.grad(theirs.sum(), g)
    torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_with_the_parameters_of_stage_one_its_divergence_is_stage_two():
    fitted, fixed, fitted_values = build("pretrained_encoder", 5)
    method, _, values = build("end2end", 5, lambda_auto=0, lambda_pred=0)
    y, g = targets(12, seed=1), outputs(method, 5, 1)
    ours = losses(method, Params(trained=fixed.fixed), values, y, g)
    torch.testing.assert_close(ours, losses(fitted, fixed, fitted_values, y, g))


def test_without_the_divergence_it_is_least_squares_and_an_autoencoder_that_share_a_decoder():
    """λ_KL = 0: the network's gradient is that of lsq_softmax, the encoder's that of the autoencoder alone."""
    method, params, values = build("end2end", 5, lambda_kl=0)
    plain, _, plain_values = build("lsq_softmax", 5)
    trained = {key: each.requires_grad_() for key, each in params.trained.items()}
    params = Params(trained=trained)
    y, g = targets(12, seed=1), outputs(method, 5, 1).requires_grad_()
    w = (trained["w_lin"], trained["w_bias"])
    by_g, *by_w = torch.autograd.grad(losses(method, params, values, y, g).sum(), (g, *w))
    (alone_g,) = torch.autograd.grad(losses(plain, Params(trained={"mu": trained["mu"]}), plain_values, y, g).sum(), g)
    auto = autoencoding(y, log_affine(y, *w), trained["mu"], values["alpha"]).sum()
    torch.testing.assert_close(by_g, alone_g)
    for one, other in zip(by_w, torch.autograd.grad(auto, w), strict=True):
        torch.testing.assert_close(one, other)


def test_the_divergence_moves_the_encoder_too():
    """∂KL/∂a = ψ∘(log ψ - log π - KL) reaches w: nothing stops the gradient."""
    method, params, values = build("end2end", 5, lambda_auto=0, lambda_pred=0)
    w_bias = params.trained["w_bias"].requires_grad_()
    y, g = targets(12, seed=1)[2:3], outputs(method, 5, 1, n=1)
    loss = losses(method, params, values, y, g)
    (gradient,) = torch.autograd.grad(loss.sum(), w_bias)
    log_psi = log_affine(y, params["w_lin"], w_bias.detach())
    torch.testing.assert_close(gradient, (log_psi.exp() * (log_psi - g.log_softmax(-1) - loss[:, None])).sum(0))


@pytest.mark.parametrize("k", [5, 25])
def test_encoder_and_decoder_are_trained_and_start_at_the_grid(k):
    _, params, _ = build("end2end", k)
    sigma, grid = 0.5 / (k - 1), torch.linspace(0, 1, k, dtype=torch.float64)
    assert not params.fixed
    torch.testing.assert_close(params["w_lin"][0], grid / sigma**2)
    torch.testing.assert_close(params["w_bias"], -(grid**2) / (2 * sigma**2))
    torch.testing.assert_close(params["mu"][:, 0], grid)


def test_training_it_alone_descends():
    """Fifty steps of Adam on free logits lower every term of equation 10, starting from an untrained network."""
    method, params, values = build("end2end", 5)
    y, g = targets(50), torch.zeros(50, 5, dtype=torch.float64, requires_grad=True)
    trained = {key: each.requires_grad_() for key, each in params.trained.items()}
    optimizer = torch.optim.Adam([{"params": [g], "lr": 0.1}, {"params": list(trained.values()), "lr": 1e-3}])
    history = []
    for _ in range(50):
        loss = losses(method, Params(trained=trained), values, y, g).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(loss.item())
    assert history[-1] < 0.1 * history[0]


def test_the_entropy_is_penalised_and_not_rewarded():
    method, params, low = build("end2end", 5, lambda_kl=0, lambda_pred=0, alpha=0)
    high = build("end2end", 5, lambda_kl=0, lambda_pred=0, alpha=0.1)[2]
    y, g = targets(12, seed=1), outputs(method, 5, 1)
    assert (losses(method, params, high, y, g) > losses(method, params, low, y, g)).all()
