"""The tasks of a run that are not under way: those that wait for a slot, and those that wait for a time."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from regbench.job import Job
from regbench.runner.failures import rule
from regbench.runner.work.task import Result, Task

ATTEMPTS = 3  # of a pack that failed for want of something that may come back
DEATHS_FORGIVEN = 2  # workers that may die on a pack before it is cut, or on a job before it has failed


@dataclass
class Queue:
    """Tasks in the order in which they are handed out."""

    waiting: deque[Task] = field(default_factory=deque)
    later: list[tuple[float, Task]] = field(default_factory=list)  # with the time from which on they may be tried again

    def __bool__(self) -> bool:
        return bool(self.waiting or self.later)

    def put(self, tasks: Iterable[Task]) -> None:
        self.waiting.extend(tasks)

    def ready(self) -> Iterator[Task]:
        """The tasks that may start now, each taken out as it is asked for."""
        now = time.monotonic()
        self.waiting.extend(task for due, task in self.later if due <= now)
        self.later = [(due, task) for due, task in self.later if due > now]
        while self.waiting:
            yield self.waiting.popleft()

    def put_smaller(self, task: Task, parts: Iterable[Sequence[Job]]) -> None:
        """Parts of a task that failed as a whole, before anything else."""
        for jobs in parts:
            self.waiting.appendleft(_part(task, jobs, deaths=0))

    def put_back(self, task: Task, result: Result) -> set[str]:
        """Queue again, after a wait, what failed for want of something that may come back; gives the keys of it."""
        failed = {key: rule(failure) for key, (failure, _) in result.failed.items()}
        again = [key for key, each in failed.items() if each.backoff and task.attempt < ATTEMPTS]
        if again:
            jobs = tuple(job for job in task.jobs if job.key in again)
            due = time.monotonic() + failed[again[0]].wait_s(task.attempt)
            self.later.append((due, replace(task, jobs=jobs, attempt=task.attempt + 1)))
        return set(again)

    def put_after_death(self, task: Task) -> bool:
        """Queue again what a worker died on; false for a single job that went on killing its workers.

        A pack is tried again as it was. Then it is halved, and the halves are tried one after the other, until the job
        that kills is alone.
        """
        if task.deaths < DEATHS_FORGIVEN:
            self.put([replace(task, deaths=task.deaths + 1)])
        elif len(task.jobs) > 1:
            half = len(task.jobs) // 2
            self.put(_part(task, jobs, deaths=1) for jobs in (task.jobs[:half], task.jobs[half:]))
        else:
            return False
        return True


def _part(task: Task, jobs: Sequence[Job], deaths: int) -> Task:
    return replace(task, jobs=tuple(jobs), name=f"{task.name}.{len(jobs)}", deaths=deaths)
