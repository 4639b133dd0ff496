"""A table of one's own row beside published ones: only what was trained alike stands there, and is marked."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from regbench.store import Store, export
from tests.cli.conftest import Command
from tests.store.conftest import PROTOCOL, job, labelled, train


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """My `soft_binning` on one dataset, and a folder of published runs of the same benchmark."""
    place = tmp_path_factory.mktemp("filling")
    own = [job(seed=seed, method="soft_binning", k=25) for seed in (0, 1)]
    planned = [job(seed=seed) for seed in (0, 1)]
    theirs = [
        *(job(seed=seed, method=method) for method in ("lsq", "l1") for seed in (0, 1)),
        *(job(seed=seed, dataset="cpu_act") for seed in (0, 1)),
        *(job(seed=seed, method="huber", protocol=replace(PROTOCOL, epochs=9)) for seed in (0, 1)),
        *(job(seed=seed, method="gar", digest="sha256:other") for seed in (0, 1)),
        *own,
    ]
    with Store.open(place / "published.db") as store:
        store.add_benchmark("tables", {}, labelled(*theirs))
        train(store, *theirs, curve=(0.3, 0.2))
        export(store, place / "results" / "published" / "paper" / "runs")
    (place / "published.db").unlink()
    with Store.open(place / "results" / "regbench.db") as store:
        store.add_benchmark("other", {}, labelled(*planned[:1]))
        store.add_benchmark("tables[method=soft_binning]", {}, labelled(*own, *planned))
        train(store, *own, curve=(0.3, 0.1))
    return place


@pytest.fixture
def mine(in_tmp: Path, kept: Path) -> Path:
    """A copy of it in the working folder."""
    shutil.copytree(kept / "results", in_tmp / "results")
    return in_tmp


def test_published_runs_fill_what_was_not_run_and_are_marked(regbench: Command, mine: Path) -> None:
    said = regbench("report", "--with", "published")
    assert (said.code, said.err) == (0, "")
    lines = {line.split()[0]: line for line in said.out.splitlines() if line.split()}
    assert "0.500" in lines["soft_binning"]  # mine, not the published 0.2 / 0.2
    assert {"°lsq", "°l1"} <= set(lines)
    assert "° from published runs" in said.out
    assert "CA" not in said.out.split()  # nothing of mine is there
    assert "2 cells from published runs (" in said.out


def test_what_was_trained_otherwise_is_left_out_and_listed_with_the_reason(regbench: Command, mine: Path) -> None:
    said = regbench("report", "--with", "results/published", "--json")
    rows = {row["variant"]: row["published"] for row in said.data["rows"]}
    assert rows == {"lsq": True, "l1": True, "soft_binning": False}
    assert "published runs left out, epochs 9 (here 3): huber on DM" in said.data["notes"]
    assert "published runs left out, another version of the data: gar on DM" in said.data["notes"]


def test_without_published_runs_of_the_benchmark_those_that_are_there_are_named(regbench: Command, mine: Path) -> None:
    said = regbench("report", "-b", "other", "--with", "published")
    assert (said.code, "no published runs of other in results/published; there are: tables" in said.err) == (6, True)
    assert regbench("report", "--with", "nowhere").code == 2
    assert "is no table of cells" in regbench("report", "curves", "--with", "published").err


def test_digits_and_gaps_on_the_command_line(regbench: Command, mine: Path) -> None:
    said = regbench(
        "report", "-b", "tables[method=soft_binning]", "--with", "published", "--columns", "gap", "--digits", 1
    )
    assert said.code == 0
    assert "0.0 %" in said.out
    assert "lsq" in said.out
    assert regbench("report", "--digits", 1, "--json").err.count("JSON has every digit") == 1
    assert regbench("report", "curves", "--digits", 1).code == 2
    assert regbench("report", "--digits", 99).code == 2
    assert regbench("report", "--normalize", "none", "--format", "csv", "--digits", 1).out.count("0.2,") >= 1


def test_the_best_cell_is_bold_on_a_terminal(regbench: Command, mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\033" not in regbench("report", "--with", "published").out
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\033[1m*0.500 ± 0.000\033[0m" in regbench("report", "--with", "published").out
