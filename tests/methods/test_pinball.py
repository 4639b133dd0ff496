"""Quantiles by the pinball loss."""

import pytest
import torch

from regbench.errors import UsageError
from regbench.methods.pinball import levels, quantiles
from regbench.random import Stream
from tests.methods.samples import build, losses, outputs, targets


def test_quantiles_never_cross_and_an_untrained_network_spreads_them_evenly():
    method, params, _ = build("pinball", 7, targets(60, 2))
    found = quantiles(params, 5 * outputs(method, 7, 2, n=50))
    assert (found.diff(dim=1) >= 0).all()
    start = quantiles(params, torch.zeros(1, 14, dtype=torch.float64))[:, :, 0]
    torch.testing.assert_close(start, torch.linspace(0, 1, 7, dtype=torch.float64).expand(2, 7))


def test_fitted_constants_are_the_empirical_quantiles():
    y = Stream.named(0).uniform(400, 1) ** 2
    method, params, values = build("pinball", 5, y)
    raw = torch.zeros(1, 5, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([raw], lr=0.01)
    for _ in range(1500):
        optimiser.zero_grad()
        losses(method, params, values, y, raw.expand(400, 5)).mean().backward()
        optimiser.step()
    expected = torch.quantile(y[:, 0], levels(5, y))
    torch.testing.assert_close(quantiles(params, raw.detach())[0, :, 0], expected, rtol=0, atol=0.02)


def test_the_loss_comes_to_the_crps_of_a_uniform_distribution_as_levels_grow():
    """CRPS of a uniform distribution on [0, 1] at y: y³/3 + (1 - y)³/3."""
    k = 400
    method, params, values = build("pinball", k)
    raw = torch.zeros(3, k, dtype=torch.float64)
    y = torch.tensor([[0.1], [0.5], [0.8]], dtype=torch.float64)
    expected = (y**3 + (1 - y) ** 3)[:, 0] / 3
    torch.testing.assert_close(losses(method, params, values, y, raw), expected, rtol=0, atol=2e-3)


def test_a_certain_distribution_has_the_absolute_error_as_its_loss():
    method, params, values = build("pinball", 9)
    raw = torch.full((1, 9), -800.0, dtype=torch.float64)
    raw[0, 0] = 0.3  # every quantile at 0.3
    loss = losses(method, params, values, torch.tensor([[0.8]], dtype=torch.float64), raw)
    assert loss.item() == pytest.approx(0.5)


@pytest.mark.parametrize("k", [4, 5])
def test_the_prediction_is_the_mean_or_the_median_of_the_quantiles(k):
    method, mean, _ = build("pinball", k)
    _, median, _ = build("pinball", k, static={"point": "median"})
    g = outputs(method, k, 1)
    q = quantiles(mean, g)[0].T
    torch.testing.assert_close(method.predict(mean, g)[:, 0], q.mean(1))
    middle = q[:, 2] if k == 5 else (q[:, 1] + q[:, 2]) / 2
    torch.testing.assert_close(method.predict(median, g)[:, 0], middle)


def test_no_such_point():
    with pytest.raises(UsageError, match="point=mena: no such prediction; did you mean 'mean'"):
        build("pinball", static={"point": "mena"})
