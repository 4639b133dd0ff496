"""Properties of all metrics, and of single ones: values of SciPy and scikit-learn, limits."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn

from regbench import catalog, metrics
from regbench.errors import UsageError
from regbench.metrics.spearman import ranks
from regbench.random import Stream

NAMES = catalog.names("metrics")
OF_PREDICTIONS = metrics.of_predictions(positive=True)
every_metric = pytest.mark.parametrize("name", NAMES)
every_metric_of_predictions = pytest.mark.parametrize("name", OF_PREDICTIONS)


def sample(jobs=3, rows=41, targets=2, ties=False):
    """Predictions (J, N, M) that follow the targets (N, M), better job by job."""
    y = Stream.named(0, "targets").uniform(rows, targets)
    noise = Stream.named(1, "noise").normal(jobs, rows, targets)
    prediction = y + noise * torch.tensor([0.4, 0.2, 0.05])[:jobs, None, None]
    return ((prediction * 8).round() / 8, (y * 8).round() / 8) if ties else (prediction, y)


def one(name, prediction, y):
    return OF_PREDICTIONS[name](prediction, y)


@every_metric
def test_what_is_read_of_a_file_is_what_its_object_says(name):
    said, made = metrics.about(name), catalog.load("metrics", name)
    assert (said.label, said.symbol, said.better, said.unit, said.needs) == (
        made.label, made.symbol, made.better, made.unit, made.needs,
    )  # fmt: skip
    assert (made.compute is None) == (made.needs == "distribution")
    assert catalog.entry("metrics", name).summary.endswith(".")
    assert made.reference


@every_metric
def test_direction_and_loss_agree(name):
    said = metrics.about(name)
    worse, better = {"low": (2.0, 1.0), "high": (1.0, 2.0)}.get(str(said.better), (0.5, said.better))
    assert said.loss(float(better)) < said.loss(worse)
    assert said.direction in ("lower is better", "higher is better", "best at 0.9")


@every_metric_of_predictions
@pytest.mark.parametrize("targets", [1, 3])
def test_a_perfect_prediction_has_the_best_value_there_is(name, targets):
    _, y = sample(targets=targets)
    best = 0.0 if metrics.about(name).better == "low" else 1.0
    assert one(name, y[None], y).item() == pytest.approx(best, abs=1e-12)


@every_metric_of_predictions
@pytest.mark.parametrize("targets", [1, 3])
def test_what_is_nearer_to_the_targets_is_better_and_no_job_notices_another(name, targets):
    prediction, y = sample(targets=targets)
    found = one(name, prediction, y)
    assert found.shape == (3,)
    assert found.dtype == torch.float64
    losses = [metrics.about(name).loss(value) for value in found.tolist()]
    assert losses == sorted(losses, reverse=True)
    for job in range(3):
        assert one(name, prediction[[job]], y).item() == pytest.approx(found[job].item(), rel=1e-12)


@every_metric_of_predictions
def test_the_order_of_rows_and_of_target_dimensions_does_not_matter(name):
    prediction, y = sample()
    expected = one(name, prediction, y)
    for turned in (one(name, prediction.flip(1), y.flip(0)), one(name, prediction.flip(2), y.flip(1))):
        torch.testing.assert_close(turned, expected)


@every_metric_of_predictions
def test_a_dimension_that_is_there_twice_changes_nothing(name):
    prediction, y = sample(targets=1)
    twice = one(name, prediction.repeat(1, 1, 2), y.repeat(1, 2))
    torch.testing.assert_close(twice, one(name, prediction, y))


@every_metric_of_predictions
def test_a_scale_multiplies_errors_and_leaves_shares_and_correlations(name):
    prediction, y = sample()
    scale = 4.0 if metrics.about(name).unit == "target" else 1.0
    torch.testing.assert_close(one(name, 4 * prediction, 4 * y), scale * one(name, prediction, y))


@every_metric_of_predictions
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_prediction_that_is_not_finite_makes_its_own_job_not_finite_and_no_other(name, value):
    prediction, y = sample()
    prediction[1, 5, 0] = value
    assert one(name, prediction, y).isfinite().tolist() == [True, False, True]


@every_metric_of_predictions
def test_single_precision_is_enough_for_six_digits(name):
    prediction, y = sample()
    torch.testing.assert_close(
        one(name, prediction.float(), y.float()), one(name, prediction, y), rtol=1e-4, atol=1e-6, check_dtype=False
    )


@every_metric_of_predictions
def test_a_prediction_of_the_mean_has_no_correlation_and_explains_nothing(name):
    _, y = sample()
    found = one(name, y.mean(0).expand(1, *y.shape), y).item()
    if name in ("pearson", "spearman"):
        assert math.isnan(found)
    elif name == "r2":
        assert found == pytest.approx(0, abs=1e-12)
    else:
        assert found > 0


@pytest.mark.parametrize("name", ["r2", "pearson", "spearman"])
def test_of_targets_that_do_not_vary_it_is_not_defined(name):
    prediction, y = sample()
    assert one(name, prediction, y * 0 + 0.3).isnan().all()


SCIPY: Any = stats
SKLEARN = {
    "rmse": lambda y, p: math.sqrt(sklearn.mean_squared_error(y, p)),
    "mae": sklearn.mean_absolute_error,
    "medae": lambda y, p: np.median(np.abs(y - p)),
    "gme": lambda y, p: SCIPY.gmean(np.abs(y - p).ravel()),
    "r2": sklearn.r2_score,
    "pearson": lambda y, p: np.mean([SCIPY.pearsonr(a, b).statistic for a, b in zip(y.T, p.T, strict=True)]),
    "spearman": lambda y, p: np.mean([SCIPY.spearmanr(a, b).statistic for a, b in zip(y.T, p.T, strict=True)]),
}


@pytest.mark.parametrize("name", SKLEARN)
@pytest.mark.parametrize("rows", [40, 41])
@pytest.mark.parametrize("targets", [1, 2])
@pytest.mark.parametrize("ties", [False, True])
def test_it_is_the_number_of_scipy_and_scikit_learn(name, rows, targets, ties):
    prediction, y = sample(rows=rows, targets=targets, ties=ties and name != "gme")
    expected = [SKLEARN[name](y.numpy(), each.numpy()) for each in prediction]
    np.testing.assert_allclose(one(name, prediction, y).numpy(), expected, rtol=1e-10)


def test_the_median_of_one_dimension_is_scikit_learns():
    prediction, y = sample(targets=1)
    expected = [sklearn.median_absolute_error(y[:, 0], each[:, 0]) for each in prediction]
    np.testing.assert_allclose(one("medae", prediction, y).numpy(), expected)


def test_threshold_accuracy_counts_what_is_within_a_factor_and_nothing_that_is_not_positive():
    right, wrong = [4.0, 4.99, 3.21], [5.0, 3.2, -4.0, 0.0, 1e-30, 1e30]
    for value in right + wrong:
        found = one("delta1", torch.tensor([[[value]]], dtype=torch.float64), torch.tensor([[4.0]]))
        assert found.item() == (value in right), value
    for y in (-4.0, 0.0):
        assert one("delta1", torch.tensor([[[y]]]), torch.tensor([[y]])).item() == 0


def test_threshold_accuracy_is_of_every_run_with_positive_targets_and_of_no_other():
    assert "delta1" not in metrics.of_predictions()
    assert set(metrics.of_predictions(positive=True)) == {"delta1", *metrics.of_predictions()}


def test_one_exact_hit_makes_the_geometric_mean_zero():
    prediction, y = sample()
    prediction[0, 0, 0] = y[0, 0]
    assert one("gme", prediction, y)[0] == 0


@given(st.lists(st.sampled_from([0.0, -0.0, 1.5, 1e-45, -3.0, math.inf, -math.inf]), min_size=1, max_size=40))
def test_a_rank_counts_the_values_below_and_half_of_the_equal_ones(column):
    """As a search in the sorted values does it on other devices, bit for bit."""
    values = torch.tensor(column)
    ordered = values.sort().values
    below, upto = (torch.searchsorted(ordered, values, right=right) for right in (False, True))
    assert torch.equal(ranks(values[:, None])[:, 0], (below + upto + 1).double() / 2)


def test_ranks_do_not_notice_a_rising_function_and_pearson_no_affine_one():
    prediction, y = sample()
    torch.testing.assert_close(one("spearman", prediction.exp(), y), one("spearman", prediction, y))
    torch.testing.assert_close(one("pearson", 3 * prediction - 7, y), one("pearson", prediction, y))
    assert one("spearman", -y[None], y).item() == pytest.approx(-1)


def test_a_wrong_name_gets_the_nearest_one_and_capitals_do_not_matter():
    assert metrics.about(" CRPS ").name == "crps"
    with pytest.raises(UsageError, match="no metric called 'rsme'; did you mean 'rmse'"):
        metrics.about("rsme")


def test_what_may_decide_an_epoch_has_a_direction_and_what_chooses_is_an_error_that_every_row_has():
    assert metrics.deciding()[:2] == ("val/rmse", "val/mae")
    assert "val/coverage" not in metrics.deciding()
    assert {"val/r2", "val/crps", "val/nll"} <= set(metrics.deciding())
    assert not {name.removeprefix("val/") for name in metrics.deciding()} & {"delta1", *metrics.of_features()}
    assert set(metrics.choosing()) == {"val/rmse", "val/mae", "val/medae", "val/gme"}


def test_listing_metrics_imports_no_torch():
    import subprocess
    import sys

    code = "import sys; from regbench import metrics; metrics.deciding(); assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
