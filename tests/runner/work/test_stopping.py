"""Early stopping in a real run: stopped jobs are finished with their last epoch, and a kill changes nothing."""

import shutil

import pytest

from regbench import settings
from tests.runner.conftest import kill, kill_run

CURVES = """SELECT job.key, metric.epoch, metric.name, metric.value FROM metric JOIN run ON run.id = run_id
            JOIN job ON job.id = job_id WHERE metric.name NOT LIKE '%seconds' ORDER BY 1, 2, 3"""
LAST = """SELECT job.key, run.epochs FROM run JOIN job ON job.id = job_id
          WHERE run.status = 'finished' ORDER BY 1"""
PROTOCOL = ", patience: 2, schedule: constant, learning_rate: 0.03"


def tiny(project):
    return project(methods=["lsq", "soft_binning"], seeds=2, epochs=40, protocol=PROTOCOL)


@pytest.mark.slow
def test_stopped_jobs_are_finished_with_their_last_epoch_also_after_a_kill(project):
    one = tiny(project)
    assert one.run().returncode == 0
    curves, last = one.ask(CURVES), one.ask(LAST)
    assert len(last) == 4
    assert len({epochs for _, epochs in last}) > 1
    assert all(epochs < 40 for _, epochs in last)
    for key, epochs in last:
        assert max(epoch for name, epoch, *_ in curves if name == key) == epochs
    assert "nothing to train" in one.run().stderr

    shutil.rmtree(one.db.parent)
    one.environment[settings.WRITE_EVERY] = "0.01"
    process = one.start()
    one.wait_for("SELECT count(*) FROM run WHERE epochs > 3")
    workers = one.workers()
    kill_run(process)
    for worker in workers:
        kill(worker)
    assert one.run().returncode == 0
    assert (one.ask(CURVES), one.ask(LAST)) == (curves, last)
