"""Plan a benchmark with sweeps in rounds: the stages of its sweeps first, then the jobs with chosen values.

A benchmark without sweeps has one round. Rounds are planned one at a time, because the next stage of a sweep and the
chosen values depend on earlier results.
"""

from collections.abc import Collection
from dataclasses import replace

from regbench.config import Benchmark
from regbench.runner.plan.make import make_plan
from regbench.runner.plan.plan import Plan, Request
from regbench.runner.plan.resources import Resources
from regbench.runner.sweep.choice import Cell, Survey, of_shard, resolve_choices, resolve_sweep
from regbench.store import Store


def plan_ahead(
    benchmark: Benchmark, store: Store | None, resources: Resources = Resources(), request: Request = Request()
) -> Plan:
    """Plan what is known so far. Sweeps are planned first and use the budget first.

    A shard is a part of the jobs or, with sweeps and choices, of the cells.
    """
    if not benchmark.sweep and not benchmark.choose:
        return make_plan(benchmark, store, resources, request)
    if request.shard:
        benchmark = of_shard(benchmark, *request.shard)
    if benchmark.choose is None:
        return _sweep(Survey(benchmark, "val/rmse").look(store), store, resources, request)
    return _choosing(benchmark, store, resources, request)


def keep_choices(plan: Plan, store: Store) -> None:
    """Store the choices of a plan before they are used; an earlier choice of another process is kept."""
    store.add_benchmark(plan.benchmark, plan.asked.config, [])
    if plan.ahead.choices:
        store.choose(plan.benchmark, plan.ahead.choices, again=plan.asked.request.choose_again)


def announce(plan: Plan, store: Store) -> None:
    """Register a benchmark that chooses values before its sweeps are trained, so that other processes see it."""
    store.add_benchmark(plan.benchmark, plan.asked.config, [] if plan.ahead.choices else plan.asked.members)


class Rounds:
    """Selects the part of a plan to train next."""

    def __init__(self) -> None:
        self._attempted: set[str] = set()

    def next(self, plan: Plan) -> Plan | None:
        """The first sweep with jobs that were not attempted yet, then the plan itself; None at the end.

        Failed and blocked jobs are not attempted again by the same command, because it would never end.
        """
        for step in (*plan.ahead.sweeps, plan):
            jobs = {job.key for pack in step.packs for job in pack.jobs}
            if jobs - self._attempted:
                self._attempted |= jobs
                return step
        return None


def _choosing(benchmark: Benchmark, store: Store | None, resources: Resources, request: Request) -> Plan:
    """The plan of a benchmark that chooses its values."""
    assert benchmark.choose is not None
    surveys = [Survey(source, benchmark.choose.by).look(store) for source in benchmark.choose.sources]
    stored = store.chosen(benchmark.name) if store else {}
    found = resolve_choices(benchmark, surveys, stored, again=request.choose_again)
    sweeps: list[Plan] = []
    rest = request  # with the budget that the sweeps leave
    for survey in surveys:
        needed = {cell for name, cell in found.needs if name == survey.sweep.name}
        if found.pending and needed:
            sweeps.append(_sweep(survey, store, resources, rest, only=needed))
            rest = _less(rest, sweeps[-1].price.estimate.likely)
    unsharded = replace(rest, shard=None)
    plan = make_plan(found.benchmark, store, resources, unsharded, members=found.members, pending=found.pending)
    asked = replace(plan.asked, request=request, notes=(*plan.asked.notes, *found.notes))
    return replace(plan, asked=asked, ahead=replace(plan.ahead, sweeps=tuple(sweeps), choices=found.choices))


def _sweep(
    survey: Survey,
    store: Store | None,
    resources: Resources,
    request: Request,
    *,
    only: Collection[Cell] | None = None,
) -> Plan:
    """The plan of a sweep for all cells or those of `only`; the sweep is already limited to its shard."""
    found = resolve_sweep(survey, only)
    plan = make_plan(found.benchmark, store, resources, replace(request, shard=None), members=found.members)
    ahead = replace(plan.ahead, later=found.later, may_extend=found.may_extend)
    return replace(plan.for_request(request), ahead=ahead)


def _less(request: Request, seconds: float) -> Request:
    if request.budget_s is None:
        return request
    return replace(request, budget_s=max(0.0, request.budget_s - seconds))
