"""Figure 5: soft binning by the number of bins above, `end2end` by the weight of the KL term below."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest

from regbench import reports
from regbench.errors import NothingMeasured, UsageError
from regbench.reports.shared import looks
from tests.made.cells import by_k_and_weight, grid, like_the_paper


def points(given: pd.DataFrame, panel: str, **options) -> pd.DataFrame:
    rows = reports.load("figure5").compute(given, reports.Options(**options)).rows
    return rows[rows["panel"] == panel].reset_index(drop=True)


def test_errors_by_k_are_relative_to_25_bins_of_the_same_dataset():
    upper = points(by_k_and_weight(), "k")
    assert list(upper["dataset"]) == ["cpu_act"] * 4 + ["diamonds"] * 4
    expected = [(1 + 1 / k) / (1 + 1 / 25) for k in (3, 5, 25, 45)] * 2
    assert list(upper["ratio"]) == pytest.approx(expected)
    assert upper["ratio_std"].iloc[2] == pytest.approx(0.01 / 1.01)  # three seeds of 1, 1.01 and 1.02


def test_the_weight_that_would_be_chosen_is_the_lowest_on_validation_and_not_on_test():
    given = by_k_and_weight()
    given.loc[given["variant"] == "end2end[lambda_kl=10]", "test_rmse"] = 0.1
    lower = points(given, "weight")
    assert list(lower["lambda_kl"]) == sorted(lower["lambda_kl"])
    assert list(lower.loc[lower["chosen"].astype(bool), "lambda_kl"]) == [1.0]
    assert dict(zip(points(given, "level")["method"], points(given, "level")["mean"], strict=True)) == pytest.approx(
        {"lsq": 1.1, "soft_binning": 1.04 * 1.01}
    )


def test_rows_that_differ_in_more_than_the_weight_are_no_points_of_its_curve():
    given = by_k_and_weight()
    other = given[given["method"] == "end2end"].assign(variant="end2end[encoder_lr=1,lambda_kl=2]")
    other = other.assign(hparams=[{**values, "encoder_lr": 1.0, "lambda_kl": 2.0} for values in other["hparams"]])
    assert 2.0 not in set(points(pd.concat([given, other]), "weight")["lambda_kl"])


def test_the_order_of_the_frame_does_not_matter():
    given = by_k_and_weight()
    shuffled = given.sample(frac=1, random_state=3).reset_index(drop=True)
    report = reports.load("figure5")
    first, second = (report.compute(each, reports.Options()).rows for each in (given, shuffled))
    pd.testing.assert_frame_equal(first, second)


def test_a_missing_panel_is_left_out_and_said(tmp_path: Path):
    report = reports.load("figure5")
    numbers = report.compute(like_the_paper(), reports.Options())
    table = report.table(numbers)
    assert "not drawn, as it was not run: end2end at several lambda_kl" in table.notes
    assert table.more == ()
    files = reports.write("figure5", report, numbers, folder=tmp_path, figures=["svg"])
    words = " ".join(ET.parse(files[0]).getroot().itertext())
    assert "number of bins" in words
    assert "weight" not in words


def test_one_seed_has_no_error_bars_and_a_diverged_weight_no_point(tmp_path: Path):
    given = by_k_and_weight(seeds=1)
    given.loc[given["variant"] == "end2end[lambda_kl=10]", ["test_rmse", "val_rmse", "diverged"]] = [None, None, True]
    report = reports.load("figure5")
    numbers = report.compute(given, reports.Options())
    assert reports.write("figure5", report, numbers, folder=tmp_path)
    assert "div: every run diverged" in report.table(numbers).notes
    assert ("λKL = 10", "div", "–", "") in report.table(numbers).more[0].rows


def test_nothing_to_show_names_the_command():
    with pytest.raises(NothingMeasured, match="regbench run bridges-figure5"):
        points(grid({"lsq": {"diamonds": [0.1]}}), "k")
    with pytest.raises(UsageError, match="takes one k"):
        points(by_k_and_weight(), "k", k=(5, 25))


def test_shades_of_one_method_are_told_apart():
    assert len(set(looks.shades("soft_binning", 4))) == 4
    assert looks.shades("soft_binning", 1) != []


def test_errors_by_k_are_over_the_seeds_that_both_ks_have():
    given = by_k_and_weight()
    three = (given["variant"] == "soft_binning") & (given["k"] == 3).fillna(value=False)
    given.loc[three & (given["seed"] == 2), ["test_rmse", "test_mae"]] = float("nan")
    upper = points(given, "k")
    assert upper["ratio"].iloc[0] == pytest.approx((1 + 1 / 3) / (1 + 1 / 25))
    assert list(upper["ratio_n"])[:2] == [2, 3]
