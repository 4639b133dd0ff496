"""Ctrl-C while the program starts is one line and exit code 130, from the first instruction of ours on."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest

ENDED = {130, -signal.SIGINT}  # a shell shows 130 for both; Python ends by the signal if it came inside an `exec`


def wait_for_the_package(said: IO[str]) -> None:
    """Read what `-X importtime` says until the package itself has been imported, before any other module of it."""
    for line in said:
        if line.rpartition("|")[2].strip() == "regbench":
            return


@pytest.mark.slow
@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6])
@pytest.mark.parametrize("way", ["-m", "script"])
def test_ctrl_c_while_starting_is_no_traceback(in_tmp: Path, way: str, delay: float) -> None:
    script = in_tmp / "regbench"  # as pip writes it
    script.write_text("import sys\nfrom regbench.__main__ import main\nsys.exit(main())\n", encoding="utf-8")
    start = ["-m", "regbench"] if way == "-m" else [str(script)]
    with subprocess.Popen(
        [sys.executable, "-X", "importtime", *start, "plan", "bridges-fixed"], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        wait_for_the_package(process.stderr)
        time.sleep(delay)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    words = [line for line in said.splitlines() if not line.startswith("import time:")]
    assert [line for line in words if line != "regbench: planning"] == ["regbench: interrupted"]
    assert process.returncode in ENDED


@pytest.mark.slow
def test_ctrl_c_that_a_script_ignores_stays_ignored(in_tmp: Path) -> None:
    """A shell starts what runs in its background like this."""
    ours = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            [sys.executable, "-X", "importtime", "-m", "regbench", "list", "reports"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "NO_COLOR": "1"},
        )
    finally:
        signal.signal(signal.SIGINT, ours)
    with process:
        assert process.stderr
        wait_for_the_package(process.stderr)
        process.send_signal(signal.SIGINT)
        process.stderr.read()
    assert process.returncode == 0
