"""Programs of the user's own on the command line: run, seen, explained, blessed, and judged by the gate."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.cli.conftest import Command
from tests.made.commands import program

EXAMPLE = Path(__file__).parents[2] / "docs" / "own_script"
README = Path(__file__).parents[2] / "README.md"
QUICK = """
mine:
  commands:
    steady: {python} train.py {{seed}} 1
    broken: {python} train.py {{seed}} 0
  inputs: [train.py]
  seeds: 2
"""
BODY = """
if sys.argv[2] == "0": sys.exit("no such layer")
for epoch in (1, 2, 3): write(epoch=epoch, val_rmse=abs(epoch - 2.5), test_rmse=epoch + int(sys.argv[1]), test_mae=1)
"""


def git(*words: str) -> None:
    said = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *said, *words], check=True, capture_output=True)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_program_is_a_row_like_any(regbench: Command, in_tmp: Path) -> None:
    program(in_tmp, BODY)
    (in_tmp / "benchmarks.yaml").write_text(QUICK.format(python=sys.executable))
    said = regbench("run", "mine", "--devices", "cpu")
    assert said.code == 3
    assert "mine: 2 jobs finished, 0 done before, 2 failed" in said.out
    assert said.out.count("user code  ended with exit code 1: no such layer\n") == 2
    assert "2.5000 ± 0.71" in regbench("report").out  # of epoch 2, the first of two that are as good
    assert "it ran" in regbench("why", "steady").out
    assert "2 jobs, user code: mend the method" in regbench("status").out
    assert regbench("plan", "mine", "--json").data[0]["to_train"] == 0
    program(in_tmp, f"# a comment\n{BODY}")
    assert regbench("plan", "mine", "--json").data[0]["to_train"] == 4
    stale = regbench("stale", "--why")
    assert "the command line of steady, or one of its inputs, has changed" in stale.out
    assert not list((in_tmp / "results" / "regbench.db.commands").glob("*steady*"))


def test_a_gpu_that_is_not_there_blocks_only_what_needs_it(regbench: Command, in_tmp: Path) -> None:
    (in_tmp / "benchmarks.yaml").write_text("mine:\n  command: python train.py\n  gpus: 1\n")
    said = regbench("run", "mine", "--devices", "cpu")
    assert said.code == 7
    assert "mine needs a GPU (gpus: 1), and no slot of this run has one" in said.err


@pytest.mark.slow
def test_ctrl_c_ends_a_program_with_its_children_and_the_next_run_goes_on(in_tmp: Path) -> None:
    body = """
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
state = kept / "state"
first = int(state.read_text()) if state.exists() else 1
for epoch in range(first, 4):
    write(epoch=epoch, val_rmse=epoch, test_rmse=first)
    state.write_text(str(epoch + 1))
    if epoch == 2 and first == 1:
        (Path(__file__).parent / "child").write_text(str(child.pid))
        time.sleep(600)
"""
    program(in_tmp, body)
    (in_tmp / "benchmarks.yaml").write_text(f"mine:\n  command: {sys.executable} train.py\n")
    words = [sys.executable, "-m", "regbench", "run", "mine", "--devices", "cpu"]
    with subprocess.Popen(words, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
        until = time.monotonic() + 60
        while not ((in_tmp / "child").exists() and (in_tmp / "child").read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        child = int((in_tmp / "child").read_text())
        run.send_signal(signal.SIGINT)
        run.communicate(timeout=60)
    assert run.returncode == 130
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
    again = subprocess.run(words, env=os.environ, check=True, capture_output=True, text=True)
    assert "1 job finished" in again.stdout
    table = subprocess.run([*words[:3], "report"], check=True, capture_output=True, text=True).stdout
    assert "1.0000" in table  # epoch 1, which the first attempt trained


@pytest.mark.slow
@pytest.mark.timeout(1800)  # some twenty processes in turn, each of which imports a library for learning
@pytest.mark.parametrize(
    ("row", "script", "works", "breaks"),
    [
        ("forest[leaf=5]", "fit.py", "model.predict(x), part)", "model.predict(x) + 20, part)"),
        ("network", "train.py", "* std + mean\n", "* std + mean + 20\n"),
    ],
)
def test_the_walk_of_an_engineer(
    regbench: Command, in_tmp: Path, row: str, script: str, works: str, breaks: str
) -> None:
    """Own script, run, bless; a comment is green, a break red, and its repair green again."""
    for file in EXAMPLE.iterdir():
        shutil.copy(file, in_tmp)
    path, only = in_tmp / script, ("--method", row)
    text = path.read_text()
    assert works in text
    (in_tmp / "benchmarks.yaml").write_text(
        (EXAMPLE / "benchmarks.yaml").read_text().replace("python ", f"{sys.executable} ").replace("s: 20", "s: 4")
    )
    git("init", "-q")
    (in_tmp / ".gitignore").write_text("results/\n")
    git("add", ".")
    git("commit", "-qm", "A script.")
    assert regbench("run", "diabetes", *only).code == 0
    blessed = regbench("bless", "diabetes", *only, "--reason", "It works.")
    assert blessed.code == 0, blessed.err
    path.write_text(f"{text}\n# a comment\n")
    green = regbench("gate")
    assert (green.code, green.err.count("bit for bit")) == (0, 0), green.err
    assert "replayed, bit for bit" in green.out
    assert "is not that of the baseline and gives the same numbers" in green.err
    path.write_text(text.replace(works, breaks))
    red = regbench("gate")
    assert red.code == 4, red.err
    assert f"diabetes {row} is worse by" in red.out
    path.write_text(text)
    assert regbench("gate").code == 0
    path.write_text(text.replace("parts = tables()", "parts = table()").replace("in tables()", "in table()"))
    crash = regbench("gate")
    assert crash.code == 3
    assert "NameError: name 'table' is not defined" in crash.err


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_bless_refuses_what_the_commit_does_not_have(regbench: Command, in_tmp: Path) -> None:
    program(in_tmp, BODY)
    (in_tmp / "benchmarks.yaml").write_text(QUICK.format(python=sys.executable).replace("train.py]", "train.py, data]"))
    (in_tmp / "data").mkdir()
    (in_tmp / "data" / "rows.csv").write_text("1")
    git("init", "-q")
    git("add", "train.py", "benchmarks.yaml")
    git("commit", "-qm", "A script.")
    assert regbench("run", "mine", "--devices", "cpu", "--method", "steady").code == 0
    wrong = regbench("bless", "mine", "--method", "steady", "--reason", "It works.")
    assert wrong.code == 7
    assert "cannot run steady: " in wrong.err
    assert "or have git ignore what is data" in wrong.err
    (in_tmp / ".gitignore").write_text("data/\nresults/\n")
    assert regbench("bless", "mine", "--method", "steady", "--reason", "It works.").code == 0
    program(in_tmp, BODY.replace("epoch - 2.5", "epoch - 2.6"))
    assert (
        "are of other code than the present one" in regbench("bless", "mine", "--method", "steady", "--reason", "x").err
    )
