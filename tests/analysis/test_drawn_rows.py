"""The draw of test rows as a part of intervals."""

import numpy as np
import pytest

from regbench import metrics, reports
from regbench.analysis import compare, drawn_rows, scale
from regbench.analysis.drawn_rows import Rows
from tests.made.cells import frame, row

ROWS = 400


def predictions(seeds: int, *, number: int = 0, shared: float = 1.0, own: float = 0.3) -> list[tuple[Rows, Rows]]:
    """Of each seed the rows of A and B; both err alike on a row by `shared`, and each run by `own` besides."""
    draw = np.random.default_rng(number)
    y = draw.uniform(size=(ROWS, 1)).astype(np.float32)
    hard = [shared * draw.standard_normal((ROWS, 1)) for _ in range(2)]
    runs = [
        [Rows((y + each + own * draw.standard_normal((ROWS, 1))).astype(np.float32), y) for each in hard]
        for _ in range(seeds)
    ]
    return [(a, b) for a, b in runs]


def errors(pairs: list[tuple[Rows, Rows]], name: str = "rmse") -> np.ndarray:
    gaps = np.array([[rows.predicted - rows.y for rows in pair] for pair in pairs], dtype=float)
    return np.sqrt((gaps**2).mean((2, 3))) if name == "rmse" else np.abs(gaps).mean((2, 3))


def test_the_variance_is_that_of_other_test_rows():
    """Against the spread of the difference over newly drawn rows; many seeds, so that rows alone vary it."""
    measure = scale.of("rmse")
    fresh = [measure.apart(errors(predictions(8, number=number))).mean() for number in range(300)]
    found = [drawn_rows.variance(pairs := predictions(8, number=n), errors(pairs), measure) for n in range(4)]
    variances = [part[0] for part in found if part]
    assert np.mean(variances) == pytest.approx(np.var(fresh, ddof=1), rel=0.2)


def test_what_seeds_do_alone_is_not_counted_again():
    """Where runs share no error, rows drawn anew change the mean over seeds only through the seeds' own spread."""
    pairs = predictions(6, shared=0.0, own=1.0)
    found = drawn_rows.variance(pairs, errors(pairs), scale.of("rmse"))
    logs = scale.of("rmse").apart(errors(pairs))
    assert found
    assert found[0] < 0.5 * logs.var(ddof=1) / len(logs)


@pytest.mark.parametrize("name", ["rmse", "mae"])
def test_means_over_rows_can_be_resampled(name):
    pairs = predictions(2)
    found = drawn_rows.variance(pairs, errors(pairs, name), scale.of(name))
    assert found
    assert found[0] > 0


@pytest.mark.parametrize("wrong", ["other rows", "few rows", "other errors"])
def test_predictions_that_do_not_fit_are_not_used(wrong):
    pairs = predictions(2)
    recorded = errors(pairs)
    match wrong:
        case "other rows":
            pairs[1] = predictions(1, number=9)[0]
        case "few rows":
            pairs = [(Rows(a.predicted[:5], a.y[:5]), Rows(b.predicted[:5], b.y[:5])) for a, b in pairs]
            recorded = errors(pairs)
        case _:
            recorded = recorded * 1.1
    assert drawn_rows.variance(pairs, recorded, scale.of("rmse")) is None


def test_metrics_of_distributions_and_of_parts_are_not_resampled():
    assert not drawn_rows.can_resample(metrics.about("crps"))
    assert not drawn_rows.can_resample(metrics.about("few/mae"))
    assert not drawn_rows.can_resample(metrics.about("r2"))
    assert drawn_rows.can_resample(metrics.about("mae"))


def made(pairs: dict[str, list[tuple[Rows, Rows]]], split: str = "fixed"):
    """Cells with the errors of these predictions, and a function that gives the predictions of a job."""
    rows, kept = [], {}
    for dataset, runs in pairs.items():
        for seed, (pair, found) in enumerate(zip(runs, errors(runs), strict=True)):
            for name, one, error in zip(("end2end", "lsq"), pair, found, strict=True):
                rows.append(row(dataset, name, seed, float(error), split=split, test_mae=float(error)))
                kept[dataset, name, seed] = one
    return frame(rows), lambda job: kept[job["dataset"], job["method"], job["seed"]]


def test_kept_predictions_widen_the_intervals_of_these_datasets_and_are_said():
    cells, kept = made({"diamonds": predictions(5), "cpu_act": predictions(5, number=1)})
    without, found = compare(cells, "end2end", "lsq"), compare(cells, "end2end", "lsq", kept=kept)
    for one, other in zip(without.datasets, found.datasets, strict=True):
        assert (other.low or 0) < (one.low or 0)
        assert (other.high or 0) > (one.high or 0)
        assert (other.percent, one.rows_std) == (one.percent, None)
        assert (other.rows_std or 0) > 0
    assert (found.overall.low or 0) < (without.overall.low or 0)
    assert found.rows_resampled
    assert "test rows resampled" in reports.show(reports.load("comparison"), found)
    assert "test rows are not resampled" in reports.show(reports.load("comparison"), without)


def test_splits_drawn_for_each_seed_have_the_draw_of_rows_in_their_spread_already():
    cells, kept = made({"diamonds": predictions(4)}, split="per_seed")
    assert compare(cells, "end2end", "lsq", kept=kept).datasets[0].rows_std is None
