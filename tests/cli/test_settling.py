"""`regbench verify --budget`: what is open is trained for, and what stays open has its price."""

from pathlib import Path

import pytest

from regbench import config, data
from regbench.analysis.claims import Findings, verify
from regbench.cli import settling
from regbench.cli.grid import Chosen
from regbench.cli.planner import Planner
from regbench.config import Facts
from regbench.papers import claims
from regbench.store import Store
from tests.cli.conftest import Command
from tests.made.data_samples import table, write_csv

PAPER = """
title: A paper
reference: none
benchmarks: [tiny]
datasets: [table.csv]
baseline: lsq
errors: []
claims:
  - {id: better, text: it is better, section: "1", holds_if: {improves: {rows: end2end, over: lsq, k: 5}}}
  - {id: alone, text: it is alone, section: "1", holds_if: {improves: {rows: lsq, over: hard_binning, k: 5}}}
"""
BENCHMARK = """
tiny:
  datasets: [diamonds]
  methods: [lsq, end2end, soft_binning]
  k: [5]
  seeds: 2
  protocol: {epochs: 2, batch_size: 32}
  backbones: {mlp: {width: 16}}
"""


@pytest.mark.slow
def test_a_budget_trains_only_what_open_claims_wait_for(in_tmp: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_csv(in_tmp / "table.csv", table(200))
    (in_tmp / "benchmarks.yaml").write_text(BENCHMARK)
    paper, db = claims.read(PAPER, "small"), "tiny.db"
    facts, _ = data.from_file(in_tmp / "table.csv", "y")
    known = Facts("table.csv", digest=facts.digest, batch_size=32, backbone="mlp")
    benchmark = config.load().on_table("tiny", {}, known)
    chosen = Chosen(benchmark, {"table.csv": (str(in_tmp / "table.csv"), "y")})
    settler = settling.Settler(chosen, Planner(db, ["cpu"]), budget_s=600)

    def look() -> Findings:
        with Store.open(db) as store:
            there = settler.name in set(store.benchmarks()["name"])
            return verify(paper, store.cells(settler.name) if there else None)

    results = settler.train(look)
    assert [summary.failed for _, summary in results] == [{}]
    with Store.open(db) as store:
        cells = store.cells(settler.name)
    assert set(cells.loc[cells["run_id"].notna(), "method"]) == {"lsq", "end2end"}
    assert "2 claims open, 2 cells to train for them" in capsys.readouterr().err
    further = settler.further(look())
    alone = next(bill for bill in further.bills if bill.claim == "alone")
    assert (alone.jobs, alone.why) == (0, "not in the benchmark")
    assert "no run of the benchmark would settle alone (not in the benchmark)" in settling.as_text(further)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--budget", "soon"], "--budget soon: write a time such as 90s, 30m, 2h or 1h30m"),
        (["--budget", "1h", "--benchmark", "smok"], "no benchmark called 'smok'; did you mean 'smoke'?"),
        (["--budget", "1h", "--from", "out"], "--budget trains into a database: leave out --from"),
    ],
)
def test_a_wrong_budget_is_answered_before_anything_is_trained(
    regbench: Command, words: list[str], message: str
) -> None:
    said = regbench("verify", "bridges", *words)
    assert (said.code, said.out) == (2, "")
    assert message in said.err
    assert not Path("results").exists()


def test_a_budget_that_buys_nothing_ends_with_what_more_would(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text("wine:\n  extends: bridges-fixed\n  datasets: [wine_quality]\n")
    said = regbench("verify", "bridges", "--benchmark", "wine", "--budget", "1s", "--devices", "cpu", "--json")
    assert said.code == 0, said.err
    assert "23 claims open, none that fits the time" in said.err
    further = said.data["further"]
    assert further["jobs"] == 19 * 5
    assert {each["id"] for each in further["claims"]} == {each["id"] for each in said.data["claims"]}
    assert further["seconds"] > 1
