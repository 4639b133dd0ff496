"""Information dropout: the noise, what is paid for it, and where both vanish."""

import pytest
import torch

from regbench.errors import UsageError
from regbench.random import Stream
from regbench.regularizers.information_dropout import LEAST_ALPHA, alpha, transform
from regbench.regularizers.shared.noise import normal
from regbench.types import Params
from tests.regularizers.samples import (
    FEATURES,
    batch,
    features,
    hparams,
    load,
    loss_of,
    parameters,
    rows,
    static,
    targets,
)

REGULARIZER = load("information_dropout")


def constant(logit: float) -> Params:
    """Parameters whose logits are the same for all features."""
    weight = torch.zeros(FEATURES, FEATURES, dtype=torch.float64)
    return Params({"weight": weight, "bias": torch.full((FEATURES,), logit, dtype=torch.float64)})


def test_noise_at_its_strongest_costs_nothing():
    term = loss_of(REGULARIZER)(constant(50), batch(features(9), targets(9)), hparams(REGULARIZER), static(REGULARIZER))
    assert term.item() == pytest.approx(0, abs=1e-12)


def test_noise_at_its_weakest_costs_most_and_leaves_the_features_alone():
    """α = 0.001: the smallest that the sigmoid leaves."""
    params, z, y = constant(-80), features(9), targets(9)
    values, settings = hparams(REGULARIZER), static(REGULARIZER)
    expected = 0.01 * FEATURES * torch.tensor((0.7 + LEAST_ALPHA) / LEAST_ALPHA).log().item()
    assert loss_of(REGULARIZER)(params, batch(z, y), values, settings).item() == pytest.approx(expected)
    torch.testing.assert_close(transform(params, z, rows(y), values, settings), z, rtol=0.01, atol=0)


def test_the_logarithm_of_the_noise_is_normal_with_standard_deviation_alpha():
    n, z, params = 4000, torch.full((4000, FEATURES), -2.0).double(), parameters(REGULARIZER)
    values, settings = hparams(REGULARIZER), static(REGULARIZER)
    noise = (transform(params, z, rows(targets(n)), values, settings) / z).log()
    strength = alpha(params, z[:1], values, settings)[0]
    torch.testing.assert_close(noise.mean(0), torch.zeros(FEATURES).double(), rtol=0, atol=4 * 0.7 / n**0.5)
    torch.testing.assert_close(noise.std(0), strength, rtol=0.05, atol=0)


def test_the_port_never_turns_the_noise_off():
    settings, values = static(REGULARIZER, variant="port"), hparams(REGULARIZER)
    found = [alpha(constant(logit), features(1), values, settings)[0, 0].item() for logit in (-50, 50)]
    assert found == pytest.approx([0.246, 0.491])
    found = [alpha(constant(logit), features(1), values, static(REGULARIZER))[0, 0].item() for logit in (-50, 50)]
    assert found == pytest.approx([0.001, 0.701])


def test_an_unknown_variant_is_named_with_the_nearest_one():
    with pytest.raises(UsageError, match="variant=orginal: no such variant; did you mean 'original'"):
        parameters(REGULARIZER, variant="orginal")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("columns", [1, 7, 8])
def test_noise_is_normal_and_independent(dtype, columns):
    x = normal(Stream.named(0, "noise"), 20_000, columns, dtype)
    assert x.shape == (20_000, columns)
    assert x.dtype == dtype
    moments = torch.stack([x.mean(), x.square().mean(), x.pow(3).mean(), x.pow(4).mean()])
    torch.testing.assert_close(moments, torch.tensor([0.0, 1.0, 0.0, 3.0], dtype=dtype), rtol=0, atol=0.15)
    if columns > 1:
        torch.testing.assert_close(torch.cov(x.T), torch.eye(columns, dtype=dtype), rtol=0, atol=0.05)
    assert x.abs().max() < 6.7
