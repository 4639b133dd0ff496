"""Metrics of features: values of SciPy, limits, and what does not change them."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from scipy.spatial.distance import pdist

from regbench import metrics
from regbench.metrics.shared import pairs
from regbench.random import Stream
from regbench.types import Features

SCIPY: Any = stats
OF = metrics.of_features()
CORRELATIONS = [
    f"{statistic}_{distance}" for statistic in ("spearman", "kendall") for distance in ("cosine", "euclidean")
]
every_metric = pytest.mark.parametrize("name", OF)
every_correlation = pytest.mark.parametrize("name", CORRELATIONS)
distances = pytest.mark.parametrize("distance", ["cosine", "euclidean"])


def sample(rows=60, width=5, targets=1, noise=0.3):
    """Features (N, H) that follow the targets, and the prediction of a last layer."""
    y = Stream.named(0, "y").uniform(rows, targets)
    z = y @ Stream.named(1, "map").normal(targets, width) + noise * Stream.named(2, "noise").normal(rows, width) + 1
    weight = Stream.named(3, "weight").normal(targets, width)
    return Features(z, y, z @ weight.T, weight)


def turned(z):
    """The same features after a rotation."""
    return z @ torch.linalg.qr(Stream.named(9).normal(z.shape[1], z.shape[1])).Q


def test_these_are_the_metrics_of_features():
    assert set(OF) == {*CORRELATIONS, "volume_cosine", "volume_euclidean", "tightness"}
    assert not set(OF) & {*metrics.of_predictions(positive=True), *metrics.needing("distribution")}


@distances
@pytest.mark.parametrize("targets", [1, 3])
def test_correlations_and_volumes_are_scipys(distance, targets):
    features = sample(targets=targets)
    between, labels = pdist(features.z.numpy(), distance), pdist(features.y.numpy())
    assert OF[f"spearman_{distance}"](features).item() == pytest.approx(SCIPY.spearmanr(between, labels)[0], abs=1e-5)
    assert OF[f"kendall_{distance}"](features).item() == pytest.approx(SCIPY.kendalltau(between, labels)[0], abs=1e-4)
    assert OF[f"volume_{distance}"](features).item() == pytest.approx(between.mean(), rel=1e-9)


@every_correlation
def test_ties_of_labels_are_those_of_whole_numbers_however_they_were_scaled(name):
    features = sample()
    grades = (features.y * 6).floor()
    raw = OF[name](features._replace(y=grades))
    between, labels = pdist(features.z.numpy(), name.partition("_")[2]), pdist(grades.numpy())
    of_scipy = SCIPY.kendalltau if name.startswith("kendall") else SCIPY.spearmanr
    assert raw.item() == pytest.approx(of_scipy(between, labels)[0], rel=1e-9)
    assert OF[name](features._replace(y=((grades - 1) / 5).float())) == raw


def test_tau_counts_couples_of_pairs():
    features = sample(rows=8)
    between, labels = pdist(features.z.numpy()), pdist((features.y * 3).floor().numpy())
    a, b = np.sign(between[:, None] - between), np.sign(labels[:, None] - labels)
    expected = (a * b).sum() / math.sqrt((a * a).sum() * (b * b).sum())
    assert OF["kendall_euclidean"](features._replace(y=(features.y * 3).floor())).item() == pytest.approx(expected)


@every_correlation
def test_a_perfect_order_is_one_and_a_reversed_one_minus_one(name):
    angle = 1.5 * Stream.named(4).uniform(12, 1)
    z = torch.cat([angle.cos(), angle.sin()], 1)
    features = sample(12, width=2)._replace(z=z)
    assert OF[name](features._replace(y=z)).item() == pytest.approx(1, abs=1e-9)
    if name.endswith("euclidean"):
        three = torch.tensor([[0.0], [1.0], [3.0]]).double()  # distances 1, 3, 2
        reversed_ = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.5, 1.0]]).double()  # 3, 1.1, 2.7
        assert OF[name](Features(reversed_, three, three, three)).item() == pytest.approx(-1)


@every_metric
def test_a_rotation_of_the_features_changes_nothing(name):
    features = sample()
    after = features._replace(z=turned(features.z), weight=turned(features.weight))
    torch.testing.assert_close(OF[name](after), OF[name](features))


@every_metric
def test_a_scale_changes_only_the_euclidean_volume(name):
    features = sample()
    scaled = OF[name](features._replace(z=4 * features.z))
    torch.testing.assert_close(scaled, OF[name](features) * (4 if name == "volume_euclidean" else 1))


@distances
def test_a_scale_of_each_row_changes_only_euclidean_distances(distance):
    features = sample()
    longer = features._replace(z=features.z * (1 + Stream.named(5).uniform(60, 1)))
    for statistic in ("spearman", "kendall", "volume"):
        before, after = (OF[f"{statistic}_{distance}"](each).item() for each in (features, longer))
        assert (after == pytest.approx(before)) == (distance == "cosine")


@every_metric
def test_the_order_of_rows_does_not_matter_and_the_number_is_one_in_float64(name):
    features = sample()
    found = OF[name](features)
    assert (found.shape, found.dtype) == ((), torch.float64)
    order = Stream.named(7).permutation(60)
    moved = Features(features.z[order], features.y[order], features.prediction[order], features.weight)
    torch.testing.assert_close(OF[name](moved), found)


@every_metric
@pytest.mark.parametrize("value", [0.0, 0.7])
def test_features_that_are_all_the_same_have_no_correlation_and_no_volume(name, value):
    features = sample()._replace(z=torch.full((60, 5), value))
    found = OF[name](features).item()
    collapsed = 0.0 if name == "volume_euclidean" or (name == "volume_cosine" and value) else math.nan
    assert found == pytest.approx(collapsed, nan_ok=True)


@every_metric
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_features_that_are_not_finite_give_nan(name, value):
    features = sample()
    features.z[3, 1] = value
    assert OF[name](features).isnan()


@every_correlation
@pytest.mark.parametrize("rows", [1, 2])
def test_too_few_rows_and_labels_that_do_not_vary_give_nan(name, rows):
    features = sample()
    assert OF[name](Features(*(each[:rows] for each in features))).isnan()
    assert OF[name](features._replace(y=torch.ones(60, 1))).isnan()


def test_features_that_differ_in_length_only_have_no_cosine_volume():
    features = sample()
    line = features._replace(z=features.z[:1] * (1 + features.y))
    assert OF["volume_cosine"](line) == 0
    assert OF["volume_euclidean"](line) > 0.1
    assert OF["kendall_cosine"](line).isnan()
    assert OF["kendall_euclidean"](line).item() == pytest.approx(1, abs=1e-3)


def test_the_diagonal_of_zeros_is_left_out():
    """Of unrelated features and labels the full matrix shows a correlation that is not there."""
    features = sample(30)._replace(z=Stream.named(8).normal(30, 5))
    full = [torch.cdist(each, each).flatten().numpy() for each in (features.z, features.y)]
    assert SCIPY.spearmanr(*full)[0] > OF["spearman_euclidean"](features).item() + 0.05
    assert len(pairs.euclidean(features.z)) == len(pairs.cosine(features.z)) == 30 * 29 // 2


def test_a_feature_of_zeros_has_distance_one_from_every_other():
    features = sample()
    features.z[0] = 0
    assert (pairs.cosine(features.z)[:59] == 1).all()


def test_what_the_prediction_determines_is_tight_and_what_it_does_not_see_is_not():
    theta = torch.tensor([[3.0, 4.0, 0.0]]).double()
    y = torch.linspace(0, 1, 1000).double()[:, None]
    across = torch.tensor([[4.0, -3.0, 0.0]]).double() / 5
    noise = 0.2 * Stream.named(1).normal(1000, 1)
    along = y @ theta / 25
    for z, expected in (
        (along, 0),  # on the line of θ
        (along + (2 * y).sin() * across, 0.01),  # a curve: one feature for each prediction
        (along + noise * across, 0.04 / (0.04 + 1 / 300)),  # a band: variance of y θ/|θ|² is 1/12/25
    ):
        found = OF["tightness"](Features(z, y, z @ theta.T, theta)).item()
        assert found == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("targets", [1, 2, 3])
def test_variance_that_is_independent_of_the_prediction_is_found_whatever_the_cells(targets):
    z = Stream.named(0).normal(900, 6)
    weight = torch.eye(6).double()[:targets]
    features = Features(z, z[:, :targets], z @ weight.T, weight)
    assert OF["tightness"](features).item() == pytest.approx(1 - targets / 6, abs=0.04)


def test_a_last_layer_that_sees_everything_has_no_level_sets():
    features = sample(width=3, targets=3)
    assert OF["tightness"](features).isnan()
    assert OF["tightness"](features._replace(weight=features.weight.repeat(3, 1)[:2].repeat(4, 1))).isfinite()


def test_a_weight_of_nothing_has_one_level_set():
    features = sample()
    nothing = features._replace(prediction=torch.zeros(60, 1), weight=torch.zeros(1, 5))
    assert OF["tightness"](nothing).item() == pytest.approx(1)
