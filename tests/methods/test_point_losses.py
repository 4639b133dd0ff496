"""Losses of a point prediction: absolute deviations and Huber's."""

import pytest
import torch

from tests.methods.samples import build, losses, targets


def errors(name, e, **changed):
    method, params, values = build(name, **changed)
    y = torch.zeros(len(e), 1, dtype=torch.float64)
    return losses(method, params, values, y, torch.tensor(e, dtype=torch.float64)[:, None])


def test_absolute_deviations_are_what_mae_averages():
    assert errors("l1", [-0.2, 0.5, 0]).tolist() == [0.2, 0.5, 0]


def test_the_best_constant_of_absolute_deviations_is_the_median():
    y = targets(101) ** 3
    method, params, values = build("l1")

    def at(constant):
        return losses(method, params, values, y, constant.expand(101, 1)).mean()

    median = y.median()
    assert all(at(median) <= at(median + step) for step in (-0.1, -0.01, 0.01, 0.1))


def test_huber_is_torch_smooth_l1():
    e = [-0.3, -0.05, -0.02, 0.0, 0.01, 0.049, 0.051, 2.0]
    expected = torch.nn.functional.smooth_l1_loss(
        torch.tensor(e).double(), torch.zeros(8).double(), beta=0.05, reduction="none"
    )
    torch.testing.assert_close(errors("huber", e), expected)


def test_huber_is_half_least_squares_over_beta_below_it_and_least_deviations_for_a_tiny_beta():
    e = [-0.3, 0.2, 0.9]
    torch.testing.assert_close(errors("huber", e, beta=1.0), errors("lsq", e) / 2)
    torch.testing.assert_close(errors("huber", e, beta=1e-9), errors("l1", e), rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", ["l1", "huber"])
def test_dimensions_are_summed(name):
    method, params, values = build(name, y_NM=targets(9, 3))
    y = targets(9, 3)
    one = losses(method, params, values, y[:, :1], y[:, :1] + 2)
    torch.testing.assert_close(losses(method, params, values, y, y + 2), 3 * one)
