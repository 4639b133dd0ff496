"""Figures 3 and 4 show over how many seeds a ratio is, where not all rows have the same."""

import pytest

from regbench import reports
from tests.made.cells import grid


@pytest.mark.parametrize("name", ["figure3", "figure4"])
def test_a_figure_shows_the_number_of_seeds_of_a_row_that_has_fewer(name, tmp_path):
    lost = {"DM": [None, None, None, 4.0, 4.0, 4.0]}
    whole = {"DM": [1.0, 1.0, 1.0, 4.0, 4.0, 4.0]}
    made = grid({"lsq": whole, "soft_binning": whole, "end2end": lost})
    report = reports.load(name)
    numbers = report.compute(made, reports.Options())
    files = reports.write(name, report, numbers, folder=tmp_path, figures=["svg"])
    drawn = next(path for path in files if path.suffix == ".svg").read_text()
    assert {"figure3": "N = 3", "figure4": "1.000 (N = 3)"}[name] in drawn
    assert set(numbers.normalized.cells["ratio"]) == {1.0}


def test_methods_that_share_no_dataset_have_ratios_and_no_means():
    made = grid(
        {"lsq": {"DM": [1.0, 1.1], "CA": [1.0, 1.1]}, "soft_binning": {"DM": [0.9, 0.9]}, "end2end": {"CA": [0.8]}}
    )
    numbers = reports.load("figure3").compute(made, reports.Options())
    assert numbers.normalized.common == ()
    assert list(numbers.means["seeds"]) == [0, 0, 0]
    assert numbers.means["arithmetic"].isna().all()
