"""Metrics that are not errors: compared by differences, with the right sign, and never by ratios."""

import pandas as pd
import pytest

from regbench.analysis import compare, normalize
from regbench.analysis.scale import check_recorded
from regbench.analysis.sweeps import Swept, cells, configurations
from regbench.errors import NothingMeasured, UsageError
from tests.made.cells import grid

ERRORS = {"lsq": {"DM": [0.4, 0.42], "CA": [0.3, 0.31]}, "end2end": {"DM": [0.2, 0.21], "CA": [0.1, 0.12]}}


def measured(**columns) -> pd.DataFrame:
    """Runs in which end2end has half the error of lsq; the values of a column are a function of the RMSE."""
    frame = grid(ERRORS)
    return frame.assign(**{f"test_{name}": frame["test_rmse"].map(made) for name, made in columns.items()})


def test_higher_r2_is_better_and_differences_are_in_its_own_units():
    frame = measured(r2=lambda error: 1 - error)
    found = compare(frame, "end2end", "lsq", metric="R2")
    assert (found.metric, found.better, found.unit, found.verdict) == ("r2", "high", "difference", "A is better")
    assert found.overall.percent == pytest.approx(-0.2)
    assert "R² of end2end is 0.2 higher" in found.sentence
    assert "higher on 2 of 2" in found.sentence
    assert [difference.wins for difference in found.datasets] == [2, 2]
    turned = compare(frame, "lsq", "end2end", metric="r2")
    assert turned.overall.percent == pytest.approx(0.2)
    assert turned.verdict == "B is better"
    assert found.data()["better"] == "high"


def test_likelihoods_below_zero_are_compared_and_coverage_by_its_distance_from_nine_tenths():
    frame = measured(nll=lambda error: error - 1, coverage=lambda error: 0.9 + error / 10)
    likelihood = compare(frame, "end2end", "lsq", metric="nll")
    assert likelihood.overall.percent == pytest.approx(-0.2)
    assert "0.2 lower" in likelihood.sentence
    covered = compare(frame, "end2end", "lsq", metric="coverage")
    assert covered.verdict == "A is better"
    assert "nearer to 0.9" in covered.sentence


def test_within_the_rope_differences_are_practically_equal():
    found = compare(measured(r2=lambda error: 1 - error / 1000), "end2end", "lsq", metric="r2")
    assert found.verdict == "practically equal"


def test_errors_are_compared_by_ratios_whatever_their_name():
    found = compare(measured(crps=lambda error: error / 3), "end2end", "lsq", metric="crps")
    assert (found.unit, found.better) == ("percent", "low")
    usual = compare(measured(), "end2end", "lsq")
    assert found.overall.percent == pytest.approx(usual.overall.percent)


def test_a_ratio_of_what_is_no_error_is_refused_in_one_line():
    with pytest.raises(UsageError, match=r"a ratio of R² \(higher is better\) to that of lsq would mean nothing"):
        normalize(measured(r2=lambda error: 1 - error), metric="r2")
    found = normalize(measured(medae=lambda error: error / 2), metric="medae").cells
    assert found.loc[found["method"] == "end2end", "ratio"].max() < 0.6


def test_a_metric_that_no_run_has_is_nothing_measured_and_one_that_some_lack_is_said():
    frame = measured(r2=lambda _: float("nan"))
    with pytest.raises(NothingMeasured, match="R² was not recorded in any run of made"):
        check_recorded(frame, "r2")
    with pytest.raises(NothingMeasured, match="R² was not recorded"):
        compare(frame, "end2end", "lsq", metric="r2")
    frame.loc[frame["method"] == "lsq", "test_r2"] = 0.5
    with pytest.raises(NothingMeasured, match="R² was not recorded in any run of end2end"):
        compare(frame, "end2end", "lsq", metric="r2")


def test_the_best_of_a_sweep_is_the_highest_where_high_is_good():
    rows = [
        {
            "benchmark": "s", "dataset": "DM", "method": "lsq", "variant": f"lsq[learning_rate={rate}]", "row": "lsq",
            "k": None, "swept": {"learning_rate": rate}, "run_id": number, "diverged": False, "seed": 0,
            "val_r2": r2, "val_rmse": 1 - r2,
        }
        for number, (rate, r2) in enumerate([(0.1, 0.5), (0.2, 0.9), (0.3, -2.0)])
    ]  # fmt: skip
    stages = {"s": [{"axes": [["learning_rate", [0.1, 0.2, 0.3]]]}]}
    swept = Swept.of([pd.DataFrame(rows).astype({"k": "Int64"})], None, stages)
    for metric in ("r2", "rmse"):
        best = cells(swept, configurations(swept, metric=metric), metric=metric)
        assert best["values"].tolist() == [{"learning_rate": 0.2}]
