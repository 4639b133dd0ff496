"""Trouble with the machine during a run of real processes: it goes on, or says what is kept, and loses nothing."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest

from tests.runner.conftest import with_constants
from tests.runner.work.test_run import FINISHED, finished_once

pytestmark = pytest.mark.slow

CHECKPOINT = "SELECT COUNT(*) FROM checkpoint WHERE epoch > 5"
STATUSES = "SELECT DISTINCT status FROM run"
WATCHFUL = with_constants("runner/work/watch.py", LOOK_EVERY_S=1.0, STOPPED_S=3.0, TERM_S=3.0)
BUSY_S = 3.0  # SQLite itself waits for so long, instead of 30 s

HANGS_ONCE = '''"""A method whose first stage hangs, the first time."""
import time
from pathlib import Path

from regbench.methods import lsq
from regbench.types import Method


def init(*arguments):
    if not Path("tried").exists():
        Path("tried").touch()
        time.sleep(10_000)
    return lsq.METHOD.init(*arguments)


METHOD = Method(
    outputs=lsq.METHOD.outputs, init=init, loss=lsq.METHOD.loss, predict=lsq.METHOD.predict, uses_k=False, reference=""
)
'''

TOO_LARGE = '''"""A method that needs more memory than any machine has."""
import torch

from regbench.methods import lsq
from regbench.types import Method


def loss(params, batch, hparams):
    return lsq.METHOD.loss(params, batch, hparams) + torch.empty(2**50).sum()


METHOD = Method(
    outputs=lsq.METHOD.outputs, init=lsq.METHOD.init, loss=loss, predict=lsq.METHOD.predict, uses_k=False, reference=""
)
'''


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Epochs are written as they come."""
    monkeypatch.setenv("REGBENCH_WRITE_EVERY", "0.1")


def wait_until(is_so, seconds=60.0):
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_worker_that_is_stopped_is_ended_and_its_run_goes_on_in_another(project, monkeypatch):
    monkeypatch.setenv("REGBENCH_HANGS_AFTER", "20")
    tiny = project(["lsq"], seeds=2, epochs=300, rows=2000, add=WATCHFUL)
    process = tiny.start()
    tiny.wait_for(CHECKPOINT)
    (worker,) = tiny.workers()
    os.kill(worker, signal.SIGSTOP)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert err.count("its worker hangs (its process has been stopped for") == 1
    assert finished_once(tiny)
    assert tiny.ask("SELECT COUNT(*) FROM run WHERE resumed IS NULL") == [(0,)]


def test_a_first_stage_that_hangs_is_noticed_and_tried_again(project, monkeypatch):
    monkeypatch.setenv("REGBENCH_HANGS_AFTER", "20")
    tiny = project(["hangs"], epochs=3, add={"methods/hangs.py": HANGS_ONCE, **WATCHFUL})
    process = tiny.start()
    _, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "its worker hangs (no epoch in 0 minutes, where" in err
    assert finished_once(tiny)


def test_a_database_that_is_locked_for_a_while_is_waited_for_and_no_run_fails_or_begins_again(project):
    brief = with_constants("store/engine.py", BUSY_S=BUSY_S)
    tiny = project(["lsq"], seeds=2, epochs=300, rows=2000, add=brief)
    process = tiny.start()
    tiny.wait_for(CHECKPOINT)
    with contextlib.closing(sqlite3.connect(tiny.db, timeout=30, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(3 * BUSY_S)
        other.execute("ROLLBACK")
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err.count("waiting for up to 10 minutes") == 1
    assert "another process has kept it locked" in err
    assert finished_once(tiny)
    assert tiny.ask("SELECT COUNT(*) FROM run WHERE resumed IS NOT NULL") == [(0,)]
    assert tiny.ask(STATUSES) == [("finished",)]


@pytest.fixture
def small_disk(tmp_path):
    """A separate file system for results; gives a function that fills it."""
    folder = tmp_path / "results"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    size = ["-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    if subprocess.run([mount, *size], check=False, capture_output=True).returncode:
        pytest.skip("cannot mount a small file system")

    def fill():
        with contextlib.suppress(OSError), (folder / "ballast").open("wb", buffering=0) as ballast:
            while True:
                ballast.write(bytes(4096))

    yield fill
    subprocess.run(["umount", folder], check=True)


def test_runs_go_on_from_their_last_epochs_once_a_full_disk_has_space_again(project, small_disk, monkeypatch):
    monkeypatch.setenv("REGBENCH_PATIENCE", "3")
    tiny = project(["lsq"], seeds=2, epochs=300, rows=2000)
    process = tiny.start()
    tiny.wait_for(CHECKPOINT)
    small_disk()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 7, err
    assert "waiting for up to 3 seconds" in err
    assert "Traceback" not in err
    assert "what was written is kept" in err.splitlines()[-1]
    assert "failed" not in [status for (status,) in tiny.ask(STATUSES)]
    kept = dict(tiny.ask("SELECT run_id, MAX(epoch) FROM metric GROUP BY run_id"))
    (tiny.db.parent / "ballast").unlink()
    again = tiny.run()
    assert again.returncode == 0, again.stderr
    assert finished_once(tiny)
    assert len(kept) == 2
    for run, epoch in kept.items():
        assert tiny.ask(f"SELECT resumed LIKE '%\"epoch\":{epoch},%' FROM run WHERE id = {run}") == [(1,)]


def test_a_full_disk_that_has_space_again_in_time_only_delays_a_run(project, small_disk):
    tiny = project(["lsq"], seeds=2, epochs=300, rows=2000)
    process = tiny.start()
    tiny.wait_for(CHECKPOINT)
    small_disk()
    time.sleep(3.0)
    (tiny.db.parent / "ballast").unlink()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert err.count("waiting for up to 10 minutes") == 1
    assert finished_once(tiny)
    assert tiny.ask("SELECT COUNT(*) FROM run WHERE resumed IS NOT NULL") == [(0,)]


def test_a_job_that_fits_into_no_memory_is_set_aside_and_the_others_are_trained(project):
    tiny = project(["lsq", "too_large", "hard_binning"], seeds=2, add={"methods/too_large.py": TOO_LARGE})
    said = tiny.run()
    assert said.returncode == 3, said.stderr
    assert tiny.ask(FINISHED) == [(4,)]
    failed = "SELECT DISTINCT j.method, r.failure_class FROM run r JOIN job j ON j.id = r.job_id WHERE r.status = '{}'"
    assert tiny.ask(failed.format("failed")) == [("too_large", "resources")]
    assert "4 jobs finished, 0 done before, 2 failed" in said.stdout
    assert "2 jobs failed" in said.stderr
    assert "allocate memory" in said.stderr


def test_a_driver_that_lost_its_lease_while_it_waited_drops_its_pack_and_doubles_nothing(project):
    """Both train the jobs for a moment: the one that comes back finds its writes refused."""
    tiny = project(["lsq"], seeds=2, epochs=300, rows=2000)
    one = tiny.start()
    tiny.wait_for(CHECKPOINT)
    (slow,) = tiny.workers()
    os.kill(slow, signal.SIGSTOP)
    with contextlib.closing(sqlite3.connect(tiny.db, timeout=30)) as connection:  # as after two minutes of silence
        connection.execute("UPDATE job SET lease_until = 1")
        connection.commit()
    two = tiny.start()
    tiny.wait_for("SELECT MIN(lease_token) > 1 FROM job")
    tokens = tiny.ask("SELECT lease_token FROM job")
    (fast,) = tiny.workers()
    assert fast != slow
    os.kill(slow, signal.SIGCONT)
    for process in (one, two):
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert tiny.ask("SELECT lease_token FROM job") == tokens  # nobody took them back
    assert finished_once(tiny)
    assert tiny.ask("SELECT COUNT(*), SUM(resumed IS NOT NULL) FROM run") == [(2, 2)]
