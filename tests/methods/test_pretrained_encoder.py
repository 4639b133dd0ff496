"""Stage 1, which fits an encoder and a decoder to the targets, and stage 2, which keeps them fixed."""

from itertools import pairwise
from math import log

import pytest
import torch
from torch import Tensor

from regbench.errors import UsageError
from regbench.methods.shared.autoencoder import fit
from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import affine_soft_bins, autoencoding, log_affine
from regbench.random import Stream
from regbench.types import Params
from tests.methods.samples import build, build_anew, losses, outputs, targets


def stage_one(y_NM: Tensor, w: dict[str, Tensor], alpha: float) -> float:
    """The loss that stage 1 minimises, averaged over all rows."""
    return autoencoding(y_NM, log_affine(y_NM, w["w_lin"], w["w_bias"]), w["mu"], alpha).mean().item()


def soft_binning_start(y_NM: Tensor, k: int, lambda_sigma: float) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    centres = place(y_NM, k, Stream.named(0, "method"))
    sigma = lambda_sigma * centres.delta
    return centres.c, sigma, {**affine_soft_bins(centres.c, sigma), "mu": centres.c}


@pytest.mark.parametrize("m", [1, 2])
@pytest.mark.parametrize("k", [2, 5, 15])
@pytest.mark.parametrize("lambda_sigma", [0.5, 1.0])
def test_stage_one_ends_below_soft_binning(m, k, lambda_sigma):
    y = targets(300, m)
    _, _, start = soft_binning_start(y, k, lambda_sigma)
    _, params, _ = build("pretrained_encoder", k, y, lambda_sigma=lambda_sigma)
    assert stage_one(y, dict(params.fixed), 1e-6) < stage_one(y, start, 1e-6)


@pytest.mark.parametrize("alpha", [0.0, 1e-6, 1e-3, -1e-5, -1e-3, -0.1])
def test_stage_one_descends_and_never_climbs(alpha):
    y = targets(300)
    centres, sigma, start = soft_binning_start(y, 5, 0.5)
    trace = [stage_one(y, fit(y, centres, sigma, alpha=alpha, steps=steps), alpha) for steps in (1, 2, 4, 8, 16, 29)]
    assert trace[-1] < trace[0] <= stage_one(y, start, alpha)
    assert all(later <= earlier for earlier, later in pairwise(trace))


def test_stage_one_pays_where_bins_are_few():
    """Five bins with λ_σ = 1, which shrink the ends by 0.13, reconstruct targets ten times better once fitted."""
    y = targets(500)
    _, _, start = soft_binning_start(y, 5, 1.0)
    _, params, _ = build("pretrained_encoder", 5, y, lambda_sigma=1.0)
    assert stage_one(y, dict(params.fixed), 0) ** 0.5 < 0.1 * stage_one(y, start, 0) ** 0.5


def test_equal_targets_count_as_often_as_they_occur():
    """A row three times and a row with weight three are the same loss, so the same encoder."""
    y = torch.tensor([[0.0], [0.3], [0.3], [0.3], [1.0], [0.7]], dtype=torch.float64)
    centres, sigma, start = soft_binning_start(y, 3, 0.5)
    shuffled = fit(y[[3, 5, 0, 1, 4, 2]], centres, sigma, alpha=0.1)
    fitted = fit(y, centres, sigma, alpha=0.1)
    once = fit(y.unique(dim=0), centres, sigma, alpha=0.1)
    for key in fitted:
        torch.testing.assert_close(fitted[key], shuffled[key])
    assert not fitted["mu"].allclose(once["mu"], atol=1e-4)
    assert stage_one(y, fitted, 0.1) < min(stage_one(y, once, 0.1), stage_one(y, start, 0.1))


def test_a_penalty_on_the_entropy_lowers_it_and_a_reward_raises_it():
    def entropy(alpha: float) -> float:
        y = targets(100)
        _, params, _ = build("pretrained_encoder", 4, y, alpha=alpha)
        log_psi = log_affine(y, params["w_lin"], params["w_bias"])
        return -(log_psi.exp() * log_psi).sum(-1).mean().item()

    assert entropy(1e-2) < 0.5 * entropy(1e-8)
    rewarded = [entropy(alpha) for alpha in (-1e-5, -1e-3, -0.1)]
    assert all(higher > lower for lower, higher in pairwise(rewarded))
    assert rewarded[-1] > 0.95 * log(4)  # nearly all that four bins can have


def test_frozen_at_its_start_stage_two_is_soft_binning():
    soft, soft_params, values = build("soft_binning", 9)
    method, _, te_values = build("pretrained_encoder", 9)
    _, _, start = soft_binning_start(targets(), 9, 0.5)
    y, g = targets(12, seed=1), outputs(soft, 9, 1).requires_grad_()
    ours, theirs = losses(method, Params(fixed=start), te_values, y, g), losses(soft, soft_params, values, y, g)
    torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(method.predict(Params(fixed=start), g), soft.predict(soft_params, g))
    for one, other in zip(torch.autograd.grad(ours.sum(), g), torch.autograd.grad(theirs.sum(), g), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-11)


def test_encoder_and_decoder_are_fixed_not_trained():
    _, params, _ = build("pretrained_encoder")
    assert not params.trained
    assert {key: tuple(each.shape) for key, each in params.fixed.items()} == {
        "w_lin": (1, 5),
        "w_bias": (5,),
        "mu": (5, 1),
    }


@pytest.mark.parametrize("context", [torch.no_grad, torch.enable_grad])
def test_stage_one_runs_whether_or_not_gradients_are_on_and_leaves_no_graph(context):
    with context():
        _, params, _ = build_anew("pretrained_encoder", 5, targets())
    assert not any(each.requires_grad for each in params.fixed.values())


def test_the_decoder_stays_near_the_range_of_the_targets():
    """Optimising further would move μ far out of range for no gain: the reason for the stopping rule."""
    levels = torch.arange(7, dtype=torch.float64)[:, None] / 6
    for y in (targets(500), levels.repeat(50, 1), targets(500) ** 3):
        _, params, _ = build("pretrained_encoder", 5, y)
        assert params["mu"].min() > -1
        assert params["mu"].max() < 2


def test_stage_1_on_uniform_targets_does_not_look_at_where_the_training_targets_lie():
    y_NM = targets()
    squeezed = y_NM**4  # the same range, elsewhere within it
    of_range, of_same_range = (
        build("pretrained_encoder", 5, y, static={"targets": "uniform"})[1] for y in (y_NM, squeezed)
    )
    for name, value in of_range.fixed.items():
        torch.testing.assert_close(value, of_same_range.fixed[name])
    assert not torch.allclose(build("pretrained_encoder", 5, squeezed)[1]["mu"], of_range["mu"])


def test_other_targets_of_stage_1_are_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match="uniform"):
        build("pretrained_encoder", 5, static={"targets": "unifrom"})
