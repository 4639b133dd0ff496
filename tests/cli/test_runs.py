"""`regbench runs`: every run, newest first, with filters."""

from pathlib import Path

import pytest

from regbench.store import Store, export
from tests.cli.conftest import Command
from tests.made.damaged import fill
from tests.made.jobs import make_job


def test_runs_are_listed_newest_first_with_how_they_ended(regbench: Command, filled: Path) -> None:
    said = regbench("runs", "--limit", "0")
    lines = said.out.splitlines()
    assert said.code == 0
    assert len(lines) == 1 + 12
    assert [line for line in lines if "lsq_softmax" in line and "failed: user code" in line]
    found = regbench("runs", "--limit", "0", "--json").data
    started = [run["started"] for run in found["runs"]]
    assert started == sorted(started, reverse=True)
    assert {tuple(run["benchmarks"]) for run in found["runs"]} == {("smoke",)}


def test_a_limit_says_how_many_are_not_shown(regbench: Command, filled: Path) -> None:
    said = regbench("runs", "--limit", "3")
    assert (len(said.out.splitlines()), said.err) == (4, "9 older runs not shown; --limit 0 shows all\n")
    found = regbench("runs", "--limit", "3", "--json").data
    assert (len(found["runs"]), found["total"]) == (3, 12)


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        (("--method", "lsq"), 2),
        (("--status", "failed"), 1),
        (("--status", "finished", "--seed", "1"), 5),
        (("--dataset", "DM", "--method", "soft_binning", "--k", "25"), 2),
        (("-b", "smoke"), 12),
    ],
)
def test_filters_are_those_of_other_commands(
    regbench: Command, filled: Path, filters: tuple[str, ...], count: int
) -> None:
    assert regbench("runs", *filters, "--json").data["total"] == count


def test_an_export_has_the_runs_of_its_database(regbench: Command, in_tmp: Path) -> None:
    fill(in_tmp / "made.db", make_job)
    with Store.open(in_tmp / "made.db", read_only=True) as store:
        export(store, in_tmp / "out")
    one = regbench("runs", "--status", "finished", "--db", "made.db", "--json").data
    other = regbench("runs", "--status", "finished", "--from", "out", "--json").data
    assert [run["uuid"] for run in one["runs"]] == [run["uuid"] for run in other["runs"]]


def test_what_names_no_run_is_told_in_one_line(regbench: Command, filled: Path) -> None:
    for words, code, said in (
        (("--status", "finnished"), 2, "did you mean 'finished'?"),
        (("--status", "diverged"), 6, "no diverged run is here"),
        (("--seed", "77"), 6, "no run is here of these seeds"),
        (("--method", "lqs"), 2, "no method called 'lqs'"),
        (("--db", "none.db"), 6, "there is no database none.db"),
    ):
        answer = regbench("runs", *words)
        assert (answer.code, answer.out) == (code, "")
        assert answer.err.count("\n") == 1, answer.err
        assert said in answer.err
