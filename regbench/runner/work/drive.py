"""Train a plan: hand its packs to an engine until all jobs are settled, and report events meanwhile."""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from regbench import roots, settings
from regbench.engines.engine import Engine, MakeEngine, Outcome
from regbench.errors import PassingError
from regbench.job import Job, Pack
from regbench.provenance import environment
from regbench.runner.failures import rule
from regbench.runner.plan.plan import Plan
from regbench.runner.work.events import Delayed, Event, PackFinished, PackStarted, Summary, Waiting
from regbench.runner.work.far import Desk
from regbench.runner.work.faults import Faults
from regbench.runner.work.leases import LEASE_S, release_the_dead
from regbench.runner.work.queue import Queue
from regbench.runner.work.signals import termination_as_interrupt
from regbench.runner.work.tally import Counter, Tally
from regbench.runner.work.task import Result, Task
from regbench.runner.work.watch import Watch
from regbench.runner.work.worker import run_pack
from regbench.store import Patience, Store, patience_of_a_run
from regbench.store.owners import this_owner

LOOK_EVERY_S = 0.25
LOOK_AT_OTHERS_EVERY_S = 1.0

OnEvent = Callable[[Event], None]


def run(plan: Plan, store_url: str, make_engine: MakeEngine, on_event: OnEvent = lambda _: None) -> Summary:
    """Train the missing jobs of a plan. Ctrl-C or SIGTERM stops at the next epoch and keeps all finished epochs."""
    with Store.open(store_url) as store:
        store.add_benchmark(plan.benchmark, plan.asked.config, plan.asked.members)
        if plan.inventory.obstacles:
            store.block(plan.inventory.obstacles)
        store.patience = Patience(patience_of_a_run(), say=lambda line: on_event(Delayed(line)))
        return Driver(plan, store, on_event).run(make_engine)


def as_they_were(packs: Sequence[Pack], store: Store, code: Mapping[str, str]) -> list[tuple[Job, ...]]:
    """The packs to train. Interrupted runs come first, in their former packs."""
    wanted = {job.key: job for pack in packs for job in pack.jobs}
    going_on = store.resumable({key: code[key] for key in wanted})
    before = store.packs({resumable.pack for resumable in going_on.values()})
    old = [
        tuple(wanted[key] for key in before[name] if key in going_on and going_on[key].pack == name)
        for name in dict.fromkeys(resumable.pack for resumable in going_on.values())
    ]
    new = [tuple(job for job in pack.jobs if job.key not in going_on) for pack in packs]
    return [jobs for jobs in (*old, *new) if jobs]


class Driver:
    """One run of a plan: hands tasks to an engine and handles their outcomes."""

    def __init__(self, plan: Plan, store: Store, on_event: OnEvent) -> None:
        self.plan = plan
        self.store = store
        self.desk = Desk(store)
        self.say = on_event
        self.tally = Tally(plan)
        self.counter = Counter(plan, store)
        self.queue = Queue()
        self.watch = Watch(store, plan.price.seconds)
        self.known = store.failed(self._code(self.tally.jobs))  # failures of earlier runs; these jobs are retried

    def run(self, make_engine: MakeEngine) -> Summary:
        """Run until every job is settled or a stop is requested."""
        started = time.monotonic()
        release_the_dead(self.store)
        self.queue.put(self._tasks())
        engine: Engine | None = None
        try:
            with contextlib.ExitStack() as stack:
                try:
                    with termination_as_interrupt():  # also while it starts, which takes seconds on a cluster
                        engine = stack.enter_context(make_engine(run_pack))
                        engine.serve(self.desk.answer)
                        self._work(engine)
                except KeyboardInterrupt:
                    self.tally.summary.interrupted = True
                    if engine is not None:
                        self._stop(engine)
        except PassingError:
            self.store.patience = Patience()  # it was waited for long enough
            raise
        finally:  # only now, when the engine has seen its workers end: one just killed may look alive
            self.desk.release_all()
            release_the_dead(self.store)
        self.tally.summary.seconds = time.monotonic() - started
        return self.tally.summary

    def _work(self, engine: Engine) -> None:
        faults = Faults(engine.devices)
        told = False
        while not self.tally.is_complete or engine.busy:
            self._hand_out(engine, faults)
            for outcome in engine.wait(LOOK_EVERY_S):
                if outcome.result and outcome.result.device_fault:  # a process cannot continue after a CUDA error
                    engine.renew(outcome.slot)
                if aside := faults.judge(outcome):
                    self.say(aside)
                    faults.check_any_left(aside)
                self._take(outcome, hung=self.watch.end(outcome.slot))
            for hanging in self.watch.look(engine):
                self.say(hanging)
            if progress := self.counter.progress(self.tally):
                self.say(progress)
            if not self.queue and not engine.busy and not self.tally.is_complete:
                if not told:
                    self.say(Waiting(len(self.tally.left)))
                told = True
                self.look_at_others()
                time.sleep(LOOK_AT_OTHERS_EVERY_S)

    def _hand_out(self, engine: Engine, faults: Faults) -> None:
        self.store.check()  # before a worker misses it
        slots = [slot for slot in engine.free() if slot not in faults.aside]
        for slot, task in zip(slots, self.queue.ready(), strict=False):
            self.watch.start(slot, task)
            engine.submit(slot, task)
            self.say(PackStarted(task.name, task.jobs[0].dataset, len(task.jobs), engine.devices[slot]))

    def _take(self, outcome: Outcome, *, hung: bool) -> None:
        """Record the outcome of a task; queue again what it could not finish."""
        if outcome.died:
            if outcome.why:
                self.say(Delayed(outcome.why))
            self.desk.release(outcome.slot)
            release_the_dead(self.store)
            if not self.queue.put_after_death(outcome.task, hung=hung):
                self._fail_killer(outcome.task, hung=hung)
        elif outcome.error:  # of the store or of regbench; errors of jobs are part of a result
            raise outcome.error
        else:
            self._settle(outcome.task, outcome.result)

    def _settle(self, task: Task, result: Result) -> None:
        self.tally.take(result)
        self.queue.put_smaller(task, result.again)
        again = self.queue.put_back(task, result)
        for key, (failure, error) in result.failed.items():
            if key not in again:
                self.say(self.tally.fail(key, failure, error))
        if result.finished:
            self.say(PackFinished(task.name, task.jobs[0].dataset, len(result.finished), result.seconds))

    def _fail_killer(self, task: Task, *, hung: bool) -> None:
        """Record the failure of a job whose workers died, because they could not record it."""
        (job,) = task.jobs
        why = f"its worker process died {task.deaths + 1} times (killed by the system, or out of memory?)"
        if hung:
            why = f"its worker hung and was ended, twice; if it only takes long, set {settings.HANGS_AFTER} higher"
        claims = self.store.claim(
            self._code([job.key]), owner=this_owner(), lease_s=LEASE_S, environment=environment(), device="none"
        )
        self.store.fail(claims, failure_class="infrastructure", error=why)
        self.say(self.tally.fail(job.key, "infrastructure", why))

    def look_at_others(self) -> None:
        """Check the jobs that other processes hold: settle finished ones, take over those of dead processes."""
        release_the_dead(self.store)
        left = self._code(self.tally.left)
        self.tally.settle(self.store.done(left))
        for key, (failure, error) in self.store.failed(left).items():
            new = self.known.get(key) != (failure, error)
            if key not in self.tally.settled and new and not rule(failure).automatic:
                self.say(self.tally.fail(key, failure, error))
        self.queue.put(self._tasks())

    def _tasks(self) -> Iterator[Task]:
        """Tasks for all jobs that are not settled."""
        settled = self.tally.settled
        left = [Pack(tuple(job for job in pack.jobs if job.key not in settled)) for pack in self.plan.packs]
        for number, jobs in enumerate(as_they_were(left, self.store, self.plan.inventory.code)):
            yield Task(
                jobs=jobs,
                store_url=self.store.url,
                code=self._code(job.key for job in jobs),
                name=f"{self.plan.benchmark}/{number}",
                added=roots.added(),
            )

    def _code(self, keys: Iterable[str]) -> dict[str, str]:
        return {key: self.plan.inventory.code[key] for key in keys}

    def _stop(self, engine: Engine) -> None:
        """Let the workers write their epochs; raise an error of theirs. A second Ctrl-C kills them."""
        trouble = None
        try:
            engine.stop()
            self.store.secure()  # while the workers end their epochs: this machine may not live much longer
            while engine.busy:
                for slot in set(range(len(engine.devices))) - set(engine.free()):
                    if engine.is_stopped(slot):  # it would not notice that it was asked
                        engine.kill_one(slot)
                for outcome in engine.wait(LOOK_EVERY_S):
                    if outcome.result:
                        self._settle(outcome.task, outcome.result)
                    elif not outcome.died:
                        trouble = outcome.error
        except KeyboardInterrupt:
            engine.kill()
        if trouble:
            raise trouble
