"""The report of ablations: every variant against its own method's defaults."""

import numpy as np
import pytest

from regbench import reports
from regbench.analysis import compare
from regbench.errors import NothingMeasured
from tests.cells import ablated

REPORT = reports.load("ablation")


@pytest.fixture
def cells():
    return ablated()


def test_each_change_is_the_paired_comparison_with_the_defaults_at_the_same_k(cells):
    rows = REPORT.compute(cells, reports.Options()).rows
    one = rows[(rows["changed"] == "lambda_auto=0") & (rows["k"] == 5)].set_index("dataset")
    same = compare(cells, "end2end[lambda_auto=0]", "end2end", k=(5,))
    assert one.loc["all", "percent"] == same.overall.percent
    assert one.loc["all", "low"] == same.overall.low
    assert one.loc["all", "percent"] == pytest.approx(10, abs=0.5)
    assert {part.dataset: part.percent for part in same.datasets} == one["percent"].drop("all").to_dict()
    assert one.loc["all", "reading"] == "worse"


def test_what_has_no_defaults_beside_it_is_named_and_what_changes_nothing_is_no_row(cells):
    numbers = REPORT.compute(cells, reports.Options())
    assert set(numbers.rows["method"]) == {"pretrained_encoder", "end2end"}
    assert any("variants of soft_binning" in note for note in numbers.notes)


def test_a_filter_on_methods_keeps_the_defaults_to_compare_with(cells):
    numbers = REPORT.compute(cells, reports.Options(methods=("end2end[alpha=0.1]",), k=(25,)))
    assert list(numbers.rows["variant"].unique()) == ["end2end[alpha=0.1]"]
    table = REPORT.table(numbers)
    (line,) = table.rows
    assert line[:3] == ("end2end", "alpha=0.1", "25")
    assert line[-1] == "worse"
    assert "N = 3 per cell" in table.caption


def test_runs_that_are_missing_are_said_and_not_averaged_over(cells):
    gone = (cells["variant"] == "end2end[alpha=0.1]") & (cells["dataset"] == "diamonds")
    cells.loc[gone, ["test_rmse", "test_mae", "run_id"]] = None
    none = cells["variant"] == "pretrained_encoder[targets=uniform]"
    cells.loc[none, "test_rmse"] = None
    cells.loc[none, "diverged"] = True
    numbers = REPORT.compute(cells, reports.Options(k=(25,)))
    table = REPORT.table(numbers)
    lines = {line[1]: line for line in table.rows}
    assert "(1 of 2 datasets)" in " ".join(lines["alpha=0.1"])
    assert set(lines["targets=uniform"][3:]) == {"–", ""}
    assert any("no seed on which both" in note and "targets=uniform" in note for note in table.notes)
    assert any("no finished run: end2end[alpha=0.1] on DM" in note for note in table.notes)


def test_many_intervals_at_once_are_warned_of(cells):
    many = REPORT.table(REPORT.compute(cells, reports.Options()))
    few = REPORT.table(REPORT.compute(cells, reports.Options(k=(25,))))
    counts = [sum("by chance" in note for note in table.notes) for table in (many, few)]
    assert counts == [len(many.rows) >= 20, False]


def test_without_any_variant_it_says_what_would_train_some(cells):
    with pytest.raises(NothingMeasured, match="bridges-ablations"):
        REPORT.compute(cells[cells["variant"] == cells["method"]], reports.Options())


def test_the_picture_has_a_curve_for_a_setting_of_many_values_and_a_row_for_every_other_change(cells):
    assert REPORT.draw is not None
    figure = REPORT.draw(REPORT.compute(cells, reports.Options()))
    curve, forest = (axes for part in figure.subfigs for axes in part.axes)
    assert curve.get_xlabel() == r"$\alpha$"
    mean = max(curve.lines, key=lambda line: line.get_linewidth())
    along = np.asarray(mean.get_xdata())
    assert len(along) == 8  # seven values and the default
    assert (np.diff(along) > 0).all()
    assert [text.get_text() for text in forest.get_yticklabels()] == [
        "pre-trained encoder (targets=uniform)",
        "end to end (λauto=0)",
    ]
