"""Cells: the count n, the meaning of nulls, and the rows that may stand in one cell."""

import numpy as np
import pandas as pd
import pytest

from regbench.analysis import aggregate
from tests.made.cells import frame, grid, like_the_paper, row


def only(cells: pd.DataFrame) -> pd.Series:
    assert len(cells) == 1
    return cells.iloc[0]


def test_a_cell_is_the_mean_and_sample_deviation_over_seeds():
    cell = only(aggregate(grid({"lsq": {"DM": [0.1, 0.2, 0.4]}})))
    assert cell["n"] == cell["n_expected"] == 3
    assert cell["rmse_mean"] == pytest.approx(0.7 / 3)
    assert cell["rmse_std"] == pytest.approx(np.std([0.1, 0.2, 0.4], ddof=1))
    assert cell["mae_mean"] == pytest.approx(0.35 / 3)


def test_one_seed_has_no_deviation():
    cell = only(aggregate(grid({"lsq": {"DM": [0.1]}})))
    assert cell["rmse_mean"] == 0.1
    assert np.isnan(cell["rmse_std"])


def test_a_missing_cell_stays_as_a_row_of_nulls():
    cell = only(aggregate(grid({"lsq": {"DM": [None, None]}})))
    assert (cell["n"], cell["n_expected"], cell["diverged"]) == (0, 2, 0)
    assert np.isnan(cell["rmse_mean"])


def test_a_diverged_run_is_counted_and_does_not_enter_the_mean():
    cell = only(aggregate(grid({"lsq": {"DM": [0.1, float("nan"), None]}})))
    assert (cell["n"], cell["n_expected"], cell["diverged"]) == (1, 3, 1)
    assert cell["rmse_mean"] == 0.1


def test_the_order_of_rows_changes_nothing():
    made = like_the_paper()
    pd.testing.assert_frame_equal(aggregate(made), aggregate(made.sample(frac=1, random_state=1)))


def test_variants_and_k_are_cells_of_their_own():
    assert len(aggregate(like_the_paper())) == 19 * 8


def test_rows_and_columns_come_in_the_papers_order():
    cells = aggregate(like_the_paper())
    assert list(dict.fromkeys(cells["method"]))[:3] == ["lsq", "lsq_softmax", "hard_binning"]
    first = cells[cells["dataset"] == cells["dataset"].iloc[0]]
    soft = first[first["method"] == "soft_binning"]
    assert list(zip(soft["lambda_sigma"], soft["k"], strict=True)) == [
        (1, 5), (1, 15), (1, 25), (0.5, 5), (0.5, 15), (0.5, 25),
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["protocol", "backbone", "digest"])
def test_what_was_not_made_alike_never_shares_a_cell(column):
    rows = [row("DM", "lsq", seed, 0.1) for seed in range(3)]
    rows += [row("DM", "lsq", seed, 0.9, **{column: "other"}) for seed in range(2)]
    cells = aggregate(frame(rows))
    assert only(cells)["rmse_mean"] == pytest.approx(0.1)
    assert any("2 jobs of another" in note for note in cells.attrs["left_out"])


def test_what_the_store_left_out_is_passed_on():
    made = grid({"lsq": {"DM": [0.1]}})
    made.attrs["left_out"] = ["2 runs of older code"]
    assert aggregate(made).attrs["left_out"] == ["2 runs of older code"]
