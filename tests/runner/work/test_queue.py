"""Which tasks are retried, when, and in which packs."""

import time

from regbench.runner.work.queue import ATTEMPTS, DEATHS_FORGIVEN, Queue
from regbench.runner.work.task import Result, Task
from tests.runner.plan.test_planning import a_job

JOBS = tuple(a_job(seed=seed) for seed in range(4))
DISK_FULL = ("infrastructure", "the disk is full")


def task(**changes) -> Task:
    return Task(**{"jobs": JOBS, "store_url": "", "code": {}, "name": "grid/0", **changes})


def ready(queue: Queue) -> list[Task]:
    return list(queue.ready())


def test_tasks_come_out_in_order_and_smaller_ones_before_them():
    queue = Queue()
    queue.put([task(name="one"), task(name="two")])
    assert next(queue.ready()).name == "one"
    queue.put_smaller(task(), [JOBS[:2], JOBS[2:]])
    assert [(each.name, len(each.jobs)) for each in ready(queue)] == [("grid/0.2", 2), ("grid/0.2", 2), ("two", 4)]
    assert not queue


def test_what_may_pass_by_itself_waits_and_only_those_jobs_are_tried_again():
    queue = Queue()
    failed = {JOBS[0].key: DISK_FULL, JOBS[1].key: ("user code", "wrong")}
    assert queue.put_back(task(), Result(failed=failed)) == {JOBS[0].key}
    assert queue
    assert ready(queue) == []
    queue.later = [(time.monotonic(), each) for _, each in queue.later]
    (again,) = ready(queue)
    assert (again.jobs, again.attempt) == (JOBS[:1], 2)


def test_it_is_given_up_after_some_attempts():
    queue = Queue()
    assert queue.put_back(task(attempt=ATTEMPTS), Result(failed={JOBS[0].key: DISK_FULL})) == set()
    assert not queue


def test_a_pack_that_kills_its_workers_is_halved_until_the_job_that_kills_is_alone():
    queue = Queue()
    for deaths in range(DEATHS_FORGIVEN):
        assert queue.put_after_death(task(deaths=deaths))
        (again,) = ready(queue)
        assert (again.jobs, again.deaths) == (JOBS, deaths + 1)
    assert queue.put_after_death(task(deaths=DEATHS_FORGIVEN))
    assert [(each.jobs, each.deaths) for each in ready(queue)] == [(JOBS[:2], 1), (JOBS[2:], 1)]
    assert not queue.put_after_death(task(jobs=JOBS[:1], deaths=DEATHS_FORGIVEN))
    assert not queue
