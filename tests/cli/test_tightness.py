"""`regbench report tightness-tableN` and `regbench verify tightness`, without runs and from a folder."""

from pathlib import Path

import pytest

from regbench import reports
from regbench.cli.sources import Source
from regbench.reports import Options
from tests.cli.conftest import Command


@pytest.mark.parametrize("number", range(1, 7))
def test_a_table_needs_no_database(regbench: Command, number: int) -> None:
    said = regbench("report", f"tightness-table{number}", "--json")
    assert (said.code, said.data["benchmark"]) == (0, None)
    assert all(row.get("n", 0) == 0 for row in said.data["rows"])
    assert not Path("results").exists()


def test_a_folder_gives_the_costs_that_lie_in_it(regbench: Command, filled: Path) -> None:
    regbench("db", "export", "out", "--distilled")
    report = reports.load("tightness-table6")
    path = Path("out/cost.json")
    path.write_text('{"data": {"rows": [{"method": "lsq", "ms": 1.0}]}}', encoding="utf-8")
    with Source("none.db", Path("out")) as source:
        found = source.find(report, "tightness_table6", benchmark=None, metric="rmse", units="scaled")
    assert list(report.compute(found.frame, Options()).ours["method"]) == ["lsq"]
    path.write_text("{", encoding="utf-8")
    said = regbench("report", "tightness-table6", "--from", "out")
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "cost.json cannot be read" in said.err


def test_a_paper_with_columns_is_judged_without_runs_and_by_no_runs_of_others(regbench: Command, filled: Path) -> None:
    """The database has the benchmark `smoke`, whose cells have nothing to do with this paper."""
    said = regbench("verify", "tightness")
    words = " ".join(said.out.split())
    assert (said.code, said.err) == (0, "")
    assert "Nothing has been run." in words
    assert "NYU of lsq+ph_reg, which is 1.450 in the table, from its parts: 1.441" in words
    assert "not run: the images of AgeDB may not be passed on" in words
    data = regbench("verify", "tightness", "--claim", "depth-rows-add-up", "--json").data
    assert data["benchmark"] is None
    assert data["columns"]["CIR"] == "mean squared error of coordinates on the circle"
    (claim,) = data["claims"]
    assert (claim["paper"], claim["ours"]) == ("fails", "cannot be decided")
    cells = {(cell["dataset"], cell["variant"]): cell["paper"] for cell in claim["cells"]}
    assert cells["NYU few", "lsq+ph_reg"] == 2.002


def test_a_metric_for_a_paper_whose_columns_have_their_own_is_refused(regbench: Command) -> None:
    said = regbench("verify", "tightness", "--metric", "mae")
    assert (said.code, said.out) == (2, "")
    assert "each column of tightness's tables has a metric of its own" in said.err


@pytest.mark.parametrize("form", ["md", "csv", "json", "latex"])
def test_its_claims_are_written_in_every_form(regbench: Command, form: str) -> None:
    said = regbench("verify", "tightness", "--format", form)
    assert said.code == 0
    assert "depth-rows-add-up" in said.out
