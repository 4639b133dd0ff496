"""`plan` and `run`, from a user's benchmarks file to a finished table."""

import random
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from regbench.data.places import cache_folder
from tests.cli.conftest import Command


@pytest.fixture
def table(in_tmp: Path) -> Path:
    """A user's table of 300 rows."""
    draw = random.Random(0)
    rows = [(draw.random(), draw.random()) for _ in range(300)]
    path = in_tmp / "house.csv"
    path.write_text("size,age,price\n" + "".join(f"{a},{b},{3 * a - b}\n" for a, b in rows))
    return path


def test_a_plan_counts_jobs_and_what_is_left(regbench: Command) -> None:
    [plan] = regbench("plan", "smoke", "--devices", "cpu", "--workers", 2, "--method", "lsq", "--json").data
    assert (plan["benchmark"], plan["jobs"], plan["done"], plan["to_train"]) == ("smoke", 2, 0, 2)
    assert plan["seconds"]["low"] <= plan["seconds"]["likely"] <= plan["seconds"]["high"]
    assert not Path("results").exists()


def test_a_plan_says_what_other_code_has_trained(regbench: Command, filled: Path) -> None:
    """The made-up runs have another code digest than the present code."""
    arguments = ("plan", "smoke", "--devices", "cpu", "--workers", 2)
    said = regbench(*arguments)
    assert "0 done, 12 to train" in said.out
    assert "smoke: 11 of the jobs to train have been trained by other code than this: reports show them" in said.out
    assert regbench(*arguments, "--json").data[0]["outgrown"] == {"jobs": 11, "commits": []}


def test_a_dry_run_shows_the_plan_and_writes_nothing(regbench: Command) -> None:
    said = regbench("run", "smoke", "--epochs", 3, "--dry-run", "--devices", "cpu")
    assert said.code == 0
    assert said.out.startswith("smoke[epochs=3]: 12 jobs, 0 done, 12 to train")
    assert not Path("results").exists()


def measure_anew() -> None:
    """Plans of this test do not use what was measured in another."""
    (cache_folder() / "calibration.json").unlink(missing_ok=True)


def test_a_plan_says_what_its_time_rests_on(regbench: Command) -> None:
    measure_anew()
    assert "the time rests on a calibration of this machine" in regbench("plan", "smoke", "--devices", "cpu").out


def test_a_budget_says_what_it_leaves_out(regbench: Command) -> None:
    words = ["plan", "bridges-fixed", "--dataset", "WN", "--dataset", "DM", "--devices", "cpu", "--workers", 1]
    [whole] = regbench(*words, "--json").data
    budget = f"{int(whole['seconds']['likely'] / 3)}s"
    [part] = regbench(*words, "--budget", budget, "--json").data
    assert part["seconds"]["likely"] <= whole["seconds"]["likely"] / 3
    assert part["to_train"] + sum(part["left_out"].values()) == whole["to_train"] == 190
    assert 0 < part["left_out"]["wine_quality"] < part["left_out"]["diamonds"]
    assert "left out by the budget: " in regbench(*words, "--budget", budget).out


def test_a_budget_for_several_benchmarks_is_one_budget(regbench: Command) -> None:
    measure_anew()
    plans = regbench(
        "plan", "smoke", "bridges-fixed", "--devices", "cpu", "--workers", 1, "--budget", "5m", "--json"
    ).data
    assert sum(plan["seconds"]["likely"] for plan in plans) <= 300
    assert not plans[0]["left_out"]
    assert plans[-1]["left_out"]


def test_shards_make_up_the_benchmark(regbench: Command) -> None:
    shares = [regbench("plan", "smoke", "--devices", "cpu", "--shard", f"{i}/5", "--json").data[0] for i in range(1, 6)]
    assert sum(share["to_train"] for share in shares) == 12
    assert all(share["to_train"] for share in shares)


def test_all_plans_every_benchmark_of_the_file_the_cheapest_first(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text(
        "large:\n  extends: smoke\n  protocol: {epochs: 50}\nsmall:\n  extends: smoke\n  methods: [lsq]\n"
    )
    assert [plan["benchmark"] for plan in regbench("plan", "--all", "--devices", "cpu", "--json").data] == [
        "small",
        "large",
    ]


def test_a_users_own_table_is_trained_on_and_running_twice_trains_nothing(regbench: Command, table: Path) -> None:
    words = ["run", "smoke", "--data", table, "--target", "price", "--method", "lsq", "--method", "soft-binning"]
    words += ["--epochs", 2, "--devices", "cpu", "--workers", 1]
    said = regbench(*words)
    assert said.code == 0, said.err
    name = "smoke[data=house.csv:price@37c673,epochs=2]"
    assert said.out.startswith(f"{name}: 4 jobs finished, 0 done before")
    assert "house.csv:price@37c673: 300 rows, 2 inputs (size, age), target price; 240 train, 30 valid" in said.err
    assert re.search(r"next: .*regbench report --normalize lsq$", said.err, re.MULTILINE)
    assert regbench(*words).out.startswith(f"{name}: 0 jobs finished, 4 done before")
    rows = regbench("report", "--json").data["rows"]
    assert {(row["dataset"], row["method"]) for row in rows if row["n"] == 2} == {
        ("house.csv:price@37c673", "lsq"),
        ("house.csv:price@37c673", "soft_binning"),
    }
    assert regbench("run", name, *words[6:10], *words[12:]).out.startswith(f"{name}: 0 jobs finished, 4 done before")
    for command in (["report", "-b", name], ["compare", "lsq", "soft_binning", "-b", name], ["status", name]):
        assert regbench(*command).code == 0
    assert regbench("report", "--dataset", "house.csv").code == 0


def test_what_was_left_out_or_cut_is_said_before_training(regbench: Command) -> None:
    rows = [f"{row},{row * row % 11},{row % 7}" for row in range(60)]
    Path("own.csv").write_text("\n".join(["id,x,y", *rows]))
    words = ["plan", "smoke", "--data", "own.csv", "--target", "y", "--set", "batch_size=1024", "--method", "lsq"]
    said = regbench(*words, "--devices", "cpu", "--workers", 1).out.splitlines()
    name = said[0].partition(": ")[0]
    assert said[0] == (
        f"{name}: 60 rows, 1 input (x), target y; 48 train, 6 validation, 6 test; "
        "read as CSV, separator comma, UTF-8; left out 'id', which counts the rows; --keep-index keeps it"
    )
    assert said[1] == f"{name}: the batch size 1,024 exceeds its 48 training rows; each step uses all of them"
    [kept] = regbench(*words, "--keep-index", "--devices", "cpu", "--json").data[0]["tables"]
    assert (kept["inputs"], kept["sizes"]) == (["id", "x"], [48, 6, 6])
    assert kept["name"] != name


def test_a_table_that_is_too_small_to_be_split_is_refused_before_training(regbench: Command) -> None:
    """Also one that a file of the user's describes."""
    Path("tiny.py").write_text(TINY)
    Path("benchmarks.yaml").write_text("plugins: tiny.py\nmine:\n  extends: smoke\n  datasets: [tiny]\n")
    said = regbench("run", "mine")
    assert (said.code, said.err.splitlines()[-1]) == (
        2,
        "regbench: tiny has 5 rows; to be split it needs 6 or more",
    )


TINY = '''"""A table of five rows."""
from regbench.data import File, TabularDataset

DATASET = TabularDataset(
    alias="", columns=("x",), target="y", inputs=1, sizes=(3, 1, 1), batch_size=2, digest="sha256:0", licence="",
    url="", reference="", sources=(File(("tiny.csv",)),),
)
'''


def test_a_dataset_that_cannot_be_had_is_one_line_and_exit_code_7(
    regbench: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGBENCH_DATA", raising=False)
    said = regbench("run", "smoke", "--devices", "cpu", "--workers", 1)
    assert said.code == 7
    assert (
        len([line for line in said.err.splitlines() if line.startswith("blocked: diamonds (DM) cannot be had: ")]) == 1
    )
    assert said.out.startswith("smoke: 0 jobs finished, 0 done before, 12 blocked by missing data")
    assert said.err.endswith("regbench: no data for diamonds\n")
    assert "next:" not in said.err
    assert "blocked: diamonds (DM) cannot be had: " in regbench("status").out
    Path("benchmarks.yaml").write_text("one: {extends: smoke}\ntwo: {extends: smoke, methods: [lsq]}\n")
    assert regbench("run", "--all", "--dataset", "DM", "--k", 25, "--devices", "cpu", "--workers", 1).code == 0


def test_a_column_that_is_not_there_gets_the_nearest_name(regbench: Command, table: Path) -> None:
    said = regbench("run", "smoke", "--data", table, "--target", "prise")
    assert said.code == 2
    assert "has no column 'prise' to be the target; did you mean 'price'?" in said.err


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_says_what_was_kept(table: Path) -> None:
    words = ["run", "smoke", "--data", table, "--target", "price", "--method", "lsq"]
    words += ["--epochs", "20000", "--devices", "cpu", "--workers", "1"]
    with subprocess.Popen([sys.executable, "-m", "regbench", *words], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            next(line for line in process.stderr if "0 epochs" in line)  # of 40,000; with or without the time left
            process.send_signal(signal.SIGINT)
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == (
        "regbench: interrupted; finished results are kept in results/regbench.db, "
        "and the same command continues from there"
    )


@pytest.mark.slow
@pytest.mark.parametrize("version", ["", "0001"])
def test_a_run_fills_an_empty_file_and_upgrades_an_older_database(regbench: Command, table: Path, version: str) -> None:
    words = ["run", "smoke", "--data", table, "--target", "price", "--method", "lsq", "--seed", 0, "--epochs", 1]
    words += ["--devices", "cpu", "--workers", 1]
    place = Path("there.db")
    place.touch()
    if version:
        older_database(place, version)
    said = regbench(*words, "--db", place)
    assert said.code == 0, said.err
    assert "1 job finished" in said.out


def older_database(place: Path, version: str) -> None:
    """A database of an earlier release of regbench."""
    from alembic import command
    from sqlalchemy import create_engine

    from regbench.store.upgrade import alembic_config

    engine = create_engine(f"sqlite:///{place}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), version)
    engine.dispose()


def test_a_plan_says_in_one_line_which_rows_are_not_for_images(regbench: Command, in_tmp: Path) -> None:
    (in_tmp / "benchmarks.yaml").write_text("b: {datasets: [DM, RM], methods: [train_mean, ridge, knn]}")
    said = regbench("plan", "b", "--devices", "cpu").out
    assert said.startswith("b: 4 jobs, 0 done, 4 to train, in 4 packs")
    assert said.splitlines()[-1] == "not for images, and so not run on retinamnist: ridge, knn"
    [plan] = regbench("plan", "b", "--devices", "cpu", "--json").data
    assert plan["notes"] == ["not for images, and so not run on retinamnist: ridge, knn"]
    assert plan["uninstalled"] == {}
