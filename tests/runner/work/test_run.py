"""Runs with real processes that are really killed: the database loses nothing and repeats nothing."""

import contextlib
import os
import signal
import sqlite3
import time
from pathlib import Path

import pytest

from regbench import metrics
from tests.runner.conftest import kill, kill_run

FINISHED = "SELECT COUNT(*) FROM run WHERE status = 'finished'"
SIX = ["lsq", "lsq_softmax", "hard_binning", "soft_binning", "pretrained_encoder", "end2end"]
LONG = 100_000  # epochs nobody waits for

RAISES = '''"""A method that raises."""
from regbench.methods import lsq
from regbench.types import Method


def loss(params, batch, hparams):
    raise {error}


METHOD = Method(
    outputs=lsq.METHOD.outputs, init=lsq.METHOD.init, loss=loss, predict=lsq.METHOD.predict, uses_k=False, reference=""
)
'''


def finished_once(project):
    """Every job has exactly one finished run; a run has one row of each metric per epoch.

    It has one row of stage 1, and one of each error on seen or unseen rows.
    """
    runs = project.ask("SELECT job_id, COUNT(*) FROM run WHERE status = 'finished' GROUP BY job_id")
    (jobs,) = project.ask("SELECT COUNT(*) FROM job")[0]
    single = "m.name = 'stage1/seconds' OR m.name LIKE '%seen/%'"
    rows = project.ask(
        f"SELECT COUNT(DISTINCT m.epoch), CASE WHEN {single} THEN 1 ELSE r.epochs END FROM run r "
        "JOIN metric m ON m.run_id = r.id WHERE r.status = 'finished' GROUP BY r.id, m.name, r.epochs"
    )
    return len(runs) == jobs and all(n == 1 for _, n in runs) and all(n == epochs for n, epochs in rows)


def test_a_run_trains_everything_and_running_again_trains_nothing(project):
    tiny = project(SIX, seeds=2)
    first = tiny.run()
    assert first.returncode == 0, first.stderr
    assert finished_once(tiny)
    names = {name for (name,) in tiny.ask("SELECT DISTINCT name FROM metric")}
    diagnostics = {"encoder/entropy", "encoder/rmse", "decoder/spread", "stage1/seconds"}
    scores = {"crps", "coverage", *metrics.needing("predictions")}
    recorded = {f"{part}/{name}" for part in ("val", "test") for name in scores}
    on_rows = {f"{part}/unseen/{name}" for part in ("val", "test") for name in metrics.USUAL}
    assert names == {"train/loss", "seconds"} | diagnostics | recorded | on_rows
    once = "SELECT COUNT(*), COUNT(DISTINCT run_id), MAX(epoch) FROM metric WHERE name = 'stage1/seconds'"
    assert tiny.ask(once) == [(12, 12, 0)]
    learnt = tiny.ask(
        "SELECT j.method, p.name, COUNT(*) FROM parameter p JOIN run r ON r.id = p.run_id "
        "JOIN job j ON j.id = r.job_id GROUP BY 1, 2 ORDER BY 1, 2"
    )
    affine = ("mu", "w_bias", "w_lin")
    assert learnt == [
        *[("end2end", name, 2) for name in affine],
        ("hard_binning", "centres", 2),
        ("lsq_softmax", "mu", 2),
        *[("pretrained_encoder", name, 2) for name in affine],
        ("soft_binning", "centres", 2),
        ("soft_binning", "sigma", 2),
    ]
    (predictions,) = tiny.ask("SELECT COUNT(*) FROM prediction")[0]
    assert predictions == 2 * 12
    assert tiny.ask("SELECT source FROM dataset") == [(str(tiny.folder / "table.csv"),)]
    before = tiny.ask("SELECT id, started FROM run")
    again = tiny.run()
    assert again.returncode == 0
    assert "nothing to train" in again.stderr
    assert tiny.ask("SELECT id, started FROM run") == before


@pytest.mark.slow
def test_kill_9_of_the_run_and_starting_again_finishes_without_training_a_finished_job_twice(project):
    tiny = project(["lsq", "hard_binning"], seeds=6, epochs=40, rows=2000)
    process = tiny.start("--workers", "2")
    tiny.wait_for(FINISHED)
    workers = tiny.workers()
    kill_run(process)
    for worker in workers:
        kill(worker)
    kept = set(tiny.ask("SELECT job_id, id FROM run WHERE status = 'finished'"))
    again = tiny.run("--workers", "2")
    assert again.returncode == 0, again.stderr
    assert finished_once(tiny)
    assert kept <= set(tiny.ask("SELECT job_id, id FROM run WHERE status = 'finished'"))


@pytest.mark.slow
def test_workers_that_lose_their_run_stop_and_the_next_run_takes_their_jobs_over(project):
    """After kill -9 of the run alone its workers end, and no leases have to run out."""
    tiny = project(["lsq"], seeds=2, epochs=LONG)
    process = tiny.start()
    tiny.wait_for("SELECT COUNT(*) FROM job WHERE lease_owner IS NOT NULL")
    kill_run(process)
    tiny.wait_for("SELECT COUNT(*) = 0 FROM run WHERE status = 'running'")
    assert {status for (status,) in tiny.ask("SELECT status FROM run")} == {"interrupted"}


@pytest.mark.slow
def test_a_database_that_is_deleted_meanwhile_is_put_back_and_the_run_goes_on(project):
    tiny = project(["lsq"], seeds=2, epochs=40, rows=2000)
    process = tiny.start("--workers", "2")
    tiny.wait_for("SELECT COUNT(*) FROM metric")
    for each in tiny.db.parent.glob("regbench.db*"):
        each.unlink()
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert "it was put back, nothing is lost" in err
    assert finished_once(tiny)
    assert len(tiny.ask(FINISHED.replace("COUNT(*)", "id"))) == 2


@pytest.mark.slow
def test_the_first_epoch_is_written_at_once_and_a_stopped_worker_does_not_keep_ctrl_c_from_ending_the_run(project):
    tiny = project(["lsq"], epochs=LONG)
    process = tiny.start()
    tiny.wait_for("SELECT COUNT(*) FROM metric")
    assert tiny.ask("SELECT epochs FROM run") == [(1,)]  # so an attempt that is killed soon has gained something
    os.kill(tiny.workers()[0], signal.SIGSTOP)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert tiny.ask("SELECT status, epochs > 0 FROM run") == [("interrupted", 1)]


@pytest.mark.slow
def test_a_worker_that_is_killed_takes_no_job_with_it(project):
    tiny = project(["lsq"], seeds=2, epochs=60, rows=2000)
    process = tiny.start("--workers", "2")
    tiny.wait_for("SELECT COUNT(*) FROM job WHERE lease_owner IS NOT NULL")
    kill(tiny.workers()[0])
    _, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert finished_once(tiny)
    assert "interrupted" in {status for (status,) in tiny.ask("SELECT status FROM run")}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_being_asked_to_stop_keeps_what_is_finished_and_says_so(project, number):
    tiny = project(["lsq"], seeds=2, epochs=LONG)
    process = tiny.start()
    tiny.wait_for("SELECT COUNT(*) FROM job WHERE lease_owner IS NOT NULL")
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "kept" in err
    assert "Traceback" not in err
    assert {status for (status,) in tiny.ask("SELECT status FROM run")} == {"interrupted"}
    assert tiny.ask("SELECT COUNT(*) FROM job WHERE lease_owner IS NOT NULL") == [(0,)]


@pytest.mark.slow
def test_a_method_that_raises_fails_alone_and_is_tried_again_only_when_asked(project):
    tiny = project(["lsq", "raises"], add={"methods/raises.py": RAISES.format(error='ValueError("no such thing")')})
    first = tiny.run()
    assert first.returncode == 3
    assert "no such thing" in first.stderr
    assert dict(
        tiny.ask("SELECT j.method, r.status FROM run r JOIN job j ON j.id = r.job_id WHERE r.status != 'interrupted'")
    ) == {
        "lsq": "finished",
        "raises": "failed",
    }
    failure_class, error = tiny.ask("SELECT failure_class, error FROM run WHERE status = 'failed'")[0]
    assert failure_class == "user code"
    assert "raises.py" in error
    assert "Traceback" in error
    failed = "SELECT COUNT(*) FROM run WHERE status = 'failed'"
    tiny.run()
    assert tiny.ask(failed) == [(1,)]
    assert tiny.run("--retry-failed").returncode == 3
    assert tiny.ask(failed) == [(2,)]


@pytest.mark.slow
def test_memory_that_runs_out_halves_the_pack_before_a_job_fails_for_it(project):
    error = "RuntimeError('DefaultCPUAllocator: can\\'t allocate memory') if batch.y.shape[0] else None"
    tiny = project(["raises"], seeds=4, add={"methods/raises.py": RAISES.format(error=error)})
    assert tiny.run("--workers", "2").returncode == 3
    counts = dict(tiny.ask("SELECT status, COUNT(*) FROM run GROUP BY status"))
    assert counts == {"interrupted": 4, "failed": 4}  # two packs of two, then each job alone
    assert tiny.ask("SELECT DISTINCT failure_class FROM run WHERE status = 'failed'") == [("resources",)]


@pytest.mark.slow
def test_divergence_is_a_result_and_not_a_failure(project):
    tiny = project(["lsq"], protocol=", learning_rate: 1.0e+9, clip: 1.0e+9")
    assert tiny.run().returncode == 0
    ((status, diverged_at),) = tiny.ask("SELECT status, diverged_at FROM run")
    assert (status, diverged_at) == ("finished", 1)
    assert tiny.ask("SELECT COUNT(*) FROM metric WHERE name = 'test/rmse' AND value IS NULL") == [(2,)]


@pytest.mark.slow
def test_two_runs_on_one_database_share_the_work(project):
    tiny = project(["lsq", "hard_binning"], seeds=6, epochs=30, rows=2000)
    both = [tiny.start(), tiny.start()]
    for process in both:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    assert finished_once(tiny)


def curves(project):
    """Every number of every epoch by job, except `seconds`."""
    rows = project.ask(
        "SELECT j.key, m.name, m.epoch, m.value FROM metric m "
        "JOIN run r ON r.id = m.run_id JOIN job j ON j.id = r.job_id "
        "WHERE r.status = 'finished' AND m.name NOT LIKE '%seconds' ORDER BY 1, 2, 3"
    )
    predictions = project.ask(
        "SELECT j.key, p.split, p.epoch, p.data FROM prediction p JOIN run r ON r.id = p.run_id "
        "JOIN job j ON j.id = r.job_id ORDER BY 1, 2"
    )
    learnt = project.ask(
        "SELECT j.key, p.name, p.epoch, p.data FROM parameter p JOIN run r ON r.id = p.run_id "
        "JOIN job j ON j.id = r.job_id ORDER BY 1, 2"
    )
    recorded = project.ask(
        "SELECT j.key, a.epoch, a.name, a.shape, a.data FROM recorded a JOIN run r ON r.id = a.run_id "
        "JOIN job j ON j.id = r.job_id ORDER BY 1, 2, 3"
    )
    return rows, predictions, learnt, recorded


@pytest.mark.slow
def test_runs_that_are_killed_again_and_again_end_with_the_curves_of_one_that_was_not(project, tmp_path, monkeypatch):
    """SIGKILL of a worker, of the run, and of both, at random times: nothing is repeated or lost, no bit differs."""
    monkeypatch.setenv("REGBENCH_WRITE_EVERY", "0.1")
    kept = ", keep_features: [20, 400], keep_weights: [1, 35, 60, 95, 200]"
    tiny = project(["lsq", "end2end"], seeds=2, epochs=400, rows=500, protocol=kept)
    for round_, victims in enumerate(("worker", "run", "both")):
        process = tiny.start("--workers", "2")
        tiny.wait_for(f"SELECT COUNT(*) FROM checkpoint WHERE epoch > {30 * round_}")
        workers = tiny.workers()
        if victims != "run":
            for worker in workers[: 1 if victims == "worker" else None]:
                kill(worker)
        if victims == "worker":
            tiny.wait_for(f"SELECT COUNT(*) FROM checkpoint WHERE epoch > {30 * round_ + 30}")
        acknowledged = dict(tiny.ask("SELECT run_id, MAX(epoch) FROM metric GROUP BY run_id"))
        kill_run(process)
        now = dict(tiny.ask("SELECT run_id, MAX(epoch) FROM metric GROUP BY run_id"))
        assert all(now[run] >= epoch for run, epoch in acknowledged.items())
    assert tiny.run("--workers", "2").returncode == 0
    assert finished_once(tiny)
    assert tiny.ask("SELECT COUNT(*) FROM checkpoint") == [(0,)]
    resumed = tiny.ask("SELECT resumed FROM run WHERE resumed IS NOT NULL")
    assert resumed
    assert all('"exact":true' in note for (note,) in resumed)
    killed = curves(tiny)
    assert len(killed[-1]) == 4 * (2 * 4 + 5)  # four jobs, four arrays of an epoch or one
    tiny.db.rename(tmp_path / "killed.db")
    for left in tiny.db.parent.glob("regbench.db-*"):
        left.unlink()
    assert tiny.run().returncode == 0
    assert curves(tiny) == killed


@pytest.mark.slow
def test_a_job_retrained_alone_gives_what_its_pack_gave_and_a_wrong_number_is_found(project):
    tiny = project(["lsq", "end2end"], seeds=2)
    said = tiny.run("--verify-packing", "40%")
    assert said.returncode == 0, said.stderr
    assert "2 jobs retrained alone, 2 bit for bit" in said.stderr
    with contextlib.closing(sqlite3.connect(tiny.db)) as connection:
        connection.execute("UPDATE metric SET value = value * 1.0000001 WHERE name = 'val/rmse' AND epoch = 1")
        connection.commit()
    said = tiny.run("--verify-packing", "100%")
    assert said.returncode == 8
    assert "4 jobs of 4" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.slow
def test_a_second_ctrl_c_ends_the_run_at_once(project):
    tiny = project(["lsq"], seeds=2, epochs=LONG, rows=20_000, protocol=", clip: 2.0")  # epochs of a while
    process = tiny.start()
    tiny.wait_for("SELECT COUNT(*) FROM job WHERE lease_owner IS NOT NULL")
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert tiny.ask("SELECT COUNT(*) FROM job WHERE lease_owner IS NOT NULL") == [(0,)]


@pytest.mark.slow
def test_a_device_that_fails_three_packs_in_a_row_is_set_aside_and_the_rest_is_not_burnt_on_it(project):
    error = 'RuntimeError("CUDA error: an illegal memory access was encountered")'
    tiny = project(["raises"], seeds=90, add={"methods/raises.py": RAISES.format(error=error)})
    said = tiny.run()
    assert said.returncode == 7
    assert "cpu is no longer used" in said.stderr
    assert "Traceback" not in said.stderr
    assert tiny.ask("SELECT COUNT(DISTINCT pack) FROM run") == [(3,)]


FAILS_ONCE = '''"""A method that finds the disk full, the first time."""
from pathlib import Path

from regbench.methods import lsq
from regbench.types import Method


def init(*arguments):
    if not Path("tried").exists():
        Path("tried").touch()
        raise OSError(28, "No space left on device")
    return lsq.METHOD.init(*arguments)


METHOD = Method(
    outputs=lsq.METHOD.outputs, init=init, loss=lsq.METHOD.loss, predict=lsq.METHOD.predict, uses_k=False, reference=""
)
'''


@pytest.mark.slow
def test_what_the_machine_is_to_blame_for_is_tried_again_after_a_while(project):
    tiny = project(["once"], add={"methods/once.py": FAILS_ONCE})
    said = tiny.run()
    assert said.returncode == 0, said.stderr
    runs = tiny.ask("SELECT status, failure_class FROM run ORDER BY id")
    assert runs == [("failed", "infrastructure"), ("finished", None)]


LIMITED = '''"""Least squares in a process that may take this much more memory than it has, and no more."""
import resource
from pathlib import Path

from regbench.methods import lsq
from regbench.types import Method

pages = int(Path("/proc/self/statm").read_text().split()[0])
allowed = pages * resource.getpagesize() + {megabytes} * 2**20
resource.setrlimit(resource.RLIMIT_AS, (allowed, allowed))

METHOD = Method(
    outputs=lsq.METHOD.outputs, init=lsq.METHOD.init, loss=lsq.METHOD.loss, predict=lsq.METHOD.predict, uses_k=False,
    reference="",
)
'''


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="the memory of a process is limited as Linux does it")
def test_a_pack_too_large_for_memory_is_halved_until_it_fits_and_no_job_fails_for_it(project):
    tiny = project(
        ["limited"], seeds=12, epochs=1, rows=8000, add={"methods/limited.py": LIMITED.format(megabytes=200)}
    )
    text = (tiny.folder / "benchmarks.yaml").read_text().replace("batch_size: 32", "batch_size: 6000")
    (tiny.folder / "benchmarks.yaml").write_text(text.replace("width: 16", "width: 256"))
    said = tiny.run()
    assert said.returncode == 0, said.stderr
    statuses = dict(tiny.ask("SELECT status, COUNT(*) FROM run GROUP BY status"))
    assert statuses["finished"] == 12
    assert statuses["interrupted"] >= 12
    assert "failed" not in statuses
