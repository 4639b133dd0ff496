"""How a run handles other processes that work on the same jobs."""

from dataclasses import replace

import pytest

from regbench.errors import InfrastructureError
from regbench.runner import PackFinished, PackStarted, Progress, Request, make_plan
from regbench.runner.work.drive import Driver
from regbench.runner.work.tally import Counter, Tally
from regbench.runner.work.task import Result
from regbench.store import EpochRows, Store
from tests.engines.in_process import Death, InProcessEngine, in_process
from tests.runner.plan.test_planning import benchmark, grid
from tests.store.conftest import labelled, take


@pytest.fixture
def shared(tmp_path):
    """A store, a plan of two jobs, and their code digests."""
    jobs = grid(["wine_quality"], ["lsq"], seeds=2)
    with Store.open(tmp_path / "regbench.db") as store:
        store.add_benchmark("grid", {}, labelled(*jobs))
        plan = make_plan(benchmark(jobs), store, request=Request(retry_failed=True))
        yield store, plan, plan.inventory.code[jobs[0].key]


def test_progress_is_of_the_jobs_of_the_plan_whatever_others_train(shared):
    store, plan, code = shared
    claims = take(store, plan.jobs[1], owner="another", code=code)
    store.write([EpochRows(claims[0].run_id, 1, {"val/rmse": 0.1})], claims=claims)
    half = replace(plan, jobs=plan.jobs[:1], left_out=plan.jobs[1:])
    progress = Counter(half, store).progress(Tally(half))
    assert progress is not None
    assert (progress.total_jobs, progress.done_epochs) == (1, 0)


def test_a_failure_from_before_is_not_taken_for_the_end_of_what_another_process_tries_again(shared):
    store, plan, code = shared
    store.fail(take(store, *plan.jobs, code=code), failure_class="user code", error="from before")
    driver = Driver(plan, store, lambda _: None)
    claims = take(store, *plan.jobs, owner="another", code=code)
    driver.look_at_others()
    assert driver.tally.summary.failed == {}
    store.fail(claims[:1], failure_class="user code", error="again")
    driver.look_at_others()
    assert driver.tally.summary.failed == {claims[0].key: ("user code", "again")}


@pytest.fixture
def worker(monkeypatch):
    """Replaces the training; `worker.append(...)` sets the outcome of the next task."""
    script = []

    def work(task, place):
        return script.pop(0)(task)

    monkeypatch.setattr("regbench.runner.work.drive.run_pack", work)
    monkeypatch.setattr("regbench.runner.work.drive.LOOK_AT_OTHERS_EVERY_S", 0.0)
    return script


def finished(task):
    return Result(finished=tuple(job.key for job in task.jobs))


def killed(_):
    raise Death


def test_a_run_ends_when_every_job_is_settled(shared, worker):
    store, plan, _ = shared
    worker += [finished]
    said = []
    summary = Driver(plan, store, said.append).run(in_process(["cpu"]))
    assert (summary.finished, summary.failed, summary.interrupted) == (2, {}, False)
    assert [type(each) for each in said if not isinstance(each, Progress)] == [PackStarted, PackFinished]


def test_a_job_that_kills_its_workers_fails_and_the_others_are_trained(shared, worker):
    store, plan, _ = shared
    worker += [killed, killed, killed, killed, finished, killed]
    summary = Driver(plan, store, lambda _: None).run(in_process(["cpu"]))
    assert summary.finished == 1
    (failed,) = summary.failed.values()
    assert failed == ("infrastructure", "its worker process died 3 times (killed by the system, or out of memory?)")
    assert failed in store.failed(plan.inventory.code).values()


def test_a_worker_is_renewed_after_an_error_of_its_device(shared, worker):
    store, plan, _ = shared
    halves = [plan.jobs[:1], plan.jobs[1:]]
    worker += [lambda _: Result(again=tuple(halves), device_fault="CUDA error"), finished, finished]
    engines = []

    def make(work):
        engines.append(InProcessEngine(["cuda:0"], work))
        return engines[-1]

    assert Driver(plan, store, lambda _: None).run(make).finished == 2
    assert engines[0].renewed == [0]


def test_an_error_of_regbench_itself_ends_the_run(shared, worker):
    store, plan, _ = shared

    def broken(_):
        raise InfrastructureError("the database is locked")

    worker += [broken]
    with pytest.raises(InfrastructureError, match="locked"):
        Driver(plan, store, lambda _: None).run(in_process(["cpu"]))


def test_ctrl_c_stops_the_engine_and_is_told(shared, worker):
    store, plan, _ = shared

    def interrupted(event):
        raise KeyboardInterrupt

    summary = Driver(plan, store, interrupted).run(in_process(["cpu"]))
    assert (summary.interrupted, summary.finished) == (True, 0)
