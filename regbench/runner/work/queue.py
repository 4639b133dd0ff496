"""The waiting tasks of a run: those that wait for a slot, and those that wait for a retry."""

import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from regbench.job import Job
from regbench.runner.failures import rule
from regbench.runner.work.task import Result, Task

ATTEMPTS = 3  # of a pack that failed for a reason that may pass
DEATHS_FORGIVEN = 2  # deaths of workers after which a pack is halved, or a job counts as failed


@dataclass
class Queue:
    """Tasks in the order in which they are handed out."""

    waiting: deque[Task] = field(default_factory=deque)
    later: list[tuple[float, Task]] = field(default_factory=list)  # with the earliest time of a retry

    def __bool__(self) -> bool:
        return bool(self.waiting or self.later)

    def put(self, tasks: Iterable[Task]) -> None:
        self.waiting.extend(tasks)

    def ready(self) -> Iterator[Task]:
        """Yield the tasks that may start now, and remove them from the queue."""
        now = time.monotonic()
        self.waiting.extend(task for due, task in self.later if due <= now)
        self.later = [(due, task) for due, task in self.later if due > now]
        while self.waiting:
            yield self.waiting.popleft()

    def put_smaller(self, task: Task, parts: Iterable[Sequence[Job]]) -> None:
        """Put parts of a failed task at the front of the queue."""
        for jobs in parts:
            self.waiting.appendleft(_part(task, jobs, deaths=0))

    def put_back(self, task: Task, result: Result) -> set[str]:
        """Queue jobs that failed for a reason that may pass, to be retried after a wait; return their keys."""
        failed = {key: rule(failure) for key, (failure, _) in result.failed.items()}
        again = [key for key, its_rule in failed.items() if its_rule.backoff and task.attempt < ATTEMPTS]
        if again:
            jobs = tuple(job for job in task.jobs if job.key in again)
            due = time.monotonic() + failed[again[0]].wait_s(task.attempt)
            self.later.append((due, replace(task, jobs=jobs, attempt=task.attempt + 1)))
        return set(again)

    def put_after_death(self, task: Task, *, hung: bool = False) -> bool:
        """Queue a task again whose worker died; false if it is a single job that killed too many workers.

        A pack is first retried unchanged. Then it is halved until the job that kills its workers is alone.
        One that hung is retried only once, because each time costs minutes.
        """
        if hung and task.deaths < DEATHS_FORGIVEN:
            self.put([replace(task, deaths=DEATHS_FORGIVEN)])
        elif task.deaths < DEATHS_FORGIVEN:
            self.put([replace(task, deaths=task.deaths + 1)])
        elif len(task.jobs) > 1:
            half = len(task.jobs) // 2
            self.put(_part(task, jobs, deaths=1) for jobs in (task.jobs[:half], task.jobs[half:]))
        else:
            return False
        return True


def _part(task: Task, jobs: Sequence[Job], deaths: int) -> Task:
    return replace(task, jobs=tuple(jobs), name=f"{task.name}.{len(jobs)}", deaths=deaths)
