"""What has become of the jobs of a run so far, and how far the whole of it is."""

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
SHARE_TO_JUDGE_BY = 0.01  # of the work, before its pace says anything


class Tally:
    """The jobs to train, those that are settled, and the summary so far."""

    def __init__(self, plan: Plan) -> None:
        self.jobs = {job.key: job for pack in plan.packs for job in pack.jobs}
        self.settled: set[str] = set()
        self.summary = Summary()
        self._variants = {each.job.key: each.variant for each in plan.asked.members}

    @property
    def is_complete(self) -> bool:
        return len(self.settled) == len(self.jobs)

    @property
    def left(self) -> dict[str, Job]:
        return {key: job for key, job in self.jobs.items() if key not in self.settled}

    def take(self, result: Result) -> None:
        """Count what a result has settled, but for its failures, which may be tried again."""
        self.summary.finished += len(result.finished)
        self.summary.diverged += [self._name(key) for key in result.diverged]
        self.settled.update(result.finished)

    def fail(self, key: str, failure: str, error: str) -> JobFailed:
        self.settled.add(key)
        self.summary.failed[key] = (failure, error)
        return JobFailed(key, self._name(key), failure, error)

    def settle(self, keys: Collection[str]) -> None:
        """Other processes have finished these."""
        self.settled |= set(keys)

    def _name(self, key: str) -> str:
        job = self.jobs[key]
        return f"{job.dataset} {label(self._variants[key], job.k, job.seed)}"


class Counter:
    """Reads from the store how far a plan is, from time to time."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self.store = store
        self.jobs = plan.possible
        self.code: Mapping[str, str] = {job.key: plan.inventory.code[job.key] for job in self.jobs}
        self.costs = {job.key: epoch_cost(job) for job in self.jobs}
        self.work = sum(self.costs[job.key] * job.protocol.epochs for job in self.jobs)
        self.done_before = len(plan.inventory.done)
        self.started = time.monotonic()
        self._counted = 0.0
        self._first_share: float | None = None

    def progress(self, tally: Tally) -> Progress | None:
        """The share of the work that is done, weighed by what each job costs; None while the last count is new."""
        now = time.monotonic()
        if now - self._counted < COUNT_EVERY_S:
            return None
        self._counted = now
        trained = self.store.trained(self.code)
        share = sum(self.costs[key] * epochs for key, epochs in trained.items()) / self.work
        if self._first_share is None:
            self._first_share = share
        gained, elapsed = share - self._first_share, now - self.started
        return Progress(
            done_jobs=self.done_before + len(tally.settled) - len(tally.summary.failed),
            total_jobs=len(self.jobs),
            done_epochs=sum(trained.values()),
            total_epochs=sum(job.protocol.epochs for job in self.jobs),
            seconds_left=elapsed * (1 - share) / gained if gained > SHARE_TO_JUDGE_BY else None,
        )
