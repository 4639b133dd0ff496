"""What a run makes of others that work on the same jobs."""

from dataclasses import replace

import pytest

from regbench.runner import make_plan
from regbench.runner.drive import Progress, _Driver
from regbench.store import EpochRows, Store
from tests.runner.test_planning import Grid, grid
from tests.store.conftest import labelled, take


@pytest.fixture
def shared(tmp_path):
    """A store, a plan of two jobs, and the code they run."""
    jobs = grid(["wine_quality"], ["lsq"], seeds=2)
    with Store.open(tmp_path / "regbench.db") as store:
        store.add_benchmark("grid", {}, labelled(*jobs))
        plan = make_plan(Grid(jobs), store, retry_failed=True)
        yield store, plan, plan.code[jobs[0].key]


def test_progress_is_of_the_jobs_of_the_plan_whatever_others_train(shared):
    store, plan, code = shared
    claims = take(store, plan.jobs[1], owner="another", code=code)
    store.write([EpochRows(claims[0].run_id, 1, {"val/rmse": 0.1})], claims=claims)
    said = []
    _Driver(replace(plan, jobs=plan.jobs[:1], left_out=plan.jobs[1:]), store, ["cpu"], said.append)._count()
    assert [(each.total_jobs, each.done_epochs) for each in said if isinstance(each, Progress)] == [(1, 0)]


def test_a_failure_from_before_is_not_taken_for_the_end_of_what_another_process_tries_again(shared):
    store, plan, code = shared
    store.fail(take(store, *plan.jobs, code=code), failure_class="user code", error="from before")
    driver = _Driver(plan, store, ["cpu"], lambda _: None)
    claims = take(store, *plan.jobs, owner="another", code=code)
    driver._look_at_others()
    assert driver.summary.failed == {}
    store.fail(claims[:1], failure_class="user code", error="again")
    driver._look_at_others()
    assert driver.summary.failed == {claims[0].key: ("user code", "again")}
