"""The report of predicted distributions: scores side by side, and points by their absolute error."""

import numpy as np
import pytest

from regbench import reports
from regbench.errors import NothingMeasured
from tests.made.cells import frame, row

REPORT = reports.load("scores")


def scored(variant, seed, crps, nll=None, **other):
    return row("diamonds", variant, seed, 0.2, test_crps=crps, test_nll=nll, **other)


@pytest.fixture
def cells():
    rows = [row("diamonds", "lsq", seed, 0.2, test_crps=None, test_nll=None) for seed in range(2)]
    rows += [scored("soft_binning", seed, 0.05 + seed / 100) for seed in range(2)]
    rows += [scored("gaussian_nll", seed, 0.06, -1.0 - seed) for seed in range(2)]
    return frame(rows).astype({"test_crps": float, "test_nll": float})


def test_a_score_is_the_mean_over_seeds_and_that_of_a_point_its_absolute_error(cells):
    rows = REPORT.compute(cells, reports.Options()).rows.set_index("variant")
    assert rows.loc["soft_binning", "crps_mean"] == pytest.approx(0.055)
    assert rows.loc["soft_binning", "crps_std"] == pytest.approx(np.std([0.05, 0.06], ddof=1))
    assert rows.loc["lsq", "crps_mean"] == pytest.approx(0.1)  # its MAE
    assert rows.loc["gaussian_nll", "nll_mean"] == pytest.approx(-1.5)
    assert np.isnan(rows.loc["soft_binning", "nll_mean"])


def test_the_caption_has_the_units_of_the_targets(cells):
    for targets, units in (("scaled", "units of the target scaled to [0, 1]"), ("raw", "units of the target")):
        numbers = REPORT.compute(cells.assign(targets=targets), reports.Options())
        assert f"CRPS is in {units}. " in REPORT.table(numbers).caption


def test_the_table_has_a_grid_for_each_score_marks_points_and_the_lowest(cells):
    table = REPORT.table(REPORT.compute(cells, reports.Options(benchmark="made")))
    assert table.title == "Test CRPS"
    shown = {line[0]: line[-1] for line in table.rows}
    assert shown["lsq"].startswith("†=0.1")
    assert shown["soft_binning"].startswith("*0.055")
    (likelihood,) = table.more
    assert [line[0] for line in likelihood.rows] == ["gaussian_nll"]
    assert any("predicts a point" in note for note in table.notes)
    assert "N = 2" in table.caption


def test_a_score_that_some_runs_lack_is_not_averaged_over_the_others(cells):
    cells.loc[cells.index[2], "test_crps"] = np.nan
    numbers = REPORT.compute(cells, reports.Options())
    assert np.isnan(numbers.rows.set_index("variant").loc["soft_binning", "crps_mean"])
    assert any("1 cell with runs from before there were scores" in note for note in numbers.notes)


def test_without_any_score_it_says_why(cells):
    with pytest.raises(NothingMeasured, match="before there were scores"):
        REPORT.compute(cells.assign(test_crps=np.nan, test_nll=np.nan), reports.Options())
