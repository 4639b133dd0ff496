"""`regbench verify --budget` trains for open claims, and tells the cost of those that remain open."""

from pathlib import Path

import pytest

from regbench.analysis.claims import Findings, verify
from regbench.campaign.campaign import Campaign
from regbench.campaign.choosing import Wanted, choose
from regbench.campaign.claims import Settling
from regbench.campaign.events import TrainingForClaims
from regbench.cli import settling
from regbench.config import TableEntry
from regbench.papers import claims
from regbench.store import Store
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
def test_a_budget_trains_only_what_open_claims_wait_for(in_tmp: Path) -> None:
    write_csv(in_tmp / "table.csv", table(200))
    (in_tmp / "benchmarks.yaml").write_text(BENCHMARK)
    (chosen,) = choose(Wanted(["tiny"], tables=[TableEntry(str(in_tmp / "table.csv"), ("y",))]))
    paper, db = claims.read(PAPER.replace("table.csv", f'"{chosen.jobs[0].dataset}"'), "small"), "tiny.db"
    said: list[object] = []
    settler = Settling(Campaign(db, ["cpu"], on_event=said.append), chosen, budget_s=600)

    def look() -> Findings:
        with Store.open(db) as store:
            there = settler.name in set(store.benchmarks()["name"])
            return verify(paper, store.cells(settler.name) if there else None)

    results = settler.train(look)
    assert (len(results.benchmarks), results.failed) == (1, {})
    with Store.open(db) as store:
        cells = store.cells(settler.name)
    assert set(cells.loc[cells["run_id"].notna(), "method"]) == {"lsq", "end2end"}
    (event,) = [each for each in said if isinstance(each, TrainingForClaims)]
    assert (event.claims, event.waiting) == (2, 2)
    further = settler.further(look())
    alone = next(bill for bill in further.bills if bill.claim == "alone")
    assert (alone.jobs, alone.why) == (0, "not in the benchmark")
    assert "no run of the benchmark would settle alone (not in the benchmark)" in settling.as_text(further)
