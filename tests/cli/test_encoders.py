"""Figures of encoders from a real run: trained, stored, read and drawn."""

import json
from pathlib import Path

import numpy as np
import pytest

from regbench.analysis import encoders
from regbench.store import Store
from tests.cli.conftest import Command


@pytest.mark.slow
def test_figures_of_encoders_are_drawn_from_what_was_trained_whatever_was_run_last(regbench: Command) -> None:
    words = ["--seed", 0, "--method", "soft_binning", "--method", "end2end", "--epochs", 2]
    assert regbench("run", "bridges-figure2", *words, "--devices", "cpu", "--workers", 1).code == 0
    with Store.open("results/regbench.db") as store:
        store.add_benchmark("another", {}, [])
        cells = store.cells("bridges-figure2[epochs=2]")
        learnt = store.parameters(int(cells.loc[cells["method"] == "end2end", "run_id"].iloc[0]))
    said = regbench("report", "figure2", "--json")
    data = json.loads(said.out)["data"]
    assert (said.code, data["benchmark"]) == (0, "bridges-figure2[epochs=2]")
    assert {Path(file).name for file in data["files"]} >= {"bridges_figure2.svg", "bridges_figure2-grid.csv"}
    rows = [row for row in data["rows"] if row["encoder"] == "learnt"]
    stored = [row["stored_as"] for row in rows]
    np.testing.assert_array_equal([[row["mu_east"], row["mu_north"]] for row in rows], learnt["mu"][stored])
    drawn = np.array([[row["east"], row["north"]] for row in data["grid"]])
    own = next(row["stored_as"] for row in rows if row["hard_y"])
    assert [row["psi_learnt"] for row in data["grid"]] == pytest.approx(encoders.psi(learnt, drawn)[:, own], abs=1e-15)
    assert "end2end" in regbench("report", "encoder", "--benchmark", "bridges-figure2[epochs=2]").out


def test_without_the_benchmark_they_name_the_command_that_trains_it(regbench: Command, filled: Path) -> None:
    said = regbench("report", "figure7")
    assert said.code == 6
    assert "`regbench run bridges-figure2` trains it" in said.err
    elsewhere = regbench("report", "figure7", "--benchmark", "smoke")
    assert (elsewhere.code, "of a target of two dimensions" in elsewhere.err) == (6, True)
