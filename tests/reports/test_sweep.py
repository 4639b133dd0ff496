"""The report of sweeps: what was tried, what won, and nothing of the test rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from regbench import reports
from regbench.errors import NothingMeasured
from tests.made.swept import STAGES, cells, configurations, error, swept

REPORT = reports.load("sweep")
MADE = reports.Options(benchmark="made")


def test_every_configuration_has_its_validation_error_and_no_test_error():
    frame = REPORT.frames(REPORT.compute(swept(), MADE))["rows"]
    assert len(frame) == 2 * 3 + 3 * len(configurations("end2end"))
    assert not [column for column in frame if "test" in str(column)]
    assert not (frame == 77.0).any(axis=None)
    for row in frame.to_dict("records"):
        values = {name: row[name] for name in ("learning_rate", "lambda_kl", "lambda_auto") if not np.isnan(row[name])}
        expected = error(row["dataset"], row["method"], values)
        assert (row["val_rmse"] == expected) or (expected is None and np.isnan(row["val_rmse"]))
        assert row["diverged"] == (1 if expected is None else 0)
        assert (row["seeds"], row["finished"]) == (2, 2)


def test_the_table_marks_edges_carried_choices_and_what_diverged():
    table = REPORT.table(REPORT.compute(swept(), MADE))
    rows = {row[:3]: row[3:] for row in table.rows}
    assert table.header[3:8] == ("tried", "diverged", "learning rate", "λKL", "λ_auto")
    assert rows["DM", "end2end", "25"] == ("7", "2", "0.003", "1*", "0.1*", "0.10600", "–")
    assert rows["RM", "end2end", "5 ←25"][2:5] == ("0.003", "1*", "0.1*")
    assert rows["DM", "lsq", ""] == ("3", "1", "0.003", "", "", "0.10300", "0.10300")
    assert table.notes == (
        "*: the lowest or the highest value tried, in 4 of 6 cells",
        "←: carried from the k beside the arrow, in 1 of 6 cells",
        "– of the defaults: they are not among the values tried",
    )


def test_a_sweep_alone_shows_the_best_so_far():
    numbers = REPORT.compute(swept(chosen=False), replace(MADE, benchmark="sweep"))
    table = REPORT.table(numbers)
    rows = {row[:3]: row[3:] for row in table.rows}
    assert rows["DM", "end2end", "25"] == ("7", "2", "0.003", "1*", "0.1*", "0.10600", "–")
    assert ("RM", "end2end", "5 ←25") not in rows
    assert table.notes[1:] == (
        "5 of 5 cells are not chosen by a benchmark: the best so far is shown",
        "– of the defaults: a sweep has none, but the benchmark that chooses from it has",
    )


def test_what_is_not_finished_is_said_and_counts_as_nothing():
    open_cells = cells()
    last = open_cells.index[-2:]
    open_cells.loc[last, "run_id"] = None
    open_cells.loc[last, ["val_rmse", "val_mae"]] = np.nan
    numbers = REPORT.compute(replace(swept(chosen=False), cells=open_cells), MADE)
    assert "1 of 27 configurations are not finished" in REPORT.table(numbers).notes
    assert numbers.cells.iloc[-1]["values"] == {"learning_rate": 3e-3, "lambda_kl": 1.0, "lambda_auto": 1.0}


def test_cells_of_which_nothing_is_finished_are_left_out_of_table_and_picture():
    begun = cells()
    waiting = begun["dataset"] == "retinamnist"
    begun.loc[waiting, "run_id"] = None
    begun.loc[waiting, ["val_rmse", "val_mae"]] = np.nan
    numbers = REPORT.compute(replace(swept(chosen=False), cells=begun), MADE)
    assert set(numbers.cells["dataset"]) == {"diamonds"}
    assert "10 of 27 configurations are not finished" in REPORT.table(numbers).notes
    assert {axes.get_title()[:2] for axes in REPORT.draw(numbers).axes if axes.get_title()} == {"DM"}  # type: ignore[misc]
    begun[["run_id", "val_rmse", "diverged"]] = [None, np.nan, False]
    with pytest.raises(NothingMeasured, match="no configuration of the sweep is finished yet"):
        REPORT.compute(replace(swept(chosen=False), cells=begun), MADE)


def test_filters_choose_cells_and_a_carried_one_goes_with_its_source():
    numbers = REPORT.compute(swept(), replace(MADE, datasets=("RM",), methods=("end2end",)))
    assert set(numbers.tried["dataset"]) == {"retinamnist"}
    assert numbers.cells["k"].tolist() == [5, 25]
    assert set(REPORT.compute(swept(), replace(MADE, k=(5,))).tried["k"].dropna()) == {5}


def test_errors_in_the_units_of_the_target():
    ranges = {"diamonds": ([0.0], [1000.0]), "retinamnist": ([0.0], [4.0])}
    numbers = REPORT.compute(swept(), replace(MADE, units="original", ranges=ranges))
    plain = REPORT.compute(swept(), MADE)
    assert numbers.cells["error"].iloc[0] == 1000 * plain.cells["error"].iloc[0]
    assert numbers.tried["val_rmse"].iloc[-1] == 4 * plain.tried["val_rmse"].iloc[-1]


def test_a_sweep_of_raw_targets_is_in_their_units_as_it_is():
    raw = replace(swept(), cells=swept().cells.assign(targets="raw"))
    numbers = REPORT.compute(raw, replace(MADE, units="original"))
    pd.testing.assert_series_equal(numbers.cells["error"], REPORT.compute(swept(), MADE).cells["error"])
    assert set(numbers.cells["targets"]) == set(numbers.tried["targets"]) == {"raw"}
    assert "validation RMSE in units of the target of what" in REPORT.table(numbers).caption


def test_surfaces_are_where_two_fields_make_a_grid_and_curves_where_one_does():
    figure = REPORT.draw(REPORT.compute(swept(), MADE))  # type: ignore[misc]
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == [
        *["DM, end to end, k = 5", "DM, end to end, k = 25", "DM"],
        *["RM, end to end, k = 5", "RM, end to end, k = 25", "RM"],
    ]
    assert [len(axes.images) for axes in figure.axes[:6]] == [1, 1, 0, 0, 1, 0]
    assert [text.get_text() for text in figure.axes[3].texts] == ["carried from k = 25"]
    (image,) = figure.axes[4].images
    relative = np.exp(np.asarray(image.get_array()))
    assert relative.shape == (2, 3)
    assert relative.min() == relative[1, 1] == 1.0


def test_values_that_were_drawn_are_points():
    stages = {"sweep": [{**STAGES["sweep"][0], "sample": 20}]}
    figure = REPORT.draw(REPORT.compute(replace(swept(), stages=stages), MADE))  # type: ignore[misc]
    assert [axes.get_title() for axes in figure.axes] == ["DM", "RM"]
    assert {line.get_linestyle() for line in figure.axes[0].lines} == {"None"}


def test_without_a_sweep_there_is_nothing_to_show():
    with pytest.raises(NothingMeasured, match="no sweep has been run here"):
        REPORT.compute(replace(swept(), cells=cells().iloc[:0]), MADE)
