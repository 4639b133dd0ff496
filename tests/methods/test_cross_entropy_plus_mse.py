"""Classification and squared error in one loss."""

import pytest
import torch

from regbench.errors import UsageError
from tests.methods.samples import build, losses, outputs, targets


def of(name, g, y, **changed):
    method, params, values = build(name, 9, **changed)
    return losses(method, params, values, y, g)


@pytest.fixture
def rows():
    return outputs(build("soft_binning", 9)[0], 9, 1), targets(12, seed=1)


def test_without_the_squared_error_it_is_soft_binning(rows):
    torch.testing.assert_close(of("cross_entropy_plus_mse", *rows, lambda_pred=0.0), of("soft_binning", *rows))


def test_without_the_divergence_it_is_least_squares_with_a_softmax(rows):
    torch.testing.assert_close(of("cross_entropy_plus_mse", *rows, lambda_kl=0.0), of("lsq_softmax", *rows))


@pytest.mark.parametrize("lambda_kl", [0.1, 1.0, 3.0])
def test_it_is_end2end_without_autoencoding(rows, lambda_kl):
    hybrid = of("cross_entropy_plus_mse", *rows, lambda_kl=lambda_kl, lambda_pred=0.7)
    whole = of("end2end", *rows, lambda_kl=lambda_kl, lambda_pred=0.7, lambda_auto=0.0)
    torch.testing.assert_close(hybrid, whole, rtol=1e-6, atol=1e-10)


def test_the_decoder_is_trained_where_that_is_asked_for():
    assert not build("cross_entropy_plus_mse")[1].trained
    assert set(build("cross_entropy_plus_mse", static={"mu": "trained"})[1].trained) == {"mu"}
    with pytest.raises(UsageError, match="mu=trainde: no such decoder; did you mean 'trained'"):
        build("cross_entropy_plus_mse", static={"mu": "trainde"})
