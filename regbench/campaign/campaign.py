"""A campaign: plan and train benchmarks into one database, each after the sweeps that it chooses from."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from regbench import runner
from regbench.campaign.events import Blocked, Fetching, RoundPlanned, TrainingEnded, TrainingStarted
from regbench.campaign.places import database, is_there
from regbench.campaign.results import Done, Results, jobs
from regbench.config import Benchmark
from regbench.engines.engine import Engine, Work
from regbench.engines.local import LocalEngine
from regbench.engines.ray.cluster import Cluster
from regbench.errors import Mismatch, UsageError
from regbench.runner import Event, Plan, Request, Verification
from regbench.runner.plan.resources import Resources, of_a_cluster, of_this_machine
from regbench.store import Store

Planned = tuple[Benchmark, Plan]


@dataclass(frozen=True)
class Campaign:
    """Plans and trains benchmarks; if the database does not exist yet, no job is finished.

    Args:
        db: the result database, a file or postgresql://...
        devices: the device of each slot, as `regbench.engines.devices.find_devices` gives them.
        request: options of the plans; its budget is for all benchmarks together.
        on_event: called with every event.
        cluster: the Ray cluster whose slots `devices` are; None for those of this machine.
    """

    db: str
    devices: list[str]
    request: Request = field(default_factory=Request)
    on_event: Callable[[Event], None] = lambda _: None
    cluster: Cluster | None = None

    @property
    def resources(self) -> Resources:
        """The slots with their memory, and with what measures their speed."""
        if self.cluster is None or self.cluster.address is None:
            return of_this_machine(self.devices)
        return of_a_cluster(self.cluster)

    def engine(self, work: Work) -> Engine:
        """An engine with these slots."""
        if self.cluster is None:
            return LocalEngine(self.devices, work)
        from regbench.engines.ray.engine import RayEngine

        return RayEngine.of_this_process(self.cluster, work)

    def prepare(self) -> None:
        """Create the database, or upgrade an older one, before anything is planned."""
        Store.open(self.db).close()

    def plan(self, benchmark: Benchmark, budget_s: float | None = None) -> Plan:
        """Plan one benchmark by the present state of the database."""
        request = replace(self.request, budget_s=budget_s)
        with self._store() as store:
            return runner.plan_ahead(benchmark, store, self.resources, request)

    def plans(self, benchmarks: Sequence[Benchmark]) -> list[Planned]:
        """Plan every benchmark; the cheapest comes first, and uses the budget first."""
        if self.request.choose_again and not any(benchmark.choose for benchmark in benchmarks):
            names = ", ".join(benchmark.name for benchmark in benchmarks)
            raise UsageError(f"--choose-again: {names} does not choose from a sweep")
        found = sorted(
            ((benchmark, self.plan(benchmark)) for benchmark in benchmarks), key=lambda pair: pair[1].likely_s
        )
        if (left := self.request.budget_s) is None:
            return found
        plans = []
        for benchmark, _ in found:
            plans.append((benchmark, self.plan(benchmark, left)))
            left = max(0.0, left - plans[-1][1].packed_s)
        return plans

    def train(self, planned: Sequence[Planned]) -> Results:
        """Train one benchmark after the other; stop after an interruption."""
        done: list[Done] = []
        for benchmark, plan in planned:
            rounds = benchmark.sweep or benchmark.choose
            done += self._train_in_rounds(benchmark, plan) if rounds else [self._train(plan)]
            if any(summary.interrupted for _, summary in done):
                break
        return Results(self.db, tuple(done))

    def verify_packing(self, results: Results, fraction: float) -> list[Verification]:
        """Retrain a fraction of the jobs alone; `Mismatch` if a number depends on the pack."""
        found = [
            verification
            for plan, _ in results.benchmarks
            for verification in runner.verify_packing(plan, self.db, fraction, self.engine)
        ]
        wrong = [verification for verification in found if not verification.ok]
        if wrong:
            worst = max(wrong, key=lambda verification: verification.worst)
            raise Mismatch(
                f"{jobs(len(wrong))} of {len(found)} retrained alone gave other numbers than in their packs: "
                f"{worst.label} differs by up to {worst.worst:.1e}"
            )
        return found

    def _train_in_rounds(self, benchmark: Benchmark, plan: Plan) -> list[Done]:
        """Train the sweeps stage by stage, planning again after each round; then the jobs with chosen values."""
        started, budget_s = time.monotonic(), plan.asked.request.budget_s
        if benchmark.choose:
            with Store.open(self.db) as store:
                runner.announce(plan, store)
        rounds = runner.Rounds()
        found: dict[str, Done] = {}
        while True:
            step = rounds.next(plan)
            if step is None and plan.benchmark in found:
                break
            if step and (found or step is not plan):
                self.on_event(RoundPlanned(step))
            step = step or plan  # at the end, to report that nothing is left
            if step is plan and benchmark.choose:
                with Store.open(self.db) as store:
                    runner.keep_choices(plan, store)
            done = self._train(step)
            found[step.benchmark] = done.after(found.get(step.benchmark))
            if done.summary.interrupted:
                break
            left = None if budget_s is None else max(0.0, budget_s - (time.monotonic() - started))
            plan = self.plan(benchmark, left)
        return list(found.values())

    def _train(self, planned: Plan) -> Done:
        """Fetch the datasets of a plan and train it."""
        plan = runner.fetch_missing(planned, say=lambda name: self.on_event(Fetching(name)))
        for name, why in plan.inventory.obstacles.items():
            self.on_event(Blocked(name, why))
        self.on_event(TrainingStarted(plan))
        summary = runner.run(plan, self.db, self.engine, self.on_event)
        self.on_event(TrainingEnded(plan, summary))
        return Done(plan, summary)

    @contextlib.contextmanager
    def _store(self) -> Iterator[Store | None]:
        if is_there(self.db):
            with database(self.db) as store:
                yield store
        else:
            yield None
