"""CORAL and CORN."""

import pytest
import torch

from regbench.errors import UsageError
from regbench.methods import coral, corn
from regbench.methods.shared import ordinal
from regbench.random import Stream
from tests.methods.samples import build, losses, outputs, targets

BOTH = pytest.mark.parametrize("name", ["coral", "corn"])


def test_the_golden_loss_of_four_thresholds():
    logits = torch.tensor([[2.1, 1.8, -2.1, -1.8], [1.9, -1, -1.5, -1.3], [1.9, 1.8, 1.7, 1.6]])
    levels = torch.tensor([[1.0, 1, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]])
    loss = ordinal.threshold_losses(logits.T[None], levels.T[None]).sum((0, 1)).mean()
    assert loss.item() == pytest.approx(0.692039, abs=1e-6)


def test_a_target_is_above_the_thresholds_below_it():
    _, params, _ = build("coral", 5)  # ranks 0, .25, .5, .75, 1
    found = ordinal.levels(params, torch.tensor([[0.0], [0.13], [0.6], [1.0]], dtype=torch.float64))[0].T
    assert found.tolist() == [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 1]]


@BOTH
def test_certain_probabilities_give_the_rank_and_the_mean_agrees(name):
    """E[y] = c_1 + δ Σ P(y > t), and the rank is the number of thresholds exceeded with a probability above ½."""
    for decode in ("mean", "rank"):
        _, params, _ = build(name, 5, static={"decode": decode})
        above = ordinal.levels(params, params["thresholds"].new_tensor([[0.02], [0.3], [0.49], [0.99]]))
        assert ordinal.decode(params, above)[:, 0].tolist() == pytest.approx([0, 0.25, 0.5, 1])


@BOTH
def test_the_mean_is_that_of_the_distribution_over_ranks(name):
    method, params, _ = build(name, 6)
    g = outputs(method, 6, 1)
    above = (coral.logits(params, g).sigmoid() if name == "coral" else corn.exceeding(params, g))[0].T
    ones, zeros = above.new_ones(12, 1), above.new_zeros(12, 1)
    shares = torch.cat([ones, above], 1) - torch.cat([above, zeros], 1)
    expected = shares @ torch.linspace(0, 1, 6, dtype=torch.float64)
    torch.testing.assert_close(method.predict(params, g)[:, 0], expected)


@BOTH
@pytest.mark.parametrize("m", [1, 2])
def test_probabilities_fall_from_threshold_to_threshold(name, m):
    """For CORAL while its biases are in order, as they are at the start; for CORN with any outputs."""
    method, params, _ = build(name, 7, targets(60, m))
    g = 3 * outputs(method, 7, m, n=50)
    above = coral.logits(params, g).sigmoid() if name == "coral" else corn.exceeding(params, g)
    assert above.shape == (m, 6, 50)
    assert (above.diff(dim=1) <= 0).all()


def test_biases_of_coral_are_in_order_at_the_optimum():
    method, params, values = build("coral", 6, targets(300))
    biases = Stream.named(0).normal(5, 1).requires_grad_()
    y, g = targets(300), torch.zeros(300, 1, dtype=torch.float64)
    optimiser = torch.optim.LBFGS([biases], max_iter=100)

    def closure():
        optimiser.zero_grad()
        now = type(params)(trained={"biases": biases}, fixed=params.fixed)
        loss = losses(method, now, values, y, g).mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    share = (y > params["thresholds"].T).double().mean(0)
    torch.testing.assert_close(biases.detach()[:, 0].sigmoid(), share, rtol=0, atol=1e-3)
    assert (biases.detach().diff(dim=0) <= 0).all()


def test_corn_asks_a_row_only_about_thresholds_that_it_comes_to():
    method, params, values = build("corn", 5)
    y = torch.tensor([[0.3]], dtype=torch.float64)  # above the first threshold, below the second
    g = outputs(method, 5, 1, n=1).requires_grad_()
    (gradient,) = torch.autograd.grad(losses(method, params, values, y, g).sum(), g)
    assert (gradient != 0).tolist() == [[True, True, False, False]]


def test_over_the_training_targets_the_mean_loss_of_corn_is_the_published_one():
    """The sum over all decisions divided by their number."""
    y = targets(80)
    method, params, values = build("corn", 6, y)
    g = outputs(method, 6, 1, n=80)
    total, number = 0.0, 0
    for t in range(5):
        among = slice(None) if t == 0 else (y[:, 0] > params["thresholds"][t - 1, 0])
        label = (y[among, 0] > params["thresholds"][t, 0]).double()
        total += torch.nn.functional.binary_cross_entropy_with_logits(g[among, t], label, reduction="sum").item()
        number += len(label)
    assert losses(method, params, values, y, g).mean().item() == pytest.approx(total / number)


@BOTH
def test_no_such_decoding(name):
    with pytest.raises(UsageError, match="decode=rnak: no such decoding; did you mean 'rank'"):
        build(name, static={"decode": "rnak"})
