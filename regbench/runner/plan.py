"""What is left to train, in packs, and how long that will take."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from regbench import catalog, kinds, variants
from regbench.errors import DataUnavailable
from regbench.job import Job, Pack
from regbench.kinds import code_digest, libraries
from regbench.runner import budget
from regbench.runner.estimate import STARTUP_S, Calibrate, Estimate, Facts, Pace, epoch_cost, estimate, kind_of, memory
from regbench.runner.failures import RETRIED
from regbench.runner.packing import make_packs
from regbench.store import Choice, Member, Store

__all__ = ["Plan", "epoch_cost", "fetch_missing", "make_plan"]

WORTH_CALIBRATING_S = 5.0  # by arithmetic; what is shorter is over before it has been measured
LESS = 0.97  # of the jobs that seemed to fit a budget, while their packs do not


@dataclass(frozen=True)
class Plan:
    """A benchmark against a store: what is done, what is blocked, and the packs that remain."""

    benchmark: str
    config: Mapping[str, Any]
    jobs: tuple[Job, ...]  # without other shards, and without what a budget leaves out
    members: tuple[Member, ...]  # the benchmark without filters, each job with its row
    code: Mapping[str, str]  # job key -> digest of the code it would run
    done: frozenset[str]  # keys
    outgrown: Mapping[str, str | None]  # key -> commit of the other code that has finished it; done no longer
    failed: Mapping[str, tuple[str, str]]  # key -> class and message; left out until asked for again
    packs: tuple[Pack, ...]
    missing: tuple[str, ...]  # datasets that are not here yet
    estimate: Estimate
    memory_bytes: int  # of the largest pack
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # a user's own table: dataset -> (path, target)
    blocked: Mapping[str, str] = field(default_factory=dict)  # dataset -> why
    uninstalled: Mapping[str, str] = field(default_factory=dict)  # baseline -> why, for want of its library
    left_out: tuple[Job, ...] = ()  # for which the budget is too small
    budget_s: float | None = None
    shard: tuple[int, int] | None = None
    free_bytes: int | None = None  # memory that a slot may count on
    sweeps: tuple["Plan", ...] = ()  # to be done before, for what still has to be chosen
    pending: tuple[Job, ...] = ()  # with their rows' defaults: what waits for a choice
    pending_estimate: Estimate | None = None
    choices: tuple[Choice, ...] = ()  # made now, and to be kept before they are used
    later: int = 0  # jobs of a sweep's stages that have not begun
    may_extend: bool = False  # a sweep may go on beyond an edge
    notes: tuple[str, ...] = ()  # what was asked for and makes no job

    @property
    def possible(self) -> tuple[Job, ...]:
        """The jobs less those that are blocked."""
        return tuple(job for job in self.jobs if job.dataset not in self.blocked and job.method not in self.uninstalled)

    @property
    def is_sweep(self) -> bool:
        """Whether it tries values, rather than training with those that were chosen."""
        return "sweep" in self.config

    @property
    def to_train(self) -> int:
        """Jobs in the packs."""
        return sum(len(pack.jobs) for pack in self.packs)

    @property
    def likely_s(self) -> float:
        """Seconds of all that is known to be ahead: sweeps, jobs and those that wait for a choice."""
        pending = self.pending_estimate.likely if self.pending_estimate else 0.0
        return self.packed_s + pending

    @property
    def packed_s(self) -> float:
        """Seconds of what is in packs now, the sweeps' included."""
        return self.estimate.likely + sum(each.packed_s for each in self.sweeps)


def make_plan(
    benchmark: Any,
    store: Store | None,
    *,
    devices: Sequence[str] = ("cpu",),
    retry_failed: bool = False,
    files: Mapping[str, tuple[str, str]] | None = None,
    shard: tuple[int, int] | None = None,
    budget_s: float | None = None,
    free_bytes: int | None = None,
    calibrate: Calibrate | None = None,
    largest: Callable[[Job, Mapping[str, Facts]], int] | None = None,
    members: Sequence[Member] | None = None,
    pending: Sequence[Job] = (),
) -> Plan:
    """Leave out what is done (by this code) and what failed for a reason of its own; pack the rest, longest first.

    Args:
        benchmark: a `regbench.config.Benchmark`.
        store: where results are; None where there is no store yet.
        devices: the slots that will train; their number and kind decide the size of the packs.
        retry_failed: take failed jobs in again.
        files: tables of the user's own, dataset -> (path, target).
        shard: only the i-th of n shares, from 1.
        budget_s: only what should be done in so many seconds.
        free_bytes: memory that one slot may count on; packs stay well below it.
        calibrate: measures what the store has no history of, such as `calibration.calibrate`.
        largest: jobs that a pack of such jobs may have at most, such as `calibration.largest_pack` measures.
        members: the jobs of the whole benchmark and their rows; by default each is its own row.
        pending: jobs whose values are still to be chosen; only their time is told.
    """
    jobs = tuple(dict.fromkeys(benchmark.jobs))
    if shard:
        jobs = budget.shard(jobs, *shard)
    code = {job.key: code_digest(job) for job in jobs}
    done = store.done(code) if store else set()
    outgrown = store.outgrown({key: code[key] for key in code if key not in done}) if store else {}
    failed = store.failed(code) if store else {}
    kept_out = {} if retry_failed else {key: why for key, why in failed.items() if why[0] not in RETRIED}
    uninstalled = _uninstalled({job.method for job in jobs if job.key not in done})
    out = {job.key for job in jobs if job.method in uninstalled} | done | set(kept_out)
    left = [job for job in jobs if job.key not in out]
    files = files or {}
    facts = _own_facts(files)
    ahead = [*left, *pending]
    worth_it = sum(job.protocol.epochs * epoch_cost(job, facts) for job in ahead) > WORTH_CALIBRATING_S
    pace = Pace.of(store, devices, calibrate=calibrate if worth_it else None, facts=facts)

    limit = (lambda job: largest(job, facts)) if largest else None

    def packed(some: Sequence[Job]) -> list[Pack]:
        return make_packs(some, devices, pace, free_bytes=free_bytes, facts=facts, largest=limit)

    chosen, packs = left, packed(left)
    if budget_s is not None:
        chosen, packs = _affordable(budget.in_order(left, jobs, pace), packed, budget_s, pace, devices)
    left_out = set(left) - set(chosen)
    kind = kind_of(devices)
    return Plan(
        benchmark=benchmark.name,
        config=benchmark.config,
        jobs=tuple(job for job in jobs if job not in left_out),
        members=tuple(Member(job, label(job)) for job in dict.fromkeys(benchmark.whole))
        if members is None
        else tuple(members),
        code=code,
        done=frozenset(done),
        outgrown=outgrown,
        failed=kept_out,
        packs=tuple(packs),
        missing=_missing({job.dataset for job in chosen} - set(files)),
        estimate=estimate(packs, pace, devices),
        memory_bytes=max((memory(pack.jobs, facts, kind=kind) for pack in packs), default=0),
        files=files,
        uninstalled=uninstalled,
        left_out=tuple(job for job in left if job in left_out),
        budget_s=budget_s,
        shard=shard,
        free_bytes=free_bytes,
        pending=tuple(pending),
        pending_estimate=estimate(packed(pending), pace, devices) if pending else None,
        notes=benchmark.notes,
    )


def label(job: Job) -> str:
    """A job's variant as users write it."""
    return variants.label(job.method, dict(job.hparams), dict(job.static))


def fetch_missing(plan: Plan, say: Callable[[str], None] = lambda _: None) -> Plan:
    """Fetch the datasets that are not here; those that cannot be had block their own jobs, and only those."""
    from regbench import data

    blocked = dict(plan.blocked)
    for name in plan.missing:
        say(name)
        try:
            data.load(catalog.load("datasets", name), name)
        except DataUnavailable as error:
            blocked[name] = str(error)
    packs = tuple(pack for pack in plan.packs if pack.jobs[0].dataset not in blocked)
    return replace(plan, packs=packs, missing=(), blocked=blocked)


def _affordable(
    ordered: Sequence[Job],
    packed: Callable[[Sequence[Job]], list[Pack]],
    budget_s: float,
    pace: Pace,
    devices: Sequence[str],
) -> tuple[list[Job], list[Pack]]:
    """The jobs from the front of the list whose packs should be done in time."""
    start = STARTUP_S[kind_of(devices)]
    chosen = budget.within(
        ordered, lambda some: start + sum(map(pace.seconds, some)) / len(devices) if some else 0, budget_s
    )
    packs = packed(chosen)
    while chosen and estimate(packs, pace, devices).likely > budget_s:
        chosen = chosen[: min(len(chosen) - 1, int(LESS * len(chosen)))]
        packs = packed(chosen)
    return chosen, packs


def _uninstalled(methods: set[str]) -> dict[str, str]:
    """The baselines among these whose library is not here, and what to do about it."""
    lacking = {name: libraries(name) for name in sorted(methods) if kinds.is_reference(name)}
    return {
        baseline: f"{baseline} needs the package {name}, which is not installed: pip install 'regbench[baselines]'"
        for baseline, found in lacking.items()
        for name, version in found
        if not version
    }


def _missing(datasets: set[str]) -> tuple[str, ...]:
    from regbench import data

    return tuple(name for name in sorted(datasets) if not data.is_here(catalog.load("datasets", name), name))


def _own_facts(files: Mapping[str, tuple[str, str]]) -> dict[str, Facts]:
    """Sizes of the user's own tables."""
    if not files:
        return {}
    from regbench import data

    described = {name: data.from_file(*file)[0] for name, file in files.items()}
    return {name: Facts(dataset.sizes, dataset.inputs) for name, dataset in described.items()}
