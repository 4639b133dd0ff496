"""A variant is reached by its printed name, and a table by its name without the digest."""

from pathlib import Path

import pytest

from regbench import config
from regbench.store import EpochRows, Finished, Store
from tests.cli.conftest import Command

METHODS = ("lsq", "soft_binning")
READING = {
    "report": ["report", "-b"],
    "compare": ["compare", *METHODS, "-b"],
    "status": ["status"],
}


@pytest.fixture
def table(in_tmp: Path) -> Path:
    rows = "\n".join(f"{number % 7},{number * number % 11},{number % 5 + number / 100}" for number in range(60))
    (in_tmp / "house.csv").write_text(f"rooms,age,price\n{rows}\n", encoding="utf-8")
    return in_tmp / "house.csv"


def store_finished(*names: str) -> None:
    """Benchmarks of these names, with the same two finished jobs."""
    jobs = [job for job in config.load().get("smoke").jobs if job.method in METHODS and job.seed == 0]
    with Store.open("results/regbench.db") as store:
        for name in names:
            store.add_benchmark(name, {}, [(job, job.method) for job in jobs])
        claims = store.claim({job.key: "c" for job in jobs}, owner="t", lease_s=60, environment={}, device="cpu")
        measured = ("val/rmse", "val/mae", "test/rmse", "test/mae")
        errors: dict[str, float] = dict.fromkeys(measured, 0.1)
        store.write([EpochRows(claim.run_id, 1, errors) for claim in claims], claims=claims)
        store.finish([Finished(claim.run_id, seconds=1.0, epochs=1) for claim in claims], claims=claims)


@pytest.mark.slow
def test_a_variant_is_reached_by_the_name_that_run_printed(regbench: Command, table: Path) -> None:
    (table.parent / "benchmarks.yaml").write_text(
        f"mine: {{datasets: [CA], methods: {list(METHODS)}, k: [25], seeds: 2}}"
    )
    words = ["run", "mine", "--data", table, "--target", "price", "--seed", 7, "--epochs", 1]
    said = regbench(*words, "--devices", "cpu", "--workers", 1)
    assert said.code == 0, said.err
    name = said.out.partition(": ")[0]
    assert name.startswith("mine[data=house.csv:price@")
    assert name.endswith(",seed=7,epochs=1]")
    regbench("run", "mine", *words[2:6], "--epochs", 1, "--method", "lsq", "--devices", "cpu", "--workers", 1)
    for command, start in READING.items():
        found = regbench(*start, name)
        assert found.code == 0, (command, found.err)
        assert name in found.out if command != "compare" else "house.csv" in found.out
    assert regbench("report", "-b", name, "--json").data["benchmark"] == name
    partly = regbench("report")  # of the last run, for which only lsq was asked
    assert "soft_binning   " not in partly.out
    assert "no finished run, and so not shown: soft_binning (k = 25)" in partly.out
    assert {line["benchmark"] for line in regbench("status", name, "--json").data} == {name}


@pytest.mark.parametrize("command", READING)
@pytest.mark.parametrize(
    "asked",
    [
        "smoke[seed=7,epochs=3]",
        "smoke[data=house.csv:price,seed=7]",
        "smoke[seed=7,data=house.csv:price@3f2a1c]",
        "smoke[data=house.csv,seed=7]",
    ],
)
def test_a_stored_variant_is_meant_without_digest_and_in_any_order(regbench: Command, command: str, asked: str) -> None:
    store_finished("smoke[epochs=3,seed=7]", "smoke[data=house.csv:price@3f2a1c,seed=7]", "smoke")
    said = regbench(*READING[command], asked)
    assert said.code == 0, said.err
    if command == "report":
        assert regbench("report", "-b", asked, "--json").data["benchmark"] in said.out


@pytest.mark.parametrize("command", READING)
def test_a_table_that_may_be_several_is_answered_with_their_names(regbench: Command, command: str) -> None:
    store_finished("smoke[data=house.csv:price@3f2a1c]", "smoke[data=house.csv:price@00aa00]")
    said = regbench(*READING[command], "smoke[data=house.csv:price]")
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        "regbench: benchmark 'smoke[data=house.csv:price]' may be smoke[data=house.csv:price@00aa00] or "
        "smoke[data=house.csv:price@3f2a1c]; write one of them\n"
    )
    assert regbench(*READING[command], "smoke[data=house.csv:price@00aa00]").code == 0
    assert regbench(*READING[command], "smoke[data=home.csv:price]").code == 2
