"""A benchmark in rounds: what its sweeps can train now, and again with what has come of it, then the chosen jobs.

A plan of a benchmark without sweeps is one round. Which rounds there are is seen one at a time, for the next stage of
a sweep, and the values of the last jobs, depend on the results of those before.
"""

from dataclasses import replace
from typing import Any

from regbench.config import Benchmark
from regbench.runner.choice import Survey, of_shard, resolve_choices, resolve_sweep
from regbench.runner.plan import Plan, make_plan
from regbench.store import Store


def plan_ahead(
    benchmark: Benchmark,
    store: Store | None,
    *,
    choose_again: bool = False,
    shard: tuple[int, int] | None = None,
    budget_s: float | None = None,
    **options: Any,
) -> Plan:
    """What is to be trained, as far as it is known now; `sweeps` of the plan come first, and spend the budget first.

    Args:
        benchmark: any one.
        store: where results are; None where there is no store yet.
        choose_again: make choices anew that were made before.
        shard: only the i-th of n shares, from 1: of the jobs, or of the cells where values are chosen.
        budget_s: only what should be done in so many seconds.
        options: those of `make_plan`.
    """
    if not benchmark.sweep and not benchmark.choose:
        return make_plan(benchmark, store, shard=shard, budget_s=budget_s, **options)
    if shard:
        benchmark = of_shard(benchmark, *shard)
    if benchmark.choose is None:
        plan = _sweep(benchmark, Survey(benchmark, "val/rmse").look(store), store, budget_s=budget_s, **options)
        return replace(plan, shard=shard)
    surveys = [Survey(source, benchmark.choose.by).look(store) for source in benchmark.choose.sources]
    stored = store.chosen(benchmark.name) if store else {}
    found = resolve_choices(benchmark, surveys, stored, again=choose_again)
    sweeps, left = [], budget_s
    for survey in surveys:
        needed = {cell for name, cell in found.needs if name == survey.sweep.name}
        if found.pending and needed:
            sweeps.append(_sweep(survey.sweep, survey, store, only=needed, budget_s=left, **options))
            left = None if left is None else max(0.0, left - sweeps[-1].estimate.likely)
    plan = make_plan(found.benchmark, store, members=found.members, pending=found.pending, budget_s=left, **options)
    return replace(
        plan,
        sweeps=tuple(replace(each, shard=shard) for each in sweeps),
        choices=found.choices,
        notes=(*plan.notes, *found.notes),
        shard=shard,
        budget_s=budget_s,
    )


def keep_choices(plan: Plan, store: Store, *, choose_again: bool = False) -> None:
    """Store what a plan has chosen, before anything is trained with it; what another process chose first stays."""
    store.add_benchmark(plan.benchmark, plan.config, [])
    if plan.choices:
        store.choose(plan.benchmark, plan.choices, again=choose_again)


def announce(plan: Plan, store: Store) -> None:
    """Let others see a benchmark that chooses while its sweeps are trained, with what was chosen before."""
    store.add_benchmark(plan.benchmark, plan.config, [] if plan.choices else plan.members)


class Rounds:
    """Which of a plan's parts is to be trained next, given what was trained before."""

    def __init__(self) -> None:
        self._attempted: set[str] = set()

    def next(self, plan: Plan) -> Plan | None:
        """The first sweep that has jobs which were not attempted yet; the plan itself where none has; None at the end.

        A job that failed, or that is blocked, is not attempted again by the same command: it would never end.
        """
        for step in (*plan.sweeps, plan):
            jobs = {job.key for pack in step.packs for job in pack.jobs}
            if jobs - self._attempted:
                self._attempted |= jobs
                return step
        return None


def _sweep(sweep: Benchmark, survey: Survey, store: Store | None, *, only: Any = None, **options: Any) -> Plan:
    found = resolve_sweep(sweep, survey, only)
    plan = make_plan(found.benchmark, store, members=found.members, **options)
    return replace(plan, later=found.later, may_extend=found.may_extend)
