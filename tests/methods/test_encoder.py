"""The encoder and the divergence, against published numbers, limits and hand-derived gradients."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import (
    affine_soft_bins,
    autoencoding,
    kl,
    log_affine,
    log_probabilities,
    log_soft_bins,
)
from regbench.random import Stream
from tests.methods.samples import targets


def bins(k: int, lambda_sigma: float) -> tuple[Tensor, Tensor]:
    """Centres (K, 1) on [0, 1] and σ."""
    centres = place(torch.tensor([[0.0], [1.0]], dtype=torch.float64), k, Stream.named(0))
    return centres.c, lambda_sigma * centres.delta


def both_forms(y_BM: Tensor, centres_KM: Tensor, sigma: Tensor) -> tuple[Tensor, Tensor]:
    affine = affine_soft_bins(centres_KM, sigma)
    return log_soft_bins(y_BM, centres_KM, sigma), log_affine(y_BM, affine["w_lin"], affine["w_bias"])


def uniform_targets(n: int = 20_000) -> Tensor:
    """The midpoints of n equal parts of [0, 1]: the mean over them approximates the integral."""
    return ((torch.arange(n, dtype=torch.float64) + 0.5) / n)[:, None]


@pytest.mark.parametrize(
    ("lambda_sigma", "psi", "mean"),
    [
        (1.0, (0.171951, 0.390415, 0.326102, 0.100204, 0.011327), 0.347135),
        (0.5, (0.024614, 0.654142, 0.318405, 0.002839, 0.0), 0.324867),
    ],
)
def test_soft_bins_of_one_target_are_the_golden_ones_in_both_forms(lambda_sigma, psi, mean):
    centres, sigma = bins(5, lambda_sigma)
    for log_psi in both_forms(torch.tensor([[0.33]], dtype=torch.float64), centres, sigma):
        assert log_psi.exp()[0].tolist() == pytest.approx(psi, abs=1e-6)
        assert (log_psi.exp() @ centres).item() == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("m", [1, 2, 3])
@pytest.mark.parametrize("lambda_sigma", [0.25, 0.5, 1.0])
def test_the_affine_form_is_the_distance_form(m, lambda_sigma):
    centres = place(targets(300, m), 9, Stream.named(0))
    distance, affine = both_forms(targets(50, m, seed=1), centres.c, lambda_sigma * centres.delta)
    torch.testing.assert_close(affine.exp(), distance.exp(), rtol=0, atol=1e-6)


@pytest.mark.parametrize("k", [2, 5, 25])
def test_narrow_bins_are_hard_bins(k):
    centres, sigma = bins(k, 0.01)
    y = targets(200, seed=1)
    nearest = (y - centres.mT).abs().argmin(-1)
    psi = log_soft_bins(y, centres, sigma).exp()
    away_from_ties = ((y - centres[nearest]).abs() < 0.49 * sigma / 0.01).squeeze()
    one_hot = torch.nn.functional.one_hot(nearest, k).double()
    torch.testing.assert_close(psi[away_from_ties], one_hot[away_from_ties], rtol=0, atol=1e-6)


@pytest.mark.parametrize("lambda_sigma", [0.25, 0.5, 1.0, 2.0])
def test_a_target_on_a_centre_is_most_likely_that_centre(lambda_sigma):
    centres, sigma = bins(25, lambda_sigma)
    for log_psi in both_forms(centres, centres, sigma):
        assert log_psi.argmax(-1).tolist() == list(range(25))


@pytest.mark.parametrize(
    ("lambda_sigma", "k", "rmse", "at_zero"),
    [
        (1.0, 5, 0.0573, 0.130), (1.0, 15, 0.0088, 0.037), (1.0, 25, 0.0039, 0.022), (1.0, 45, 0.0016, 0.012),
        (0.5, 5, 0.0073, 0.030), (0.5, 15, 0.0015, 0.0086), (0.5, 25, 0.0008, 0.0050),
        (0.25, 5, 0.0459, None), (0.25, 15, 0.0131, None), (0.25, 25, 0.0077, None),
    ],
)  # fmt: skip
def test_soft_bins_give_uniform_targets_back_with_the_error_worked_out_before(lambda_sigma, k, rmse, at_zero):
    centres, sigma = bins(k, lambda_sigma)
    y = uniform_targets()
    error = y - log_soft_bins(y, centres, sigma).exp() @ centres
    assert error.square().mean().sqrt().item() == pytest.approx(rmse, abs=6e-5)
    if at_zero is not None:
        zero = torch.zeros(1, 1, dtype=torch.float64)
        assert (log_soft_bins(zero, centres, sigma).exp() @ centres).item() == pytest.approx(at_zero, abs=6e-4)


@pytest.mark.parametrize(("lambda_sigma", "k"), [(0.5, 15), (0.5, 25), (1.0, 15), (1.0, 25)])
def test_two_spacings_from_the_ends_soft_bins_give_a_target_back_to_2e_3(lambda_sigma, k):
    centres, sigma = bins(k, lambda_sigma)
    y = uniform_targets()
    inside = ((y > 2 / (k - 1)) & (y < 1 - 2 / (k - 1))).squeeze()
    error = y - log_soft_bins(y, centres, sigma).exp() @ centres
    assert error[inside].abs().max() < 2.1e-3


@pytest.mark.parametrize(("lambda_sigma", "nats"), [(1.0, 1.42), (0.5, 0.73), (0.25, 0.21)])
def test_the_entropy_of_soft_bins_away_from_the_ends_is_the_one_worked_out_before(lambda_sigma, nats):
    centres, sigma = bins(25, lambda_sigma)
    y = uniform_targets()[5000:15000]
    log_psi = log_soft_bins(y, centres, sigma)
    assert -(log_psi.exp() * log_psi).sum(-1).mean().item() == pytest.approx(nats, abs=6e-3)


@settings(deadline=None, max_examples=100)
@given(y=st.floats(-0.5, 1.5), k=st.integers(2, 40), lambda_sigma=st.floats(0.05, 4), shift=st.floats(-100, 100))
def test_an_encoding_is_a_distribution_and_does_not_notice_a_shift(y, k, lambda_sigma, shift):
    """Invariance to shifting targets and centres together (distance form) or all logits by a constant (affine form)."""
    centres, sigma = bins(k, lambda_sigma)
    y_BM = torch.tensor([[y]], dtype=torch.float64)
    affine = affine_soft_bins(centres, sigma)
    psi = log_soft_bins(y_BM, centres, sigma).exp()
    assert (psi >= 0).all()
    assert psi.sum().item() == pytest.approx(1, abs=1e-12)
    assert log_affine(y_BM, affine["w_lin"], affine["w_bias"]).exp().sum().item() == pytest.approx(1, abs=1e-12)
    torch.testing.assert_close(log_soft_bins(y_BM + shift, centres + shift, sigma).exp(), psi, rtol=0, atol=1e-6)
    shifted = log_affine(y_BM, affine["w_lin"], affine["w_bias"] + shift)
    torch.testing.assert_close(shifted.exp(), psi, rtol=0, atol=1e-6)


def logits(*names: str, k: int = 6) -> list[Tensor]:
    """Logits (1, K) of one row each, to differentiate with respect to."""
    return [Stream.named(4, name).normal(1, k).requires_grad_() for name in names]


def gradient(value: Tensor, by: Tensor) -> Tensor:
    return torch.autograd.grad(value.sum(), by)[0]


def test_the_divergence_has_the_derivatives_of_the_paper():
    """∂KL/∂g = π - ψ and ∂KL/∂a = ψ∘(log ψ - log π - KL), with g the network's logits and a the encoder's."""
    a, g = logits("encoder", "network")
    log_psi, log_pi = a.log_softmax(-1), g.log_softmax(-1)
    divergence = kl(log_psi, log_pi)
    by_g, by_a = torch.autograd.grad(divergence.sum(), (g, a))
    torch.testing.assert_close(by_g, log_pi.exp() - log_psi.exp())
    torch.testing.assert_close(by_a, log_psi.exp() * (log_psi - log_pi - divergence[:, None]))


@pytest.mark.parametrize("m", [1, 2])
def test_the_autoencoding_loss_has_the_derivatives_of_the_paper(m):
    """∂AE/∂a = -2 ψ∘((μ - μᵀψ)(y - μᵀψ)) and ∂H/∂a = -ψ∘(log ψ + H)."""
    (a,) = logits("encoder")
    y, mu = targets(9, m)[3:4], Stream.named(4, "mu").normal(6, m)
    log_psi = a.log_softmax(-1)
    psi, decoded = log_psi.exp(), log_psi.exp() @ mu
    entropy = -(psi * log_psi).sum(-1, keepdim=True)
    by_hand = -2 * psi * ((mu - decoded) @ (y - decoded)[0])
    torch.testing.assert_close(gradient(autoencoding(y, a.log_softmax(-1), mu, 0.0), a), by_hand)
    penalised = gradient(autoencoding(y, a.log_softmax(-1), mu, 0.3), a)
    torch.testing.assert_close(penalised, by_hand + 0.3 * -psi * (log_psi + entropy))


def test_the_entropy_is_penalised_and_not_rewarded():
    y, mu = torch.zeros(1, 1), torch.zeros(4, 1)
    uniform, one_hot = torch.zeros(1, 4).log_softmax(-1), torch.tensor([[1e3, 0, 0, 0]]).log_softmax(-1)
    assert autoencoding(y, uniform, mu, 1.0).item() == pytest.approx(math.log(4))
    assert autoencoding(y, one_hot, mu, 1.0).item() == 0


def test_divergence_and_cross_entropy_differ_by_the_entropy_and_have_the_same_gradient():
    a, g = logits("encoder", "network")
    log_psi = a.detach().log_softmax(-1)
    divergence, cross_entropy = kl(log_psi, g.log_softmax(-1)), -(log_psi.exp() * g.log_softmax(-1)).sum(-1)
    entropy = -(log_psi.exp() * log_psi).sum(-1)
    torch.testing.assert_close(cross_entropy - divergence, entropy)
    torch.testing.assert_close(gradient(divergence, g), gradient(cross_entropy, g))


def test_the_divergence_of_a_one_hot_is_its_cross_entropy():
    """0 log 0 = 0: bins that the encoder leaves empty add nothing, even where π is almost 0."""
    (g,) = logits("network")
    log_pi = (100 * g).log_softmax(-1)
    log_psi = torch.tensor([[0.0, 1e5, 0, 0, 0, 0]], dtype=torch.float64).log_softmax(-1)
    torch.testing.assert_close(kl(log_psi, log_pi), -log_pi[:, 1])


def test_the_divergence_of_equal_distributions_is_0_and_never_below():
    a, g = logits("encoder", "network")
    assert kl(a.log_softmax(-1), a.log_softmax(-1)).item() == 0
    assert kl(a.log_softmax(-1), g.log_softmax(-1)).item() > 0


def test_shares_too_small_to_matter_stay_where_exp_is_fast_and_move_nothing():
    far = torch.tensor([[0.0, -500.0]], requires_grad=True)
    log_psi = log_probabilities(far)
    assert log_psi[0].tolist() == [0, -80]
    assert gradient(kl(log_psi, torch.tensor([[-3.0, -0.05]])), far).abs().max() < 1e-30


def test_shares_that_matter_are_those_of_a_softmax_and_so_is_their_gradient():
    (a,) = logits("encoder")
    log_psi = log_probabilities(a)
    torch.testing.assert_close(log_psi, a.log_softmax(-1))
    torch.testing.assert_close(gradient(log_psi.square(), a), gradient(a.log_softmax(-1).square(), a))


def test_what_is_over_bins_lies_bin_by_bin_in_memory():
    y_BM, c_KM = targets(40, 2), targets(5, 2, seed=1)
    for over_bins in (log_soft_bins(y_BM, c_KM, torch.tensor(0.1)), log_affine(y_BM, c_KM.mT, c_KM[:, 0])):
        assert over_bins.shape == (40, 5)
        assert over_bins.mT.is_contiguous()
