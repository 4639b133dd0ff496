"""What the commands show of sweeps and choices."""

import json
from pathlib import Path

from regbench.store import Store
from tests.cli.conftest import Command

FILE = """
tiny-sweep:
  datasets: [diamonds]
  methods: [lsq, end2end]
  k: [5]
  seeds: [1000]
  sweep:
    - {learning_rate: [1e-3, 1e-2], lambda_kl: [0.1, 1], extend: lambda_kl}
    - {lambda_auto: [0.1, 1]}
tiny:
  datasets: [diamonds]
  methods: [lsq, end2end]
  k: [5, 9]
  seeds: 2
  choose: {from: tiny-sweep}
"""
CPU = ("--devices", "cpu", "--workers", 1)


def test_a_plan_shows_the_sweep_and_what_waits_for_it(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text(FILE)
    said = regbench("plan", "tiny", *CPU).out
    assert "tiny-sweep: 6 jobs, 0 done, 6 to train" in said
    assert "tiny-sweep: then about 1 job of later stages and more while an optimum lies on an edge" in said
    assert "tiny: 6 jobs, 0 done, 0 to train, 6 to choose first" in said
    assert "tiny: 6 jobs to be trained with values chosen by tiny-sweep, about " in said
    (data,) = regbench("plan", "tiny", *CPU, "--json").data
    assert (data["jobs"], data["to_train"], data["pending"]) == (6, 0, {"diamonds": 6})
    assert data["pending_seconds"]["likely"] > 0
    ((jobs, later, more),) = [(each["jobs"], each["later"], each["may_extend"]) for each in data["sweeps"]]
    assert (jobs, later, more) == (6, 1, True)
    assert regbench("run", "tiny", *CPU, "--dry-run").out == said


def test_a_sweep_can_be_planned_alone_and_is_listed_with_the_jobs_of_its_first_stage(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text(FILE)
    (data,) = regbench("plan", "tiny-sweep", *CPU, "--json").data
    assert (data["jobs"], data["sweeps"]) == (6, [])
    rows = {row["name"]: row for row in json.loads(regbench("list", "benchmarks", "--json").out)["data"]["rows"]}
    assert (rows["tiny-sweep"]["jobs"], rows["tiny"]["jobs"]) == (6, 6)


def test_all_benchmarks_means_no_sweep_twice(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text(FILE)
    assert [plan["benchmark"] for plan in regbench("plan", "--all", *CPU, "--json").data] == ["tiny"]


def test_a_variant_has_a_sweep_of_its_own(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text(FILE)
    (data,) = regbench("plan", "tiny", "--epochs", 7, *CPU, "--json").data
    assert (data["benchmark"], data["sweeps"][0]["benchmark"]) == ("tiny[epochs=7]", "tiny-sweep[epochs=7]")
    assert data["sweeps"][0]["packs"][0]["epochs"] == 7


def test_to_choose_again_there_must_be_a_choice(regbench: Command) -> None:
    said = regbench("run", "smoke", "--choose-again", *CPU)
    assert (said.code, said.out) == (2, "")
    assert said.err.endswith("regbench: --choose-again: smoke does not choose from a sweep\n")


def test_what_cannot_be_had_blocks_the_sweep_and_what_waits_for_it(regbench: Command, monkeypatch) -> None:
    monkeypatch.delenv("REGBENCH_DATA", raising=False)
    Path("benchmarks.yaml").write_text(FILE)
    said = regbench("run", "tiny", *CPU)
    assert said.code == 7
    assert "tiny-sweep: 0 jobs finished, 0 done before, 6 blocked by missing data" in said.out
    assert "tiny: 0 jobs finished, 0 done before, 6 wait for a choice" in said.out
    status = regbench("status").out
    assert "pending: tiny, 6 jobs to be chosen by tiny-sweep" in status
    (tiny,) = [each for each in regbench("status", "--json").data if each["benchmark"] == "tiny"]
    assert (tiny["jobs"], tiny["pending"], tiny["unchosen"]) == (6, 6, 6)
    with Store.open("results/regbench.db", read_only=True) as store:
        assert store.choices("tiny").empty
