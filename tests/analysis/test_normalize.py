"""Ratios and their means: identities, and the first paper's Figure 4 from its Table 2."""

import numpy as np
import pandas as pd
import pytest

from regbench.analysis import compare, leaks, normalize, order, select
from regbench.analysis.published import bridges_cells
from regbench.analysis.spread import spread
from regbench.errors import UsageError
from tests.made.cells import grid, like_the_paper

# Ratios at k = 25 by hand from Table 2, in the order WN AE BS SC EL CA DM RM; then mean, geometric mean, median.
BY_HAND = {
    ("lsq", None): ([1] * 8, 1.000, 1.000, 1.000),
    ("lsq_softmax", None): ([0.979, 2.405, 0.734, 0.654, 0.767, 0.333, 0.961, 1.528], 1.045, 0.898, 0.864),
    ("hard_binning", None): ([0.990, 0.919, 0.972, 0.705, 0.800, 0.351, 0.941, 1.000], 0.835, 0.798, 0.930),
    ("soft_binning", 1.0): ([0.990, 0.892, 0.972, 0.731, 0.800, 0.333, 0.941, 0.974], 0.829, 0.791, 0.917),
    ("soft_binning", 0.5): ([0.979, 0.892, 0.963, 0.705, 0.767, 0.333, 0.941, 0.979], 0.820, 0.782, 0.917),
    ("pretrained_encoder", None): ([0.979, 0.892, 0.954, 0.692, 0.733, 0.316, 0.922, 0.964], 0.807, 0.766, 0.907),
    ("end2end", None): ([0.959, 0.865, 0.679, 0.615, 0.733, 0.316, 0.922, 0.969], 0.757, 0.719, 0.799),
}


def of(frame: pd.DataFrame, method: str, width: float | None = None) -> pd.DataFrame:
    rows = frame[frame["method"] == method]
    return rows if width is None else rows[rows["lambda_sigma"] == width]


def test_table_2_gives_figures_3_and_4_of_the_paper():
    found = normalize(select(bridges_cells(), k=[25]))
    assert [order.alias(dataset) for dataset in found.common] == ["WN", "AE", "BS", "SC", "EL", "CA", "DM", "RM"]
    for (method, width), (ratios, *averages) in BY_HAND.items():
        assert list(of(found.cells, method, width)["ratio"]) == pytest.approx(ratios, abs=5.1e-4)
        means = of(found.means, method, width)[["arithmetic", "geometric", "median"]]
        assert list(means.iloc[0]) == pytest.approx(averages, abs=5.1e-4)
    assert found.notes == leaks.note(found.common)


@pytest.mark.parametrize(
    ("k", "method", "mean"), [(5, "hard_binning", 0.999), (5, "end2end", 0.803), (15, "end2end", 0.772)]
)
def test_other_k_of_table_2_give_the_means_computed_by_hand(k, method, mean):
    means = normalize(select(bridges_cells(), k=[k])).means
    assert of(means, method)["arithmetic"].iloc[0] == pytest.approx(mean, abs=5.1e-4)


@pytest.mark.parametrize("metric", ["rmse", "mae"])
def test_the_baseline_is_one_everywhere(metric):
    found = normalize(like_the_paper(), metric=metric)
    assert (of(found.cells, "lsq")["ratio"] == 1).all()
    assert of(found.means, "lsq")[["arithmetic", "geometric", "median"]].to_numpy() == pytest.approx(1)


def test_swapping_method_and_baseline_inverts_the_geometric_mean():
    made = select(like_the_paper(), k=[25])
    one = of(normalize(made, baseline="lsq").means, "end2end")["geometric"].iloc[0]
    other = of(normalize(made, baseline="end2end").means, "lsq")["geometric"].iloc[0]
    assert one * other == pytest.approx(1, rel=1e-12)


def test_the_order_of_rows_changes_nothing():
    made = like_the_paper()
    one, other = normalize(made), normalize(made.sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(one.cells, other.cells)
    pd.testing.assert_frame_equal(one.means, other.means)


def test_a_dropped_cell_never_changes_another_methods_numbers_without_a_notice():
    made = select(like_the_paper(), k=[25])
    gone = made[~((made["method"] == "hard_binning") & (made["dataset"] == made["dataset"].iloc[0]))]
    one, other = normalize(made), normalize(gone)
    kept = [column for column in one.cells if column != "left_out"]
    pd.testing.assert_frame_equal(
        of(one.cells, "end2end")[kept].reset_index(drop=True), of(other.cells, "end2end")[kept].reset_index(drop=True)
    )
    assert of(one.means, "end2end")["arithmetic"].iloc[0] != of(other.means, "end2end")["arithmetic"].iloc[0]
    assert one.notes == leaks.note(one.common)
    assert other.notes == (
        *leaks.note(one.common),
        "means are over 7 of 8 datasets (AE BS SC EL CA DM RM), left out: WN (not in hard_binning (k = 25))",
    )


def test_means_are_over_the_same_datasets_for_every_row():
    found = normalize(grid({"lsq": {"DM": [1.0], "CA": [2.0]}, "end2end": {"DM": [0.5], "CA": [None]}}))
    assert found.common == ("DM",)
    assert list(found.means["datasets"]) == [1, 1]
    assert list(found.means["arithmetic"]) == [1, 0.5]


def test_a_method_without_any_run_takes_no_part_and_is_named():
    found = normalize(grid({"lsq": {"DM": [1.0], "CA": [2.0]}, "end2end": {"DM": [None], "CA": [None]}}))
    assert found.common == ("CA", "DM")
    assert any("end2end" in note for note in found.notes)


@pytest.mark.parametrize(("error", "reason"), [(None, "lsq is missing"), (float("nan"), "lsq diverged")])
def test_without_a_baseline_the_ratio_is_null_and_says_why(error, reason):
    found = normalize(grid({"lsq": {"DM": [error], "CA": [2.0]}, "end2end": {"DM": [0.5], "CA": [1.0]}}))
    cell = found.cells[(found.cells["dataset"] == "DM") & (found.cells["method"] == "end2end")].iloc[0]
    assert np.isnan(cell["ratio"])
    assert cell["reason"] == reason
    assert any(reason in note for note in found.notes)


def test_a_baseline_that_was_not_planned_gives_null_ratios():
    found = normalize(grid({"end2end": {"DM": [0.5]}}))
    assert found.cells["ratio"].isna().all()
    assert found.common == ()


def test_a_misspelt_baseline_is_answered_with_the_nearest_name():
    with pytest.raises(UsageError, match="did you mean 'lsq'"):
        normalize(like_the_paper(), baseline="lqs")


def test_the_spread_of_an_average_is_over_seeds_that_have_every_dataset():
    made = grid({"lsq": {"DM": [1.0, 1.0], "CA": [2.0, 2.0]}, "end2end": {"DM": [0.5, 0.7], "CA": [1.0, 1.8]}})
    means = spread(made, normalize(made))
    row = of(means, "end2end").iloc[0]
    assert row["seeds"] == 2
    assert row["arithmetic_std"] == pytest.approx(np.std([0.5, 0.8], ddof=1))
    made.loc[(made["variant"] == "end2end") & (made["seed"] == 1) & (made["dataset"] == "CA"), "test_rmse"] = None
    assert of(spread(made, normalize(made)), "end2end")["seeds"].iloc[0] == 1


def unlike_seeds() -> pd.DataFrame:
    """end2end equals lsq on every seed, and diverged on the three easiest."""
    return grid({"lsq": {"DM": [1.0, 1.0, 1.0, 4.0, 4.0, 4.0]}, "end2end": {"DM": [None, None, None, 4.0, 4.0, 4.0]}})


@pytest.mark.parametrize("baseline", ["lsq", "end2end"])
def test_a_ratio_is_over_the_seeds_that_both_have(baseline):
    found = normalize(unlike_seeds(), baseline=baseline)
    assert set(found.cells["ratio"]) == {1.0}
    assert of(found.cells, "end2end")["ratio_n"].tolist() == [3]
    assert of(found.cells, "end2end")["ratio_seeds"].tolist() == ["3 4 5"]
    assert any("end2end (k = 25) 3" in note for note in found.notes)


def test_without_a_common_seed_there_is_no_ratio():
    found = normalize(grid({"lsq": {"DM": [1.0, None]}, "end2end": {"DM": [None, 1.0]}}))
    assert of(found.cells, "end2end")["reason"].tolist() == ["no seed in common with lsq"]


def test_the_spread_of_an_average_is_over_the_common_seeds():
    made = unlike_seeds()
    means = spread(made, normalize(made))
    assert of(means, "end2end")["seeds"].tolist() == [3]
    assert of(means, "end2end")["arithmetic_std"].tolist() == [0]


def test_a_method_whose_file_is_not_here_has_a_ratio_and_can_be_compared():
    made = grid({"lsq": {"DM": [1.0, 2.0], "CA": [1.0, 2.0]}, "gone": {"DM": [2.0, 4.0], "CA": [2.0, 4.0]}})
    assert set(of(normalize(made).cells, "gone")["ratio"]) == {2.0}
    assert len(compare(made, "gone", "lsq").datasets) == 2
