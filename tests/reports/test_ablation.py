"""The report of ablations: every variant against its own method's defaults."""

from functools import cache

import numpy as np
import pytest

from regbench import reports
from regbench.analysis import ablate, compare
from regbench.errors import NothingMeasured
from tests.made.cells import ablated, frame, row

REPORT = reports.load("ablation")


@cache  # the bootstrap of every row takes longer than all else
def usual():
    """What is computed of the cells as they are."""
    return REPORT.compute(ablated(), reports.Options())


@pytest.fixture
def cells():
    return ablated()


def lines(cells, **options):
    return {line[1]: line for line in REPORT.table(REPORT.compute(cells, reports.Options(**options))).rows}


def test_each_change_is_the_paired_comparison_with_the_defaults_at_the_same_k(cells):
    rows = usual().rows
    one = rows[(rows["changed"] == "lambda_auto=0") & (rows["k"] == 5)].set_index("dataset")
    same = compare(cells, "end2end[lambda_auto=0]", "end2end", k=(5,))
    assert one.loc["all", "percent"] == same.overall.percent
    assert one.loc["all", "low"] == same.overall.low
    assert one.loc["all", "percent"] == pytest.approx(10, abs=0.5)
    assert {part.dataset: part.percent for part in same.datasets} == one["percent"].drop("all").to_dict()
    assert one.loc["all", "reading"] == "worse"
    assert (one.loc["all", "n"], one.loc["all", "wins"], one.loc["all", "datasets"]) == (6, 0, 2)


def test_by_the_other_metric_it_is_of_the_other_metric(cells):
    cells["test_mae"] = cells["test_mae"].where(cells["variant"] != "end2end[lambda_auto=0]", cells["test_mae"] / 2)
    mean = lines(cells, metric="mae", k=(25,))["lambda_auto=0"][-3]
    assert float(mean) == pytest.approx(-45, abs=0.5)


def test_what_has_no_defaults_beside_it_is_named_and_what_changes_nothing_is_no_row(cells):
    numbers = usual()
    assert set(numbers.rows["method"]) == {"pretrained_encoder", "end2end"}
    assert any("variants of soft_binning" in note for note in numbers.notes)
    with pytest.raises(NothingMeasured, match="defaults were not planned: variants of soft_binning"):
        REPORT.compute(cells, reports.Options(methods=("soft_binning",)))


def test_a_filter_on_methods_keeps_the_defaults_to_compare_with(cells):
    numbers = REPORT.compute(cells, reports.Options(methods=("end2end[alpha=0.1]",), k=(25,)))
    assert list(numbers.rows["variant"].unique()) == ["end2end[alpha=0.1]"]
    table = REPORT.table(numbers)
    (line,) = table.rows
    assert line[:3] == ("end2end", "alpha=0.1", "25")
    assert "†" in line[3]
    assert line[-1] == "worse"
    assert "N = 3 pairs of runs per cell" in table.caption


def test_runs_that_are_missing_are_said_with_their_k_and_not_averaged_over(cells):
    gone = (cells["variant"] == "end2end[alpha=0.1]") & (cells["dataset"] == "diamonds") & (cells["k"] == 25)
    cells.loc[gone, ["test_rmse", "test_mae", "run_id"]] = None
    table = REPORT.table(REPORT.compute(cells, reports.Options(k=(25,))))
    (line,) = [line for line in table.rows if line[1:3] == ("alpha=0.1", "25")]
    assert "–" in line
    assert line[-3].endswith("(1 of 2 datasets)")
    assert any("end2end[alpha=0.1] (k = 25): no finished run" in note for note in table.notes)


def test_a_variant_that_diverged_is_not_one_that_was_never_run(cells):
    wild = cells["variant"] == "pretrained_encoder[targets=uniform]"
    cells.loc[wild, "test_rmse"] = None
    cells.loc[wild, "diverged"] = True
    table = REPORT.table(REPORT.compute(cells, reports.Options(methods=("pretrained_encoder", "end2end[alpha=0.1]"))))
    (line, _) = [line for line in table.rows if line[1] == "targets=uniform"]
    assert set(line[3:]) == {"div", ""}
    assert "div: every run diverged" in table.notes
    assert not any("no seed on which both" in note and note.startswith("–") for note in table.notes)


def test_a_version_of_the_data_of_which_there_are_fewer_runs_is_left_out_of_every_row(cells):
    other = (cells["variant"] == "end2end[alpha=0.1]") & (cells["dataset"] == "diamonds")
    cells.loc[other, "digest"] = "sha256:another"
    numbers = REPORT.compute(cells, reports.Options())
    rows = numbers.rows[(numbers.rows["variant"] == "end2end[alpha=0.1]") & (numbers.rows["k"] == 5)]
    assert list(rows["dataset"]) == ["cpu_act", "all"]
    assert [note for note in numbers.notes if "another version" in note] == [
        "DM: 6 jobs of another version of the data left out"
    ]


def test_nothing_to_pair_is_said_and_no_table_of_nothing_shown(cells):
    cells.loc[cells["variant"] != cells["method"], ["test_rmse", "test_mae", "run_id"]] = None
    with pytest.raises(NothingMeasured, match="no change here can be compared: no seed on which both"):
        REPORT.compute(cells, reports.Options())


def test_one_dataset_has_no_mean_over_datasets_and_one_seed_no_interval(cells):
    one = REPORT.table(REPORT.compute(cells, reports.Options(datasets=("DM",), k=(25,))))
    assert one.header == ("method", "changed", "k", "DM", "reading")
    single = REPORT.compute(cells[cells["seed"] == 0], reports.Options(k=(25,)))
    table = REPORT.table(single)
    assert {line[-2:] for line in table.rows} == {("–", "undecided")}
    assert not any("†" in cell for line in table.rows for cell in line)
    assert REPORT.draw is not None
    assert "interval" not in REPORT.draw(single).get_suptitle()


def test_many_intervals_at_once_are_warned_of(cells):
    many = REPORT.table(usual())
    few = REPORT.table(REPORT.compute(cells, reports.Options(k=(25,), datasets=("DM",))))
    assert len(many.rows) == 22
    (warning,) = [note for note in many.notes if "by chance" in note]
    stars = sum("†" in cell for line in many.rows for cell in line)
    assert warning.startswith(f"{stars} of 44 cells have †; were no change to do anything, about 2 would by chance")
    assert not any("by chance" in note for note in few.notes)


def test_values_that_a_sweep_chose_are_not_called_defaults(cells):
    table = REPORT.table(usual())
    assert "at its defaults" in table.caption
    assert "compared with: end2end alpha=1e-06, lambda_auto=1" in table.notes
    swept = cells.assign(swept=[{"learning_rate": 0.01}] * len(cells))
    caption = REPORT.table(REPORT.compute(swept, reports.Options(k=(25,)))).caption
    assert "chosen on validation rows" in caption
    assert "defaults" not in caption


def test_a_part_added_to_a_method_is_a_change_of_it(cells):
    added = [row("diamonds", "end2end+rot[gamma=0.01]", seed, 0.8, method="end2end") for seed in range(3)]
    both = ablate(frame([*cells.to_dict("records"), *added]))
    (change,) = [each for each in both.changes if "rot" in each.variant]
    assert change.changed == "+rot[gamma=0.01]"
    assert change.settings == {}
    assert change.comparison is not None


def test_without_any_variant_it_says_what_would_train_some(cells):
    with pytest.raises(NothingMeasured, match="bridges-ablations"):
        REPORT.compute(cells[cells["variant"] == cells["method"]], reports.Options())


def test_the_picture_has_a_curve_for_a_setting_of_many_values_and_a_row_for_every_other_change():
    curve, forest = panels(usual())
    assert curve.get_xlabel() == r"$\alpha$"
    mean = max(curve.lines, key=lambda line: line.get_linewidth())
    along = np.asarray(mean.get_xdata())
    assert len(along) == 10  # nine values and the default
    assert (np.diff(along) > 0).all()
    assert np.asarray(mean.get_ydata())[along == 1e-6] == 0  # end2end's own α
    assert [text.get_text() for text in curve.get_xticklabels()] == ["0", "1e−1", "1e−4", "−1e−1", "−1e−4"]
    assert [text.get_text() for text in forest.get_yticklabels()] == [
        "pre-trained encoder: targets = uniform",
        "end to end: λauto = 0",
    ]


def test_the_picture_is_of_a_k_at_which_something_was_measured_and_breaks_lines_where_nothing_was(cells):
    none = (cells["k"] == 25) & (cells["variant"] != cells["method"])
    part = (cells["variant"] == "end2end[alpha=0.01]") & (cells["dataset"] == "diamonds")
    cells.loc[none | part, ["test_rmse", "test_mae", "run_id"]] = None
    numbers = REPORT.compute(cells, reports.Options())
    assert numbers.k == 5
    curve, _ = panels(numbers)
    mean = max(curve.lines, key=lambda line: line.get_linewidth())
    heights = dict(zip(np.asarray(mean.get_xdata()), np.asarray(mean.get_ydata()), strict=True))
    assert np.isnan(heights[0.01])
    assert np.isfinite(heights[0.001])


def panels(numbers):
    assert REPORT.draw is not None
    figure = REPORT.draw(numbers)
    return [axes for part in figure.subfigs for axes in part.axes]
