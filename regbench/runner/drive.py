"""Drive a plan: hand packs to the engine until nothing is left, and say what happens as it happens."""

import os
import signal
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import FrameType

from regbench.engines.local import LocalEngine, Outcome
from regbench.errors import InfrastructureError
from regbench.job import Job, Pack
from regbench.provenance import environment
from regbench.runner.failures import rule
from regbench.runner.owners import is_dead, this_owner
from regbench.runner.plan import Plan, epoch_cost
from regbench.runner.work import LEASE_S, Result, Task, run_pack
from regbench.store import Store

LOOK_EVERY_S = 0.25
LOOK_AT_OTHERS_EVERY_S = 1.0
COUNT_EVERY_S = 2.0  # reading progress costs a query
SHARE_TO_JUDGE_BY = 0.01  # of the work, before its pace says anything
FAULTS_FORGIVEN = 3  # packs in a row, before a device is set aside
ATTEMPTS = 3  # of a pack that failed for want of something that may come back
DEATHS_FORGIVEN = 2  # workers that may die on a pack before it is cut, or on a job before it has failed


@dataclass(frozen=True)
class Event:
    """Something happened."""


@dataclass(frozen=True)
class PackStarted(Event):
    """A pack went to a device."""

    name: str
    dataset: str
    jobs: int
    device: str


@dataclass(frozen=True)
class PackFinished(Event):
    """A pack came back."""

    name: str
    dataset: str
    finished: int
    seconds: float


@dataclass(frozen=True)
class Progress(Event):
    """How far it is, counted in jobs and in epochs, and the seconds left; None until that can be told."""

    done_jobs: int
    total_jobs: int
    done_epochs: int
    total_epochs: int
    seconds_left: float | None


@dataclass(frozen=True)
class JobFailed(Event):
    """A job failed; the others go on."""

    key: str
    label: str
    failure_class: str
    error: str


@dataclass(frozen=True)
class Blocked(Event):
    """A dataset that cannot be had or a library that is not installed, and jobs with it."""

    name: str  # of the dataset, or of the baseline that needs the library
    why: str


@dataclass(frozen=True)
class Waiting(Event):
    """Other processes hold the jobs that are left."""

    jobs: int


@dataclass(frozen=True)
class DeviceSetAside(Event):
    """A device failed too often in a row; the others go on without it."""

    device: str
    why: str


@dataclass
class Summary:
    """What a run did."""

    finished: int = 0
    diverged: list[str] = field(default_factory=list)  # labels
    failed: dict[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message
    blocked: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False
    seconds: float = 0.0


def run(
    plan: Plan,
    store_url: str,
    *,
    devices: Sequence[str],
    on_event: Callable[[Event], None] = lambda _: None,
) -> Summary:
    """Train what a plan says is missing. Ctrl-C or SIGTERM stops at the next epoch and keeps what is finished."""
    with Store.open(store_url) as store:
        store.add_benchmark(plan.benchmark, plan.config, plan.members)
        why = {**plan.blocked, **plan.uninstalled}
        if why:
            store.block(why)
        for name, reason in why.items():
            on_event(Blocked(name, reason))
        driver = _Driver(plan, store, devices, on_event)
        return driver.run()


def as_they_were(packs: Sequence[Pack], store: Store, code: Mapping[str, str]) -> list[tuple[Job, ...]]:
    """The packs to train: runs that were interrupted go on first, in the company they were trained in."""
    wanted = {job.key: job for pack in packs for job in pack.jobs}
    going_on = store.resumable({key: code[key] for key in wanted})
    before = store.packs({each.pack for each in going_on.values()})
    old = [
        tuple(wanted[key] for key in before[name] if key in going_on and going_on[key].pack == name)
        for name in dict.fromkeys(each.pack for each in going_on.values())
    ]
    new = [tuple(job for job in pack.jobs if job.key not in going_on) for pack in packs]
    return [jobs for jobs in (*old, *new) if jobs]


class _Driver:
    """The state of one run: what waits, what is under way, and what has come of it."""

    def __init__(self, plan: Plan, store: Store, devices: Sequence[str], on_event: Callable[[Event], None]) -> None:
        self.plan = plan
        self.store = store
        self.devices = devices
        self.say = on_event
        self.summary = Summary(blocked=dict(plan.blocked))
        self.jobs = {job.key: job for pack in plan.packs for job in pack.jobs}
        self.labels = {each.job.key: each.variant for each in plan.members}
        self.known = store.failed({key: plan.code[key] for key in self.jobs})  # from before; they are tried again
        self.settled: set[str] = set()
        self.waiting: deque[Task] = deque()
        self.later: list[tuple[float, Task]] = []  # with the time from which on they may be tried again
        self.in_a_row: Counter[int] = Counter()  # faults of each slot since its last success
        self.aside: set[int] = set()
        self.started = time.monotonic()
        self.counted = 0.0
        self.first_share: float | None = None

    def run(self) -> Summary:
        """Until every job is settled, or somebody asks to stop."""
        self._release_the_dead()
        self._queue()
        try:
            with LocalEngine(self.devices, run_pack) as engine:
                try:
                    with _termination_as_interrupt():
                        self._work(engine)
                except KeyboardInterrupt:
                    self.summary.interrupted = True
                    self._stop(engine)
        finally:  # the engine has seen its workers end: one that was only just killed might not look dead yet
            self._release_the_dead()
        self.summary.seconds = time.monotonic() - self.started
        return self.summary

    def _work(self, engine: LocalEngine) -> None:
        told = False
        while len(self.settled) < len(self.jobs) or engine.busy:
            self._wake()
            for slot in engine.free():
                if self.waiting and slot not in self.aside:
                    self._start(engine, slot, self.waiting.popleft())
            for outcome in engine.wait(LOOK_EVERY_S):
                if outcome.result and outcome.result.device_fault:  # after an error of CUDA a process can only end
                    engine.renew(outcome.slot)
                self._take(outcome)
            self._count()
            if not self.waiting and not self.later and not engine.busy and len(self.settled) < len(self.jobs):
                if not told:
                    self.say(Waiting(len(self.jobs) - len(self.settled)))
                told = True
                self._look_at_others()

    def _start(self, engine: LocalEngine, slot: int, task: Task) -> None:
        engine.start(slot, task)
        self.say(PackStarted(task.name, task.jobs[0].dataset, len(task.jobs), self.devices[slot]))

    def _take(self, outcome: Outcome) -> None:
        """Settle what a task has settled; queue again what it could not."""
        task: Task = outcome.task
        self._judge(outcome)
        if outcome.died:
            self._release_the_dead()
            self._after_death(task)
        elif outcome.error:  # of the store or of regbench itself: what a job raises comes back as a result
            raise outcome.error
        else:
            self._settle(task, outcome.result)

    def _settle(self, task: Task, result: Result) -> None:
        self.summary.finished += len(result.finished)
        self.summary.diverged += [self._name(key) for key in result.diverged]
        self.settled.update(result.finished)
        for jobs in result.again:
            self.waiting.appendleft(replace(task, jobs=jobs, name=f"{task.name}.{len(jobs)}", deaths=0))
        again = [
            key for key, (failure, _) in result.failed.items() if task.attempt < ATTEMPTS and rule(failure).backoff
        ]
        if again:
            jobs = tuple(job for job in task.jobs if job.key in again)
            due = time.monotonic() + rule(result.failed[again[0]][0]).wait_s(task.attempt)
            self.later.append((due, replace(task, jobs=jobs, attempt=task.attempt + 1)))
        for key, (failure, error) in result.failed.items():
            if key not in again:
                self._failed(key, failure, error)
        if result.finished:
            self.say(PackFinished(task.name, task.jobs[0].dataset, len(result.finished), result.seconds))

    def _wake(self) -> None:
        """Queue again what has waited long enough."""
        due = [task for when, task in self.later if when <= time.monotonic()]
        self.later = [(when, task) for when, task in self.later if task not in due]
        self.waiting.extend(due)

    def _judge(self, outcome: Outcome) -> None:
        """Set a device aside that failed several packs in a row: it would go on to fail all the others.

        That a worker on the CPU dies speaks against what it trained, and its jobs are told apart for it.
        """
        slot = outcome.slot
        died = outcome.died and self.devices[slot] != "cpu"
        if not died and not (outcome.result and outcome.result.device_fault):
            self.in_a_row[slot] = 0
            return
        self.in_a_row[slot] += 1
        if self.in_a_row[slot] < FAULTS_FORGIVEN:
            return
        self.aside.add(slot)
        why = "its worker died" if outcome.died else outcome.result.device_fault
        self.say(DeviceSetAside(self.devices[slot], why))
        if len(self.aside) == len(self.devices):
            raise InfrastructureError(
                f"every device failed {FAULTS_FORGIVEN} packs in a row, the last one because {why}; "
                "`regbench doctor` looks for the cause"
            )

    def _after_death(self, task: Task) -> None:
        """A killed worker's jobs are tried again; those that go on killing theirs are told apart, and have failed."""
        if task.deaths < DEATHS_FORGIVEN:
            self.waiting.append(replace(task, deaths=task.deaths + 1))
        elif len(task.jobs) > 1:  # the halves one after the other, until the job that kills is alone
            half = len(task.jobs) // 2
            for jobs in (task.jobs[:half], task.jobs[half:]):
                self.waiting.append(replace(task, jobs=jobs, name=f"{task.name}.{len(jobs)}", deaths=1))
        else:
            job = next(iter(task.jobs))
            why = f"its worker process died {task.deaths + 1} times (killed by the system, or out of memory?)"
            claims = self.store.claim(
                {job.key: task.code[job.key]},
                owner=this_owner(),
                lease_s=LEASE_S,
                environment=environment(),
                device="none",
            )
            self.store.fail(claims, failure_class="infrastructure", error=why)
            self._failed(job.key, "infrastructure", why)

    def _failed(self, key: str, failure: str, error: str) -> None:
        self.settled.add(key)
        self.summary.failed[key] = (failure, error)
        self.say(JobFailed(key, self._name(key), failure, error))

    def _look_at_others(self) -> None:
        """Jobs that another process held: settled if it finished them, ours again if it died."""
        self._release_the_dead()
        left = {key: self.plan.code[key] for key in self.jobs if key not in self.settled}
        self.settled |= self.store.done(left)
        for key, (failure, error) in self.store.failed(left).items():
            new = self.known.get(key) != (failure, error)
            if key not in self.settled and new and not rule(failure).automatic:
                self._failed(key, failure, error)
        self._queue()
        time.sleep(LOOK_AT_OTHERS_EVERY_S)

    def _queue(self) -> None:
        """Put all jobs that are not settled into the queue."""
        left = [Pack(tuple(job for job in pack.jobs if job.key not in self.settled)) for pack in self.plan.packs]
        packs = as_they_were(left, self.store, self.plan.code)
        self.waiting.extend(self._task(jobs, number) for number, jobs in enumerate(packs))

    def _task(self, jobs: Sequence[Job], number: int) -> Task:
        return Task(
            jobs=tuple(jobs),
            store_url=self.store.url,
            code={job.key: self.plan.code[job.key] for job in jobs},
            name=f"{self.plan.benchmark}/{number}",
            parent=os.getpid(),
            files=self.plan.files,
        )

    def _release_the_dead(self) -> None:
        dead = {owner for owner in self.store.owners() if is_dead(owner)}
        if dead:
            self.store.release(dead)

    def _count(self) -> None:
        """Say how far it is: the share of the work that is done, weighed by what each job costs."""
        now = time.monotonic()
        if now - self.counted < COUNT_EVERY_S:
            return
        self.counted = now
        jobs = self.plan.possible
        trained = self.store.trained({job.key: self.plan.code[job.key] for job in jobs})
        costs = {job.key: epoch_cost(job) for job in jobs}
        work = sum(costs[job.key] * job.protocol.epochs for job in jobs)
        share = sum(costs[key] * epochs for key, epochs in trained.items()) / work
        if self.first_share is None:
            self.first_share = share
        gained, elapsed = share - self.first_share, now - self.started
        self.say(
            Progress(
                done_jobs=len(self.plan.done) + len(self.settled) - len(self.summary.failed),
                total_jobs=len(jobs),
                done_epochs=sum(trained.values()),
                total_epochs=sum(job.protocol.epochs for job in jobs),
                seconds_left=elapsed * (1 - share) / gained if gained > SHARE_TO_JUDGE_BY else None,
            )
        )

    def _stop(self, engine: LocalEngine) -> None:
        """Let the workers write what they have, and say if they could not; a second Ctrl-C ends them at once."""
        trouble = None
        try:
            engine.stop()
            while engine.busy:
                for outcome in engine.wait(LOOK_EVERY_S):
                    if outcome.result:
                        self._settle(outcome.task, outcome.result)
                    elif not outcome.died:
                        trouble = outcome.error
        except KeyboardInterrupt:
            engine.kill()
        if trouble:
            raise trouble

    def _name(self, key: str) -> str:
        job = self.jobs[key]
        bins = f" k={job.k}" if job.k else ""
        return f"{job.dataset} {self.labels[key]}{bins} seed={job.seed}"


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """SIGTERM behaves as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
