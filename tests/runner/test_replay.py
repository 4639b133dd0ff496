"""`regbench replay` of a run of real processes, on a table of the user's own."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.runner.conftest import ProjectMaker


@pytest.mark.slow
def test_a_run_is_replayed_by_real_processes_and_a_changed_number_exits_8(project: ProjectMaker) -> None:
    tiny = project(["lsq", "soft_binning"], seeds=1)
    assert tiny.run().returncode == 0

    def replay(*words: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "regbench", "replay", *words, "--devices", "cpu", "--workers", "1"]
        return subprocess.run(command, cwd=tiny.folder, capture_output=True, text=True, check=False)

    said = replay("--sample", "2", "--budget", "10m")
    assert said.returncode == 0, said.stderr
    assert "training 2 jobs again of 2 finished ones, drawn by --draw 0" in said.stderr
    assert said.stdout.count("exact ") == 2
    assert said.stdout.splitlines()[-1] == "2 jobs replayed: 2 the same to the last bit"
    with closing(sqlite3.connect(tiny.db)) as connection:
        connection.execute("UPDATE metric SET value = value + 1e-9 WHERE name = 'val/rmse' AND epoch = 2")
        connection.commit()
    said = replay("lsq", "--json")
    assert said.returncode == 8
    (job,) = json.loads(said.stdout)["data"]["jobs"]
    assert (job["verdict"], job["compared"]["first"]["name"]) == ("differs", "val/rmse")
    assert "1 of 1 replayed differ from what is stored" in said.stderr
