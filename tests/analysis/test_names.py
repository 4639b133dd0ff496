"""Names and filters, tested on the published tables."""

import pytest

from regbench import variants
from regbench.analysis import select
from regbench.analysis.published import bridges_cells
from regbench.errors import NothingMeasured, UsageError
from regbench.papers import bridges


@pytest.mark.parametrize(
    "name", ["soft_binning", "soft_binning[lambda_sigma=0.5]", " soft_binning[ lambda_sigma = 0.50 ]"]
)
def test_settings_equal_to_the_defaults_do_not_make_a_variant(name):
    assert variants.parse(name).label == "soft_binning"


def test_a_composition_keeps_its_parts():
    name = "end2end+multi_target[m=4]+rot[gamma=0.1]"
    assert variants.parse(name).label == name
    assert variants.parse(name).method == "end2end"
    assert variants.parse("end2end + rot[gamma=0.10,weight=10] + multi_target[m=4]").label == name


def test_filters_keep_what_was_asked_for():
    frame = bridges_cells()
    assert len(select(frame)) == len(frame) == 19 * 8
    assert set(select(frame, k=[5])["k"].dropna()) == {5}
    assert "lsq" in set(select(frame, k=[5])["method"])
    assert len(select(frame, datasets=["wn", "DM"])) == 19 * 2
    assert len(select(frame, methods=["soft_binning"])) == 6 * 8
    assert len(select(frame, methods=["soft_binning[lambda_sigma=1]", "end2end[k=5]"])) == 4 * 8


def test_a_filter_with_a_wrong_name_or_without_rows_says_so():
    frame = bridges_cells()
    with pytest.raises(UsageError, match="no dataset called 'diamnods'"):
        select(frame, datasets=["diamnods"])
    with pytest.raises(UsageError, match="did you mean 'hard_binning'"):
        select(frame, methods=["hard_bining"])
    with pytest.raises(NothingMeasured, match="nothing left to report of k 7; method end2end"):
        select(frame, methods=["end2end"], k=[7])


def test_the_papers_tables_are_whole():
    assert len(bridges.table2()) == 19 * 8
    assert len(bridges.table3()) == 3 * 8
    assert set(bridges.table1()["batch_size"]) == set(bridges.DATASETS)
    assert {cell.method for cell in bridges.table2()} == set(bridges.METHODS)
