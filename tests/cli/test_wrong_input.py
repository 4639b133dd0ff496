"""Misspelt or impossible input gives one line and the right exit code."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command

WRONG = {
    "a command": (["reprot"], "no such command 'reprot'; did you mean 'report'? Try `regbench --help`"),
    "a command of a group": (
        ["data", "lits"],
        "no such command 'lits'; did you mean 'list'? Try `regbench data --help`",
    ),
    "an option": (
        ["report", "--metrc", "mae"],
        "no such option: --metrc; did you mean '--metric'? Try `regbench report --help`",
    ),
    "a value": (["run", "smoke", "--k", "many"], "--k many: must be a whole number"),
    "a benchmark": (["run", "smok"], "no benchmark called 'smok'; did you mean 'smoke'?"),
    "a dataset": (
        ["run", "smoke", "--dataset", "diamnds"],
        "--dataset: no dataset called 'diamnds'; did you mean 'diamonds'?",
    ),
    "a method": (
        ["run", "smoke", "--method", "soft_bining"],
        "--method: no method called 'soft_bining'; did you mean 'soft_binning'?",
    ),
    "a method that nobody timed": (
        ["bench", "--method", "coral"],
        "coral: only methods with a plain PyTorch loop are timed: lsq, lsq_softmax, hard_binning, soft_binning",
    ),
    "a field": (
        ["run", "smoke", "--set", "epoch=3"],
        "smoke, protocol: no field called 'epoch'; did you mean 'epochs'?",
    ),
    "no value for a field": (["run", "smoke", "--set", "epochs"], "--set epochs: write FIELD=VALUE"),
    "one bin": (["run", "smoke", "--k", "1"], "--k 1: must be a whole number from 2"),
    "no epochs": (
        ["run", "smoke", "--epochs", "0"],
        "--epochs 0: must be a whole number from 1 to 1,000,000",
    ),
    "no workers": (["plan", "smoke", "--workers", "0"], "--workers 0: at least 1 is needed"),
    "a budget": (["plan", "smoke", "--budget", "soon"], "--budget soon: write a time such as 90s, 30m, 2h or 1h30m"),
    "a budget with an unknown unit": (["run", "smoke", "--budget", "5x"], "--budget 5x: write a time such as 90s"),
    "a budget without end": (["run", "smoke", "--budget", "9" * 400 + "d"], "must be at most 3650 days"),
    "a shard with a huge number": (["plan", "smoke", "--shard", "1/" + "9" * 5000], "write i/n with i from 1 to n"),
    "too many workers": (["plan", "smoke", "--workers", "99999"], "--workers 99999: at most 1024 can be started"),
    "a rope that is no number": (["compare", "lsq", "end2end", "--rope", "nan"], "--rope nan: must be from 0 to 1000"),
    "a rope without end": (["compare", "lsq", "end2end", "--rope", "inf"], "--rope inf: must be from 0 to 1000"),
    "a level that is no number": (["compare", "lsq", "end2end", "--level", "nan"], "--level nan: must be between 0"),
    "a fraction that is no number": (
        ["run", "smoke", "--verify-packing", "nan"],
        "--verify-packing nan: write a fract",
    ),
    "a rate without end": (["run", "smoke", "--set", "learning_rate=.inf"], "learning_rate: must be a finite number"),
    "a rate that means nothing": (
        ["run", "smoke", "--set", "learning_rate=1e30"],
        "learning_rate: must be less than or equal to 1000000000, not 1e+30",
    ),
    "a division that is no number": (
        ["run", "smoke", "--set", "final_division=.nan"],
        "final_division: must be a finite number, not nan",
    ),
    "a hyper-parameter that means nothing": (
        ["run", "smoke", "--method", "soft_binning[lambda_sigma=1e300]"],
        "--method: lambda_sigma must be from -1e+09 to 1e+09, not 1e+300",
    ),
    "a hyper-parameter that is no number": (
        ["run", "smoke", "--method", "soft_binning[lambda_sigma=nan]"],
        "--method: lambda_sigma must be a finite number, not 'nan'",
    ),
    "a hyper-parameter with too many digits": (
        ["run", "smoke", "--method", "random_forest[trees=" + "9" * 5000 + "]"],
        "--method: trees has more than 40 digits",
    ),
    "a setting with too many digits": (
        ["run", "smoke", "--set", "batch_size=" + "9" * 5000],
        "is no value: a value cannot be read",
    ),
    "a shard": (["run", "smoke", "--shard", "4/3"], "--shard 4/3: write i/n with i from 1 to n, such as 1/3"),
    "a device": (["plan", "smoke", "--devices", "gpu"], "'gpu' is not a device; write cpu, cuda or cuda:0,cuda:1"),
    "all and a name": (["run", "smoke", "--all"], "--all means every benchmark; leave out smoke, or --all"),
    "data without a target": (["run", "smoke", "--data", "x.csv"], "--data FILE and --target COLUMN go together"),
    "data that is not there": (["run", "smoke", "--data", "x.csv", "--target", "y"], "x.csv"),
    "a kind": (["list", "methds"], "no kind of thing called 'methds'; did you mean 'methods'?"),
    "a report": (["report", "figre3"], "no report called 'figre3'; did you mean 'figure3'?"),
    "a dataset to fetch": (["data", "fetch", "diamnds"], "no dataset called 'diamnds'; did you mean 'diamonds'?"),
    "a dataset to verify": (["data", "verify", "elevator"], "no dataset called 'elevator'; did you mean 'elevators'?"),
    "the paper beside another report": (
        ["report", "curves", "--paper"],
        "--paper: the paper's own numbers are shown by figure3, figure4, table2",
    ),
    "a level": (["compare", "lsq", "end2end", "--level", "95"], "--level 95.0: must be between 0 and 1, such as 0.95"),
    "a file of benchmarks": (["run", "smoke", "--file", "none.yaml"], "there is no file none.yaml"),
    "a folder to import": (["db", "import", "none"], "there is no folder none; `regbench db export FOLDER` writes one"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_misspelt_gets_one_line_and_exit_code_2(regbench: Command, what: str) -> None:
    arguments, message = WRONG[what]
    said = regbench(*arguments)
    assert (said.code, said.out) == (2, "")
    lines = [line for line in said.err.splitlines() if line != "regbench: planning"]
    assert len(lines) == 1, said.err
    assert lines[0].startswith("regbench: ")
    assert message in lines[0]


ABSURD = {
    "--epochs": ["0", "-1", "1000001", "9" * 400],
    "--k": ["1", "-3", "100001", "nan", "9" * 5000, "9-3"],
    "--seed": ["-1", "inf", str(2**63), "0-10000", "9" * 5000],
}


@pytest.mark.parametrize(("option", "value"), [(option, value) for option in ABSURD for value in ABSURD[option]])
def test_an_absurd_number_is_refused_while_options_are_read(regbench: Command, option: str, value: str) -> None:
    """Before anything is read or planned: a file that is not there is not even missed."""
    said = regbench("plan", "smoke", "--file", "nowhere.yaml", "--db", "nowhere/none.db", option, value)
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"regbench: {option} {value}: must be a whole number from ")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize("command", [["report"], ["compare", "lsq", "end2end"]])
def test_an_absurd_k_is_refused_before_the_database_is_missed(regbench: Command, command: list[str]) -> None:
    said = regbench(*command, "--k", "1")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "--k 1: must be a whole number from 2 to 100000" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "smoke", "--data", "{}", "--target", "y"],
        ["run", "smoke", "--db", "{}", "--devices", "cpu", "--workers", "1"],
        ["plan", "smoke", "--db", "sqlite:///{}"],
        ["plan", "smoke", "--method", "{}.py"],
        ["list", "methods", "--plugins", "{}"],
        ["verify", "{}.yaml"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("path", ["loop", "~nobody-at-all/file"])
def test_a_path_that_leads_nowhere_is_one_line(regbench: Command, arguments: list[str], path: str) -> None:
    for name in ("loop", "loop.py", "loop.yaml"):
        Path(name).symlink_to(name)
    said = regbench(*(word.format(path) for word in arguments))
    assert (said.code, said.out) == (2, ""), said.err
    assert "Traceback" not in said.err
    assert path in said.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("REGBENCH_WRITE_EVERY", "abc", "REGBENCH_WRITE_EVERY=abc: must be a number of seconds, such as 10"),
        ("REGBENCH_WRITE_EVERY", "-1", "REGBENCH_WRITE_EVERY=-1: must be a number of seconds"),
        ("REGBENCH_WRITE_EVERY", "nan", "REGBENCH_WRITE_EVERY=nan: must be a number of seconds"),
        ("REGBENCH_PATIENCE", "inf", "REGBENCH_PATIENCE=inf: must be a number of seconds"),
        ("REGBENCH_HANGS_AFTER", "1h", "REGBENCH_HANGS_AFTER=1h: must be a number of seconds"),
        ("REGBENCH_OFFLINE", "maybe", "REGBENCH_OFFLINE=maybe: must be 1 or 0"),
        ("REGBENCH_NATIVE", "maybe", "REGBENCH_NATIVE=maybe: must be 1 or 0"),
        ("REGBENCH_CACHE", "loop", "REGBENCH_CACHE=loop: Too many levels of symbolic links"),
        ("REGBENCH_CACHE", "file", "REGBENCH_CACHE=file: it is no folder"),
        ("REGBENCH_DATA", "~nobody-at-all/x", "REGBENCH_DATA=~nobody-at-all/x: there is no such home folder"),
        ("REGBENCH_DATA", "none", "REGBENCH_DATA=none: there is no such folder"),
        ("REGBENCH_WORKERS", "abc", "REGBENCH_WORKERS"),
        ("REGBENCH_DEVICES", "gpu", "'gpu' is not a device"),
        ("REGBENCH_FILE", "loop", "loop cannot be read"),
        ("REGBENCH_PLUGINS", "loop", "regbench: REGBENCH_PLUGINS loop: Too many levels of symbolic links"),
    ],
)
def test_a_wrong_variable_is_wrong_usage(
    regbench: Command, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    Path("loop").symlink_to("loop")
    Path("file").touch()
    monkeypatch.setenv(variable, value)
    said = regbench("plan", "smoke", "--method", "lsq")
    assert (said.code, said.out) == (2, "")
    [line] = [line for line in said.err.splitlines() if line != "regbench: planning"]
    assert message in line


def test_a_wrong_benchmarks_file_is_answered_with_file_line_and_entry(regbench: Command) -> None:
    Path("benchmarks.yaml").write_text("mine:\n  extends: smoke\n  methods:\n    - lsq\n    - soft_bining\n")
    said = regbench("run", "mine")
    assert said.code == 2
    assert said.err == (
        "regbench: benchmarks.yaml:5, mine.methods[1]: no method called 'soft_bining'; did you mean 'soft_binning'?\n"
    )


def test_run_without_a_name_lists_the_benchmarks(regbench: Command) -> None:
    said = regbench("run")
    assert (said.code, said.out) == (2, "")
    assert "smoke" in said.err
    assert re.search(r"bridges-fixed +760 +8 +100", said.err)


@pytest.mark.parametrize("arguments", [["status"], ["report"], ["compare", "lsq", "end2end"], ["db", "export", "out"]])
def test_without_a_database_the_command_that_makes_one_is_named(regbench: Command, arguments: list[str]) -> None:
    said = regbench(*arguments)
    assert (said.code, said.out) == (6, "")
    assert said.err.startswith("regbench: there is no database results/regbench.db yet; `regbench run smoke` makes one")
    assert not Path("results").exists()


@pytest.mark.parametrize("arguments", [["status"], ["report"], ["plan", "smoke"], ["run", "smoke", "--devices", "cpu"]])
def test_a_file_that_is_no_database_is_refused_and_left_alone(regbench: Command, arguments: list[str]) -> None:
    Path("notes.txt").write_text("these are my notes, not a database, and they are long enough to be looked at")
    before = Path("notes.txt").read_bytes()
    said = regbench(*arguments, "--db", "notes.txt")
    assert (said.code, said.out) == (7, "")
    assert "it is not a database" in said.err.splitlines()[-1]
    assert Path("notes.txt").read_bytes() == before


def test_an_unknown_benchmark_of_the_database_gets_the_nearest_name(regbench: Command, filled: Path) -> None:
    for arguments in (["status", "smke"], ["report", "-b", "smke"], ["compare", "lsq", "end2end", "-b", "smke"]):
        said = regbench(*arguments)
        assert said.code == 2
        assert "no benchmark called 'smke'; did you mean 'smoke'?" in said.err


def test_a_bug_keeps_its_traceback(regbench: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only expected errors become one line: here the list of kinds is broken unexpectedly."""
    monkeypatch.setattr("regbench.cli.listing.KINDS", None)
    with pytest.raises(TypeError):
        regbench("list", "methods")


def test_a_reader_that_stops_reading_is_no_error() -> None:
    """`regbench list methods | head -0`: the pipe is closed before anything is written."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "regbench", "list", "methods"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")
