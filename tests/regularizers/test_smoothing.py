"""Smoothing over bins of targets: weights of rows (LDS) and statistics of features (FDS)."""

import pytest
import torch

from regbench.errors import UsageError
from regbench.metrics import shots
from regbench.random import Stream
from regbench.regularizers import fds
from regbench.regularizers.shared.label_bins import averaging, bin_of, ends, gaussian, weighted_sums
from regbench.types import Params
from tests.regularizers.samples import features, hparams, load, rows, static, targets


def made(name, y, h=3, **settings):
    regularizer = load(name)
    values = hparams(regularizer, **{key: each for key, each in settings.items() if key in regularizer.hparams})
    chosen = static(regularizer, **{key: each for key, each in settings.items() if key in regularizer.static})
    return regularizer, regularizer.init(y, h, values, chosen, Stream.named(0)), values, chosen


def weights(y, **settings):
    regularizer, params, values, chosen = made("lds", y, **settings)
    assert regularizer.weigh
    return regularizer.weigh(params, rows(y), values, chosen)


def skewed():
    """Targets of 40, 10 and 10 rows at 0, 0.5 and 1."""
    return torch.tensor([0.0] * 40 + [0.5] * 10 + [1.0] * 10).double()[:, None]


def test_with_a_kernel_of_one_bin_rows_weigh_the_inverse_of_their_count():
    for reweight, expected in (("inverse", [1 / 40, 1 / 10]), ("sqrt_inverse", [40**-0.5, 10**-0.5])):
        found = weights(skewed(), kernel=1, reweight=reweight)
        assert found[-1].item() / found[0].item() == pytest.approx(expected[1] / expected[0])
        assert found.mean().item() == pytest.approx(1)


def test_without_reweighting_or_with_equal_counts_all_rows_weigh_one():
    assert weights(skewed(), reweight="none").tolist() == [1.0] * 60
    even = torch.linspace(0, 1, 500).double()[:, None]
    torch.testing.assert_close(weights(even, kernel=1, bins=5), torch.ones(500).double())


def test_the_kernel_is_a_gaussian_and_counts_are_smoothed_by_it():
    kernel = gaussian(5, torch.tensor(2.0).double())
    assert kernel.tolist() == pytest.approx([0.606531, 0.882497, 1, 0.882497, 0.606531], abs=1e-6)
    smooth = weighted_sums(torch.tensor([4.0, 0, 0, 9]).double(), kernel)
    near, far = 0.882497, 0.606531
    assert smooth.tolist() == pytest.approx([4, 4 * near + 9 * far, 4 * far + 9 * near, 9], abs=1e-5)
    y = torch.tensor([0.0] * 16 + [0.15] + [1.0]).double()[:, None]
    found = weights(y, bins=10)
    assert found[16].item() / found[17].item() == pytest.approx(1 / (1 + 4 * 0.882497), rel=1e-5)


def test_averages_mirror_the_ends_and_leave_unknown_bins_out():
    kernel = gaussian(3, torch.tensor(1.0).double())
    value = torch.tensor([1.0, 2, 4, 8]).double()
    every = averaging(torch.ones(4).double(), kernel)
    side = kernel[0] / kernel.sum()
    assert (every @ value)[0].item() == pytest.approx(((1 - 2 * side) * 1 + 2 * side * 2).item())
    torch.testing.assert_close(every.sum(1), torch.ones(4).double())
    torch.testing.assert_close(averaging(torch.ones(4), torch.ones(1)), torch.eye(4))
    some = averaging(torch.tensor([True, False, True, False]), kernel)
    assert (some @ value)[1].item() == pytest.approx(2.5)
    assert not some[:, [1, 3]].any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_bins_are_those_of_shots_in_any_precision(dtype):
    raw = torch.arange(3, 10).double()[:, None]  # whole grades
    scaled = ((raw - 3) / 6).to(dtype)
    found = bin_of(scaled, **ends(scaled), bins=shots.BINS)
    assert found.tolist() == shots._bins(raw[:, 0].numpy(), 3.0, 9.0).tolist() == [0, 16, 33, 50, 66, 83, 99]
    beyond = torch.tensor([[-5.0], [7.0]], dtype=dtype)
    assert bin_of(beyond, **ends(scaled), bins=shots.BINS).tolist() == [0, 99]


def statistics(z, y, epoch=1, before=None, **settings):
    """The parameters of FDS after an epoch."""
    regularizer, params, values, chosen = made("fds", y, z.shape[1], **settings)
    params = before or params
    assert regularizer.after_epoch
    found = regularizer.after_epoch(params, z, y, epoch, values, chosen)
    return regularizer, Params(fixed={**params.fixed, **found}), values, chosen


def test_features_stay_as_they_are_before_the_first_statistics_and_with_a_kernel_of_one_bin():
    z, y = features(60, 3), targets(60, levels=4)
    regularizer, params, values, chosen = made("fds", y)
    assert regularizer.transform
    assert torch.equal(regularizer.transform(params, z, rows(y), values, chosen), z)
    _, params, values, chosen = statistics(z, y, kernel=1)
    torch.testing.assert_close(regularizer.transform(params, z, rows(y), values, chosen), z)


def test_features_of_a_bin_get_the_smoothed_mean_and_variance():
    y = torch.tensor([0.0] * 30 + [1.0] * 20).double()[:, None]
    z = torch.cat([features(30, 3), 5 + 2 * features(20, 3, seed=1)])
    regularizer, params, values, chosen = statistics(z, y, bins=2, kernel=1)
    torch.testing.assert_close(params["mean"], torch.stack([z[:30].mean(0), z[30:].mean(0)]))
    torch.testing.assert_close(params["variance"], torch.stack([z[:30].var(0), z[30:].var(0)]))
    third = torch.full((2, 2), 0.5).double()
    scale, shift = fds.calibration(params["mean"], params["variance"], third)
    params = Params(fixed={**params.fixed, "scale": scale, "shift": shift})
    assert regularizer.transform
    given = regularizer.transform(params, z, rows(y), values, chosen)
    for part in (given[:30], given[30:]):
        torch.testing.assert_close(part.mean(0), params["mean"].mean(0))
        torch.testing.assert_close(part.var(0), params["variance"].mean(0))


def test_the_scale_of_features_has_bounds_and_one_that_does_not_vary_stays():
    variance = torch.tensor([[1e-4, 0.0], [1.0, 0.0]]).double()
    scale, shift = fds.calibration(torch.ones(2, 2).double(), variance, torch.full((2, 2), 0.5).double())
    assert scale[0].tolist() == pytest.approx([10**0.5, 1])
    assert scale[1].tolist() == pytest.approx([0.50005**0.5, 1])
    assert shift[:, 1].tolist() == [0, 0]


def test_statistics_run_with_momentum_from_the_second_epoch_on():
    z, y = features(40, 3), targets(40, levels=2)
    _, first, *_ = statistics(z, y, momentum=0.75)
    _, second, *_ = statistics(z + 4, y, 2, first, momentum=0.75)
    present = torch.tensor([0, 99])  # the two levels are the ends of the range
    torch.testing.assert_close(second["mean"][present], first["mean"][present] + 1)
    torch.testing.assert_close(second["variance"], first["variance"])


def test_a_bin_with_one_row_or_none_changes_nothing():
    z, y = features(3, 3), torch.tensor([[0.0], [0.5], [1.0]]).double()
    regularizer, params, values, chosen = statistics(z, y)
    assert regularizer.transform
    assert torch.equal(regularizer.transform(params, z, rows(y), values, chosen), z)
    assert torch.equal(params["variance"][1], torch.ones(3))


@pytest.mark.parametrize("name", ["lds", "fds"])
def test_what_cannot_be_is_refused(name):
    with pytest.raises(UsageError, match=f"{name} counts rows by target.*one dimension, not 2"):
        made(name, targets(9, 2))
    for settings in ({"kernel": 4}, {"kernel": 0}, {"kernel": 7, "bins": 5}, {"bins": 0}):
        with pytest.raises(UsageError, match=r"kernel=|bins="):
            made(name, targets(9), **settings)
    with pytest.raises(UsageError, match="did you mean 'inverse'"):
        made("lds", targets(9), reweight="invers")
