"""The second paper's benchmark of photographs on generated pictures in the same layout, in real processes."""

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

import regbench
from tests.made import faces
from tests.runner.conftest import kill, kill_run

BENCHMARK = """
tiny-faces:
  description: The recipe of tightness-agedb on generated pictures.
  extends: tightness-agedb
  datasets: [faces]
  methods: [l1, l1+multi_target]
  seeds: 1
  protocol: {epochs: 40, batch_size: 8, milestones: [20, 30]}
  backbones: {resnet50: {width: 4, layers: 1-1}}
"""
CURVES = """
    SELECT j.method, j.key, m.name, m.epoch, m.value
    FROM metric m JOIN run r ON r.id = m.run_id JOIN job j ON j.id = r.job_id
    WHERE r.status = 'finished' AND m.name NOT LIKE '%seconds%' ORDER BY 1, 2, 3, 4
"""


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "regbench", *arguments]


def ask(db: Path, query: str) -> list[tuple]:
    with contextlib.closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.slow
def test_it_is_blocked_trained_killed_resumed_and_reported(tmp_path, monkeypatch):
    made = faces.make(tmp_path / "mine")
    (tmp_path / "plug").mkdir()
    (tmp_path / "plug" / "faces.py").write_text(made.plugin)
    (tmp_path / "benchmarks.yaml").write_text(BENCHMARK)
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "PYTHONPATH": str(Path(regbench.__file__).parents[1]),
        "REGBENCH_PLUGINS": str(tmp_path / "plug"),
        "REGBENCH_WRITE_EVERY": "0.05",
        "OMP_NUM_THREADS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    db = tmp_path / "results" / "regbench.db"
    training = command("run", "tiny-faces", "--devices", "cpu", "--workers", "1")

    blocked = subprocess.run(training, capture_output=True, text=True, check=False)
    assert blocked.returncode == 7
    assert "blocked: faces (FACES) is not here: generated for a test, then run `regbench data import faces FOLDER`" in (
        blocked.stderr
    )
    subprocess.run(command("data", "import", "faces", "mine"), check=True)

    process = subprocess.Popen(training, text=True, start_new_session=True, stdout=-1, stderr=-1)
    until = time.monotonic() + 100
    while time.monotonic() < until:
        with contextlib.suppress(sqlite3.OperationalError):
            if db.exists() and ask(db, "SELECT COUNT(*) FROM checkpoint")[0][0]:
                break
        time.sleep(0.05)
    owners = ask(db, "SELECT DISTINCT lease_owner FROM job WHERE lease_owner IS NOT NULL")
    kill_run(process)
    for (owner,) in owners:
        kill(int(owner.split("|")[1]))
    subprocess.run(training, check=True)
    assert ask(db, "SELECT COUNT(*) FROM run WHERE resumed IS NOT NULL") == [(2,)]
    resumed = ask(db, CURVES)
    assert {"val/mae", "test/many/mae", "test/few/gme"} <= {name for _, _, name, _, _ in resumed}

    said = subprocess.run(command("report", "--metric", "few/mae"), capture_output=True, text=True, check=True)
    assert "MAE, few" in said.stdout
    db.rename(tmp_path / "resumed.db")
    subprocess.run(training, env={**os.environ, "REGBENCH_WRITE_EVERY": "10"}, check=True)
    assert ask(db, CURVES) == resumed
