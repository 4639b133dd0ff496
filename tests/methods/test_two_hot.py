"""Classification with two-hot targets."""

import pytest
import torch

from regbench.methods.two_hot import encode
from tests.methods.samples import build, losses, outputs, targets


def test_the_golden_shares_of_a_third():
    _, params, _ = build("two_hot", 5)
    found = encode(params, torch.tensor([[0.33]], dtype=torch.float64))[0, :, 0]
    torch.testing.assert_close(found, torch.tensor([0, 0.68, 0.32, 0, 0], dtype=torch.float64))


@pytest.mark.parametrize("k", [2, 5, 25])
@pytest.mark.parametrize("m", [1, 3])
def test_the_mean_of_the_encoding_is_the_target_exactly(k, m):
    _, params, _ = build("two_hot", k, targets(50, m))
    y = targets(200, m, seed=1)
    q_MKB = encode(params, y)
    torch.testing.assert_close(q_MKB.sum(1), torch.ones(m, 200).double())
    torch.testing.assert_close((q_MKB * params["points"].T[:, :, None]).sum(1).T, y, rtol=0, atol=1e-12)
    assert ((q_MKB > 0).sum(1) <= 2).all()


def test_targets_beyond_the_centres_are_clipped():
    _, params, _ = build("two_hot", 5)
    below, above = encode(params, torch.tensor([[-0.4], [1.7]], dtype=torch.float64))[0].T
    assert below.tolist() == [1, 0, 0, 0, 0]
    assert above.tolist() == [0, 0, 0, 0, 1]


def test_at_a_centre_it_is_hard_binning():
    two_hot, params, values = build("two_hot", 5)
    hard, hard_params, hard_values = build("hard_binning", 5)
    y, g = params["points"], outputs(two_hot, 5, 1, n=5)
    expected = losses(hard, hard_params, hard_values, y, g)
    torch.testing.assert_close(losses(two_hot, params, values, y, g), expected)
