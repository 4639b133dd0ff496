"""Make a plan: find the missing jobs, put them into packs, and estimate their time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from regbench import catalog, kinds, roots
from regbench.config import Benchmark
from regbench.errors import DataUnavailable
from regbench.job import Job, Pack
from regbench.kinds import code_digests, libraries
from regbench.runner.failures import RETRIED
from regbench.runner.plan import budget, shards
from regbench.runner.plan.cost import epoch_cost, kind_of, memory
from regbench.runner.plan.estimate import STARTUP_S, Estimate, estimate
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.packing import make_packs
from regbench.runner.plan.plan import Ahead, Asked, Inventory, Plan, Price, Request
from regbench.runner.plan.resources import Resources
from regbench.store import Member, Store

WORTH_CALIBRATING_S = 5.0  # by arithmetic; shorter work is not worth a measurement
LESS = 0.97  # fraction of the jobs to keep while their packs exceed the budget


def make_plan(
    benchmark: Benchmark,
    store: Store | None,
    resources: Resources = Resources(),
    request: Request = Request(),
    *,
    members: Sequence[Member] | None = None,
    pending: Sequence[Job] = (),
) -> Plan:
    """Put the jobs into packs that are neither finished by this code nor failed without a retry; longest packs first.

    Args:
        benchmark: the benchmark; its jobs are planned.
        store: the results; None if there is no store yet.
        resources: the slots for training.
        request: a shard, a budget and other options.
        members: the jobs of the whole benchmark with their rows; by default every job has its own row.
        pending: jobs whose values are not chosen yet; only their time is estimated.
    """
    jobs = tuple(dict.fromkeys(benchmark.jobs))
    if request.shard:
        jobs = shards.shard(jobs, *request.shard)
    inventory, left = _take_inventory(jobs, store, resources.devices, retry_failed=request.retry_failed)
    packer = _Packer(resources, _pace(store, resources, [*left, *pending]))
    chosen, packs = left, packer.packs(left)
    if request.budget_s is not None:
        chosen, packs = packer.affordable(budget.in_order(left, jobs, packer.pace), request.budget_s)
    left_out = set(left) - set(chosen)
    if members is None:
        members = [Member(job, benchmark.label(job)) for job in dict.fromkeys(benchmark.whole)]
    return Plan(
        Asked(benchmark.name, benchmark.config, tuple(members), request, benchmark.notes),
        jobs=tuple(job for job in jobs if job not in left_out),
        inventory=replace(inventory, missing=_missing({job.dataset for job in chosen if kinds.is_ours(job.method)})),
        packs=tuple(packs),
        price=packer.price(packs),
        left_out=tuple(job for job in left if job in left_out),
        ahead=Ahead(
            pending=tuple(pending), pending_estimate=packer.estimate(packer.packs(pending)) if pending else None
        ),
    )


def fetch_missing(plan: Plan, say: Callable[[str], None] = lambda _: None) -> Plan:
    """Fetch missing datasets; one that is unavailable blocks only its own jobs."""
    from regbench import data

    blocked = dict(plan.inventory.blocked)
    for name in plan.inventory.missing:
        say(name)
        try:
            data.load(catalog.load("datasets", name), name)
        except DataUnavailable as error:
            blocked[name] = str(error)
    packs = tuple(pack for pack in plan.packs if pack.jobs[0].dataset not in blocked)
    return replace(plan, packs=packs, inventory=replace(plan.inventory, missing=(), blocked=blocked))


def _take_inventory(
    jobs: Sequence[Job], store: Store | None, devices: Sequence[str], *, retry_failed: bool
) -> tuple[Inventory, list[Job]]:
    """The state of some jobs in the store, and the jobs that remain to train."""
    code = code_digests(jobs)
    done = store.done(code) if store else set()
    outgrown = store.outgrown({key: code[key] for key in code if key not in done}) if store else {}
    failed = store.failed(code) if store and not retry_failed else {}
    failed = {key: why for key, why in failed.items() if why[0] not in RETRIED}
    to_do = {job.method for job in jobs if job.key not in done}
    uninstalled = {**_uninstalled(to_do), **_without_gpu(to_do, devices)}
    inventory = Inventory(code, frozenset(done), outgrown, failed, uninstalled=uninstalled)
    left = [job for job in jobs if job.key not in done and job.key not in failed and job.method not in uninstalled]
    return inventory, left


def _pace(store: Store | None, resources: Resources, ahead: Sequence[Job]) -> Pace:
    worth_it = sum(job.protocol.epochs * epoch_cost(job) for job in ahead) > WORTH_CALIBRATING_S
    return Pace.of(store, resources.devices, calibrate=resources.calibrate if worth_it else None)


@dataclass(frozen=True)
class _Packer:
    """Makes packs for the slots of this machine, and estimates their time and memory."""

    resources: Resources
    pace: Pace

    def packs(self, jobs: Sequence[Job]) -> list[Pack]:
        return make_packs(jobs, self.resources, self.pace)

    def estimate(self, packs: Sequence[Pack]) -> Estimate:
        return estimate(packs, self.pace, self.resources.devices, self.resources.cores)

    def memory(self, packs: Sequence[Pack]) -> int:
        """Bytes of the largest pack."""
        kind = kind_of(self.resources.devices)
        return max((memory(pack.jobs, kind=kind) for pack in packs), default=0)

    def price(self, packs: Sequence[Pack]) -> Price:
        seconds = {job.key: self.pace.seconds(job) for pack in packs for job in pack.jobs}
        return Price(self.estimate(packs), self.memory(packs), self.resources.free_bytes, seconds)

    def affordable(self, ordered: Sequence[Job], budget_s: float) -> tuple[list[Job], list[Pack]]:
        """The jobs from the front of the list whose packs should fit the budget, and these packs."""
        start, lanes = STARTUP_S[kind_of(self.resources.devices)], self.resources.at_once
        chosen = budget.within(
            ordered, lambda some: start + sum(map(self.pace.seconds, some)) / lanes if some else 0, budget_s
        )
        packs = self.packs(chosen)
        while chosen and self.estimate(packs).likely > budget_s:
            chosen = chosen[: min(len(chosen) - 1, int(LESS * len(chosen)))]
            packs = self.packs(chosen)
        return chosen, packs


def _uninstalled(methods: set[str]) -> dict[str, str]:
    """The baselines whose library is not installed, with a message how to install it."""
    lacking = {name: libraries(name) for name in sorted(methods) if kinds.is_reference(name)}
    return {
        baseline: f"{baseline} needs the package {name}, which is not installed: {kinds.way_to_install(name)}"
        for baseline, found in lacking.items()
        for name, version in found
        if not version
    }


def _without_gpu(methods: set[str], devices: Sequence[str]) -> dict[str, str]:
    """The commands that need a GPU where no slot has one, with a message."""
    if kind_of(devices) == "cuda":
        return {}
    needy = [name for name in sorted(methods) if (command := roots.own_command(name)) and command.gpus]
    return {name: f"{name} needs a GPU (gpus: 1), and no slot of this run has one" for name in needy}


def _missing(datasets: set[str]) -> tuple[str, ...]:
    from regbench import data

    return tuple(name for name in sorted(datasets) if not data.is_here(catalog.load("datasets", name), name))
