"""The report by shots: one grid per dataset, the metric over all rows and over those of each shot."""

import pytest

from regbench import reports
from regbench.errors import NothingMeasured
from tests.made.cells import frame, row

REPORT = reports.load("shots")
SHOTS = ("many", "median", "few")


def cells(metric="mae"):
    """Two methods on two datasets and two seeds; the second is better for few and worse for the others."""
    factor = {"lsq": {"many": 1, "median": 2, "few": 4}, "lsq+lds": {"many": 1.1, "median": 2.1, "few": 3}}
    rows = [
        row(dataset, variant, seed, 0.2 + seed / 100)
        | {f"test_{shot}/{metric}": factor[variant][shot] * (0.1 + seed / 100) for shot in SHOTS}
        for dataset in ("diamonds", "bike_sharing")
        for variant in factor
        for seed in range(2)
    ]
    return frame(rows)


def test_there_is_a_grid_for_each_dataset_with_a_column_for_each_shot():
    table = REPORT.table(REPORT.compute(cells(), reports.Options(benchmark="made")))
    assert [table.title, *(each.title for each in table.more)] == ["BS", "DM"]
    assert table.header == ("method", "all", "many", "median", "few")
    shown = {line[0]: line[1:] for line in table.rows}
    assert shown["lsq"][1].startswith("*0.105")
    assert shown["lsq+lds"][3].startswith("*0.315")
    assert table.caption.startswith("Test MAE by shots, in units of the target scaled to [0, 1], lower is better")


def test_another_metric_is_shown_if_asked_for_and_in_original_units():
    options = reports.Options(
        metric="rmse", metrics=("rmse",), units="original", ranges={"diamonds": (0, 10), "bike_sharing": (0, 10)}
    )
    numbers = REPORT.compute(cells("rmse"), options)
    mine = numbers.rows[(numbers.rows["dataset"] == "diamonds") & (numbers.rows["variant"] == "lsq")]
    assert mine[["rmse_mean", "few/rmse_mean"]].to_numpy()[0] == pytest.approx([2.05, 4.2])
    assert numbers.units == "original units"


def test_without_shots_it_says_how_to_have_them():
    plain = cells().assign(**{f"test_{shot}/mae": float("nan") for shot in SHOTS})
    with pytest.raises(NothingMeasured, match="shots: density"):
        REPORT.compute(plain, reports.Options())
