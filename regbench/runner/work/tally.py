"""The settled jobs of a run, and its progress."""

import time
from collections.abc import Collection, Mapping

from regbench.job import Job
from regbench.runner.plan.cost import epoch_cost
from regbench.runner.plan.plan import Plan
from regbench.runner.work.events import JobFailed, Progress, Summary
from regbench.runner.work.task import Result
from regbench.store import Store
from regbench.store.status import label

COUNT_EVERY_S = 2.0  # reading progress costs a query
MOST_TIME = 0.05  # fraction of the time that reading progress may take; at 100,000 jobs a query takes a second
LEAST_GAIN = 0.01  # fraction of the work that must be done before the time left is estimated


class Tally:
    """The jobs to train, the settled ones, and the summary so far."""

    def __init__(self, plan: Plan) -> None:
        self.jobs = {job.key: job for pack in plan.packs for job in pack.jobs}
        self.settled: set[str] = set()
        self.summary = Summary()
        self._variants = {member.job.key: member.variant for member in plan.asked.members}

    @property
    def is_complete(self) -> bool:
        return len(self.settled) == len(self.jobs)

    @property
    def left(self) -> dict[str, Job]:
        return {key: job for key, job in self.jobs.items() if key not in self.settled}

    def take(self, result: Result) -> None:
        """Count the finished jobs of a result; its failures may be retried and do not count yet."""
        self.summary.finished += len(result.finished)
        self.summary.diverged += [self._name(key) for key in result.diverged]
        self.settled.update(result.finished)

    def fail(self, key: str, failure: str, error: str) -> JobFailed:
        self.settled.add(key)
        self.summary.failed[key] = (failure, error)
        return JobFailed(key, self._name(key), failure, error)

    def settle(self, keys: Collection[str]) -> None:
        """Mark jobs as settled that other processes have finished."""
        self.settled |= set(keys)

    def _name(self, key: str) -> str:
        job = self.jobs[key]
        return f"{job.dataset} {label(self._variants[key], job.k, job.seed)}"


class Counter:
    """Reads the progress of a plan from the store, at intervals."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self.store = store
        self.jobs = plan.possible
        self.code: Mapping[str, str] = {job.key: plan.inventory.code[job.key] for job in self.jobs}
        self.costs = {job.key: epoch_cost(job) for job in self.jobs}
        self.work = sum(self.costs[job.key] * job.protocol.epochs for job in self.jobs)
        self.done_before = len(plan.inventory.done)
        self.started = time.monotonic()
        self._next = 0.0
        self._first: float | None = None

    def progress(self, tally: Tally) -> Progress | None:
        """The progress, weighted by the cost of jobs; None if the last count is recent."""
        now = time.monotonic()
        if now < self._next:
            return None
        trained = self.store.trained(self.code)
        for job in self.jobs:  # a program may have more epochs than were announced
            if trained.get(job.key, 0) > job.protocol.epochs:
                trained[job.key] = job.protocol.epochs
        self._next = now + max(COUNT_EVERY_S, (time.monotonic() - now) / MOST_TIME)
        fraction = sum(self.costs[key] * epochs for key, epochs in trained.items()) / self.work
        if self._first is None:
            self._first = fraction
        gained, elapsed = fraction - self._first, now - self.started
        return Progress(
            done_jobs=self.done_before + len(tally.settled) - len(tally.summary.failed),
            total_jobs=len(self.jobs),
            done_epochs=sum(trained.values()),
            total_epochs=sum(job.protocol.epochs for job in self.jobs),
            seconds_left=elapsed * (1 - fraction) / gained if gained > LEAST_GAIN else None,
        )
