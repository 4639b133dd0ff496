"""Classification into bins of equal mass."""

import pytest
import torch

from regbench.errors import UsageError
from regbench.methods.quantile_bins import bins, encode
from regbench.random import Stream
from tests.methods.samples import build, losses, outputs, targets


def of(params, y):
    return bins(params["edges"], params["high"], y)


@pytest.mark.parametrize(("n", "k"), [(200, 5), (203, 25), (25, 25), (26, 7)])
def test_every_bin_has_as_many_training_targets_give_or_take_one(n, k):
    y = Stream.named(0).uniform(n, 1) ** 3
    _, params, _ = build("quantile_bins", k, y)
    counts = of(params, y)[0].bincount(minlength=k)
    assert counts.max() - counts.min() <= 1
    assert params["used"].all()


def test_centres_are_means_or_medians_of_what_a_bin_has():
    y = Stream.named(0).uniform(100, 1) ** 3
    _, mean, _ = build("quantile_bins", 5, y)
    _, median, _ = build("quantile_bins", 5, y, static={"centre": "median"})
    parts = y.sort(0).values.view(5, 20)
    torch.testing.assert_close(mean["points"][:, 0], parts.mean(1))
    torch.testing.assert_close(median["points"][:, 0], parts.median(1).values)


def test_equal_targets_stay_together_and_bins_they_leave_empty_are_never_predicted():
    y = torch.tensor([0.0] * 50 + [0.5] * 10 + [1.0] * 5, dtype=torch.float64)[:, None]
    method, params, _ = build("quantile_bins", 9, y)
    which = of(params, y)[0]
    assert len(which.unique()) == 3
    assert sorted(params["points"][which.unique(), 0].tolist()) == [0, 0.5, 1]
    pushed = torch.full((1, 9), -5.0, dtype=torch.float64)
    pushed[0, params["used"][:, 0] == 0] = 100
    assert 0 <= method.predict(params, pushed).item() <= 1


def test_targets_that_training_has_not_seen_fall_into_a_bin_that_is_used():
    y = torch.tensor([0.0, 0, 0, 0.2, 0.2, 1, 1, 1], dtype=torch.float64)[:, None]
    _, params, _ = build("quantile_bins", 6, y)
    new = torch.linspace(-1, 2, 61, dtype=torch.float64)[:, None]
    assert params["used"][of(params, new)[0], 0].all()


def test_of_even_targets_it_is_hard_binning_with_cells_of_one_width():
    y = torch.linspace(0, 1, 1000, dtype=torch.float64)[:, None]
    method, params, values = build("quantile_bins", 5, y)
    torch.testing.assert_close(params["edges"][:, 0], torch.tensor([0.2, 0.4, 0.6, 0.8]).double(), atol=1e-3, rtol=0)
    g, some = outputs(method, 5, 1), targets(12, seed=1)
    expected = torch.nn.functional.cross_entropy(g, (some[:, 0] * 5).long().clamp(max=4), reduction="none")
    torch.testing.assert_close(losses(method, params, values, some, g), expected)


def test_the_loss_is_the_cross_entropy_of_the_one_hot_summed_over_dimensions():
    method, params, values = build("quantile_bins", 4, targets(80, 2))
    y, g = targets(12, 2, seed=1), outputs(method, 4, 2)
    log_pi = g.unflatten(1, (2, 4)).log_softmax(-1)
    expected = -(encode(params, y).permute(2, 0, 1) * log_pi).sum((1, 2))
    torch.testing.assert_close(losses(method, params, values, y, g), expected)


def test_no_such_centre():
    with pytest.raises(UsageError, match="centre=medain: no such centre of a bin; did you mean 'median'"):
        build("quantile_bins", static={"centre": "medain"})
