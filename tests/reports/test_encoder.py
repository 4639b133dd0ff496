"""The diagnostics of encoders and decoders: at which epoch, over which seeds, and what there is room to draw."""

import numpy as np
import pandas as pd
import pytest

from regbench import reports
from regbench.errors import NothingMeasured
from tests.made.encoders import diagnostics

REPORT = reports.load("encoder")


def computed(**options):
    return REPORT.compute(diagnostics(), reports.Options(benchmark="made", **options))


def test_a_row_is_at_the_epoch_of_lowest_validation_error_and_the_csv_at_the_last_too():
    rows = computed().rows.set_index(["variant", "at"])
    best, last = rows.loc[("end2end", "best")], rows.loc[("end2end", "last")]
    assert (best["epoch_mean"], last["epoch_mean"]) == (3, 4)
    assert best["encoder/entropy_mean"] == pytest.approx(0.5 * np.mean([5, 6]))
    assert best["encoder/entropy_std"] == pytest.approx(0.5 * np.std([5, 6], ddof=1))
    assert last["decoder/spread_mean"] == pytest.approx(0.3 * np.mean([6, 7]))
    assert (best["n"], best["val/rmse_mean"], best["stage1/seconds_mean"]) == (2, 0.1, 1.5)


def test_rows_without_encoder_and_decoder_are_left_out_and_variants_are_rows():
    numbers = computed()
    assert [row[1] for row in REPORT.table(numbers).rows] == ["hard_binning", "end2end", "end2end[alpha=0.1]"]
    assert REPORT.table(numbers).rows[0][3] == "2"
    assert "Benchmark made" in REPORT.table(numbers).caption
    assert "SYNTHETIC" in numbers.notes[0]
    assert "all in units of the target scaled to [0, 1]. " in REPORT.table(numbers).caption
    raw = REPORT.compute(diagnostics().assign(targets="raw"), reports.Options())
    assert "all in units of the target. " in REPORT.table(raw).caption
    with pytest.raises(NothingMeasured, match="no run here has an encoder"):
        computed(methods=("lsq",))


def test_a_one_hot_code_has_no_entropy_to_show():
    made = diagnostics()
    made.loc[(made["method"] == "hard_binning") & (made["name"] == "encoder/entropy"), "value"] = 1e-32
    table = REPORT.table(REPORT.compute(made, reports.Options()))
    assert table.rows[0][table.header.index("mean H(ψ), nats")] == "0"


def test_curves_are_the_median_and_range_over_seeds_of_every_epoch():
    curves = computed().curves
    line = curves[(curves["variant"] == "end2end") & (curves["name"] == "encoder/rmse")]
    assert line["epoch"].tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(line["median"], 0.02 * np.array([3.5, 4.5, 5.5, 6.5]))
    np.testing.assert_allclose(line["high"] - line["low"], 0.02)


def test_of_a_distilled_export_there_is_the_table_and_no_curve(tmp_path):
    numbers = REPORT.compute(diagnostics(kept=(0, 3, 4)), reports.Options())
    assert numbers.rows["encoder/rmse_mean"].notna().all()
    assert numbers.curves.empty
    assert any("a curve needs every epoch" in note for note in numbers.notes)
    files = reports.write("encoder", REPORT, numbers, folder=tmp_path, figures=["svg"])
    assert [path.name for path in files] == ["encoder.csv", "encoder-curves.csv"]  # and no empty picture


def test_more_rows_than_there_is_room_for_are_counted_and_the_defaults_drawn():
    made = diagnostics()
    many = [made]
    for number in range(12):
        extra = made[made["variant"] == "end2end[alpha=0.1]"]
        many.append(extra.assign(variant=f"end2end[alpha={number + 2}]", run_id=extra["run_id"] + 1000 * (number + 1)))
    numbers = REPORT.compute(pd.concat(many), reports.Options())
    assert {"hard_binning", "end2end"} <= set(numbers.curves["variant"])
    assert numbers.curves["variant"].nunique() == 9
    assert any("6 more rows of the table not drawn" in note for note in numbers.notes)
