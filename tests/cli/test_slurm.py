"""`plan --slurm N` prints a script that a batch queue runs from the data to the merged results."""

import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command

ROOT = Path(__file__).parents[2]
SBATCH = """#!/bin/bash
# Runs what it is given at once, each task as slurmd would: from a copy of the script, with its variables.
wrap= script=
for word in "$@"; do case "$word" in --wrap=*) wrap=${word#--wrap=} ;; --*) ;; *) script=$word ;; esac; done
echo "$*" >> calls
if [ -n "$wrap" ]; then
    bash -c "$wrap" > merge.out 2>&1
    echo 102
else
    cp "$script" spooled
    for task in $(seq "$(sed -n 's/^#SBATCH --array=1-//p' "$script")"); do
        export SLURM_JOB_ID=$((1000 + task)) SLURM_ARRAY_JOB_ID=101 SLURM_ARRAY_TASK_ID=$task
        bash spooled > "task-$task.out" 2>&1
    done
    echo "101;cluster"
fi
"""


@pytest.fixture
def house(in_tmp: Path) -> Path:
    """A small table of the user's own."""
    draw = np.random.default_rng(0)
    rows = draw.random((200, 2))
    lines = [f"{a},{b},{2 * a + b}" for a, b in rows]
    Path("house.csv").write_text("\n".join(["a,b,price", *lines, ""]))
    return in_tmp / "house.csv"


OPTIONS = (
    "--data",
    "house.csv",
    "--target",
    "price",
    "--devices",
    "cpu",
    "--workers",
    "1",
    "--db",
    "out/my results.db",
)


def test_the_script_is_complete(regbench: Command, house: Path) -> None:
    said = regbench("plan", "smoke", *OPTIONS, "--method", "soft_binning[lambda_sigma=0.5]", "--slurm", "3")
    assert said.code == 0
    Path("array.sh").write_text(said.out)
    subprocess.run(["bash", "-n", "array.sh"], check=True)
    for line in (
        "#SBATCH --array=1-3",
        "#SBATCH --signal=B:USR1@180",
        "#SBATCH --requeue",
        "#SBATCH --cpus-per-task=1",
        '#SBATCH --output="out/my results-%A_%a.out"',
        "export REGBENCH_OFFLINE=1 # nodes may have no network; the data are in the cache",
    ):
        assert line in said.out.splitlines()
    (run,) = re.findall(r"^.* run smoke .*(?= &$)", said.out, re.MULTILINE)
    words = shlex.split(run)
    assert words[words.index("--method") + 1] == "soft_binning[lambda_sigma=0.5]"
    assert words[-4:] == ["--shard", "$SLURM_ARRAY_TASK_ID/3", "--db", "$db"]
    assert not re.search(r"@[A-Z]+@", said.out)


def test_the_time_is_that_of_the_longest_shard(regbench: Command) -> None:
    one, four = (
        regbench("plan", "bridges-fixed", "--dataset", "CA", "--devices", "cpu", "--slurm", count, "--json").data
        for count in (1, 4)
    )
    assert one["jobs"] == four["jobs"]
    assert one["likely_s"] / 4 < four["likely_s"] < one["likely_s"] / 3
    assert four["limit_s"] >= four["high_s"] + 600
    assert re.search(" data fetch cpu_act", four["script"])


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--slurm", "2", "--shard", "1/2"], "--slurm makes the shards itself: leave out --shard"),
        (["--slurm", "0"], "greater than or equal to 1"),
        (["--slurm", "2", "--db", "postgresql://me@host/results"], "share its work without shards"),
    ],
)
def test_what_makes_no_sense_together_is_one_line(regbench: Command, options: list[str], complaint: str) -> None:
    said = regbench("plan", "smoke", "--devices", "cpu", *options)
    assert (said.code, said.out) == (2, "")
    assert complaint in said.err


@pytest.fixture
def queue(in_tmp: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.Popen[str]]:
    """Runs a script where the programs of a batch queue are the stand-ins; regbench starts as `python -m regbench`."""
    programs = in_tmp / "programs"
    programs.mkdir()
    for name, text in {"sbatch": SBATCH, "scontrol": '#!/bin/bash\necho "$*" >> controls\n'}.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    (programs / "regbench").write_text(f'#!/bin/bash\nexec {sys.executable} -m regbench "$@"\n')
    (programs / "regbench").chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))

    def run(*command: str, **variables: str) -> subprocess.Popen[str]:
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables})

    return run


@pytest.mark.slow
def test_the_queue_runs_it_to_the_merged_results(
    regbench: Command, house: Path, queue: Callable[..., subprocess.Popen[str]]
) -> None:
    some = (*OPTIONS, "--epochs", "2", "--method", "lsq", "--method", "soft_binning")
    regbench("run", "smoke", *some, "--seed", "0")  # two jobs are done before
    Path("array.sh").write_text(regbench("plan", "smoke", *some, "--slurm", "2").out)
    told, _ = queue("bash", "array.sh").communicate()
    assert told.strip() == "submitted: array job 101, and job 102, which merges its results into out/my results.db"
    assert "--dependency=afterany:101" in Path("calls").read_text()
    shards = [regbench("status", "--db", f"out/my results.shard-{task}.db", "--json").data for task in (1, 2)]
    whole = regbench("status", "--db", "out/my results.db", "--json").data
    jobs = [sum(each["done"] for each in found) for found in (*shards, whole)]
    assert jobs[2] == len(regbench("runs", "--db", "out/my results.db", "--json").data["runs"]) == 4
    assert jobs[0] + jobs[1] == 4 + 2  # both got what was done before
    assert not Path("controls").exists()


@pytest.mark.slow
def test_a_task_whose_time_is_over_writes_and_is_queued_again_and_goes_on(
    regbench: Command, house: Path, queue: Callable[..., subprocess.Popen[str]]
) -> None:
    some = (*OPTIONS, "--epochs", "3000", "--method", "lsq")
    Path("array.sh").write_text(regbench("plan", "smoke", *some, "--slurm", "1").out)
    about = {"SLURM_JOB_ID": "7", "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "1", "REGBENCH_SCRATCH": "1"}
    about |= {"REGBENCH_WRITE_EVERY": "0.5"}
    Path("out").mkdir()
    shard = Path("out", "my results.shard-1.db")
    task = queue("bash", "array.sh", **about)
    begun = "SELECT count(*) FROM metric"
    while not (at_work := _at_work(shard)) or not _count(at_work[0], begun):
        assert task.poll() is None
        time.sleep(0.1)
    task.send_signal(signal.SIGUSR1)
    task.communicate()
    assert task.returncode == 130
    assert Path("controls").read_text() == "requeue 7_1\n"
    states = {run["status"] for run in regbench("runs", "--db", shard, "--json").data["runs"]}
    assert states == {"interrupted"}
    assert not Path(f"{shard}.lock").exists()
    before = _count(shard, begun)
    assert before > 0
    again = queue("bash", "array.sh", **about, SLURM_RESTART_COUNT="1")
    while not (at_work := _at_work(shard)) or _count(at_work[0], begun) <= before:
        assert again.poll() is None
        time.sleep(0.1)
    again.send_signal(signal.SIGTERM)  # cancelled: it writes, and is not queued again
    again.communicate()
    assert again.returncode == 130
    assert Path("controls").read_text() == "requeue 7_1\n"
    runs = regbench("runs", "--db", shard, "--json").data["runs"]
    assert {run["resumed"] for run in runs} == {1}


def _at_work(shard: Path) -> list[Path]:
    """The database of a shard in scratch."""
    scratch = Path(os.environ.get("TMPDIR", "/tmp"))
    return list(scratch.glob(f"regbench-scratch-{shard.stem}-*/{shard.name}"))


def _count(path: Path, query: str) -> int:
    try:
        with closing(sqlite3.connect(f"file:{path.absolute()}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchone()[0]
    except sqlite3.OperationalError:  # it is being made
        return 0
