"""A worker that hangs is found by its own pace, and ended."""

import pytest

from regbench.runner.work.queue import DEATHS_FORGIVEN, Queue
from regbench.runner.work.task import Task
from regbench.runner.work.watch import STOPPED_S, TIMES_ITS_PACE, Watched, least_s
from tests.runner.plan.test_planning import a_job

LEAST_S = least_s()
TASK = Task(jobs=(a_job(),), store_url="", code={}, name="grid/0")


def seen(*gains: float, stopped: float | None = None, likely_s: float = 0.0) -> Watched:
    """A task that wrote an epoch at these times, and whose process was seen stopped from then on."""
    watched = Watched(TASK, gained=0.0, likely_s=likely_s)
    for number, moment in enumerate(gains, start=1):
        watched.see(moment, number, stopped=False)
    if stopped is not None:
        watched.see(stopped, len(gains), stopped=True)
        watched.see(stopped + 1, len(gains), stopped=True)
    return watched


@pytest.mark.parametrize(
    ("watched", "limit", "why"),
    [
        (seen(500, 510, 520), 520 + LEAST_S, "no epoch in 20 minutes, where none took over 10 s"),
        (seen(0, LEAST_S), LEAST_S * (1 + TIMES_ITS_PACE), "no epoch in 400 minutes"),
        (seen(likely_s=LEAST_S), LEAST_S * TIMES_ITS_PACE, "no epoch in 400 minutes, where 1200 s were likely for all"),
        (seen(likely_s=1), LEAST_S, "no epoch in 20 minutes, where 1 s were likely"),
        (seen(100, likely_s=1), 100 + LEAST_S, "no epoch in 20 minutes"),
        (seen(stopped=100), 100 + STOPPED_S, "its process has been stopped for 61 s"),
    ],
)
def test_a_worker_hangs_after_many_times_its_own_pace_or_when_it_is_stopped(watched, limit, why):
    assert watched.overdue(limit - 1) == ""
    assert why in watched.overdue(limit + 1)


def test_the_least_time_can_be_set_for_what_takes_long_before_its_first_epoch(monkeypatch):
    monkeypatch.setenv("REGBENCH_HANGS_AFTER", "7200")
    assert seen().overdue(7199) == ""
    assert "no epoch in 120 minutes" in seen().overdue(7201)


def test_a_process_that_goes_on_is_no_longer_stopped():
    watched = seen(stopped=100)
    watched.see(110, 0, stopped=False)
    assert watched.overdue(1000) == ""


def test_what_hung_is_tried_once_more():
    queue = Queue()
    assert queue.put_after_death(TASK, hung=True)
    [again] = queue.ready()
    assert again.deaths == DEATHS_FORGIVEN
    assert not queue.put_after_death(again, hung=True)
