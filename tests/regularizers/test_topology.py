"""PH-Reg and the topological autoencoder: features that are the targets, up to what neither should see."""

import pytest
import torch

from regbench.errors import UsageError
from regbench.random import Stream
from regbench.regularizers.ph_reg import dimension_loss, sizes, slope, total_lengths
from tests.regularizers.samples import batch, features, hparams, load, loss_of, static, targets, value


def rotated(y: torch.Tensor, h: int, scale: float) -> torch.Tensor:
    """The targets in a random plane of h dimensions, at another scale."""
    basis, _ = torch.linalg.qr(features(h, h, seed=3))
    return scale * y @ basis[: y.shape[1]]


def test_targets_rotated_and_scaled_have_no_loss():
    y = targets(30, 2)
    z = rotated(y, 6, scale=7.0)
    for name in ("topological_autoencoder", "ph_reg"):
        assert value(load(name), z, y).item() == pytest.approx(0, abs=1e-10)


def test_four_points_on_a_line_have_the_loss_worked_out_by_hand():
    """Of targets 0, 1, 2, 4 and features in another order, the edges of each tree are compared in both spaces."""
    y = torch.tensor([[0.0], [1.0], [2.0], [4.0]], dtype=torch.float64)
    z = torch.tensor([[0.0], [1.0], [4.0], [2.0]], dtype=torch.float64)
    d_y, d_z = torch.tensor([1.0, 1, 2]) / 4, torch.tensor([1.0, 3, 2]) / 4  # along 0-1, 1-2, 2-3, the tree of y
    e_z, e_y = torch.tensor([1.0, 1, 2]) / 4, torch.tensor([1.0, 3, 2]) / 4  # along 0-1, 1-3, 3-2, the tree of z
    expected = (d_z - d_y).square().mean() + (e_z - e_y).square().mean()
    assert value(load("topological_autoencoder"), z, y, weight=1).item() == pytest.approx(expected.item())


def test_both_have_the_same_topological_term():
    z, y = features(90), targets(90)  # more rows than points
    topological = value(load("topological_autoencoder"), z, y)
    torch.testing.assert_close(value(load("ph_reg"), z, y, dimension_weight=0), topological)


def test_neither_sees_the_scale_of_features_or_targets():
    z, y = features(40), targets(40, 2)
    for name in ("topological_autoencoder", "ph_reg"):
        torch.testing.assert_close(value(load(name), 1e3 * z, 1e-3 * y), value(load(name), z, y))


def test_the_dimension_term_is_the_slope_of_the_lengths():
    regularizer, n = load("ph_reg"), 100
    z, y, stream = features(n), targets(n), Stream.named(0, "step")
    found = value(regularizer, z, y, weight=0, dimension_weight=2)
    points = []
    for size in (19, 39, 59, 79):  # those below the largest, 80
        chosen = stream.child("subset", size).bits(n).argsort()[:size]
        e_z, e_y = total_lengths(z[chosen], y[chosen])
        points.append((torch.tensor(float(size)).double().log(), (e_z / e_y).log()))
    x, log = map(torch.stack, zip(*points, strict=True))
    line = torch.linalg.lstsq(torch.stack([x, torch.ones_like(x)], 1), log[:, None]).solution
    torch.testing.assert_close(found, 2 * line[0, 0].abs())


def test_features_of_more_dimensions_than_the_targets_are_found_out():
    """A curve has slope 0 and a square slope 1/2, so that L_d of square features and line targets is near 1/2."""
    y, settings = targets(400), {"smallest": 50, "step": 50, "largest": 401}
    line, square = torch.cat([y, y], 1), Stream.named(1, "square").uniform(400, 2)
    found = [dimension_loss(z, y, sizes(400, settings), Stream.named(0)).item() for z in (line, square)]
    assert found == pytest.approx([0, 0.5], abs=0.1)


def test_sizes_are_those_that_the_batch_has():
    regularizer = load("ph_reg")
    assert sizes(100, regularizer.static) == [19, 39, 59, 79]
    assert sizes(40, regularizer.static) == [19, 39]
    assert sizes(20, regularizer.static) == [19]
    assert value(regularizer, features(20), targets(20), weight=0) == 0  # a single size has no slope


def test_sizes_at_which_a_set_is_a_single_point_do_not_count():
    x, weight = torch.arange(4.0), torch.tensor([1.0, 1.0, 0.0, 1.0])
    assert slope(x, torch.tensor([0.0, 2.0, 99.0, 6.0]), weight).item() == pytest.approx(2)
    assert slope(x, x, torch.tensor([0.0, 1.0, 0.0, 0.0])) == 0
    assert slope(x, x, torch.zeros(4)) == 0


@pytest.mark.parametrize("changed", [{"smallest": 1}, {"step": 0}, {"points": 0}])
def test_a_setting_that_makes_no_sense_is_refused(changed):
    regularizer = load("ph_reg")
    with pytest.raises(UsageError, match="at least"):
        loss_of(regularizer)(
            regularizer.init(targets(5), 7, {}, {}, Stream.named(0)),
            batch(features(30), targets(30)),
            hparams(regularizer),
            static(regularizer, **changed),
        )
