"""`regbench bench --grid`: what a whole benchmark costs on this machine."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench.cli.output import amount, columns, emit, emit_json, say
from regbench.errors import UsageError, some

if TYPE_CHECKING:
    from regbench.bench.grid import GridCost, Spent
    from regbench.config import Benchmark

HEADER = ["dataset", "jobs", "core-hours", "steps", "products alone", "of steps", "evaluation", "fixed"]
BASIS = {
    "steps": "measured",
    "evaluation": "measured",
    "floor": "measured",
    "fastest_floor": "measured",
    "storing": "estimated",
    "starting": "estimated",
    "workers": "estimated",
}
HOUR = 3600


def show(
    name: str,
    *,
    datasets: Sequence[str] | None,
    methods: Sequence[str] | None,
    is_quick: bool,
    file: Path | None,
    json: bool,
) -> int:
    """Measure and print what a benchmark costs."""
    from regbench import config

    benchmark = config.load(file).get(name)
    if benchmark.sweep:
        raise UsageError(
            f"--grid {name}: the jobs of a sweep depend on its results; `regbench plan {name}` estimates it"
        )
    if datasets or methods:
        benchmark = config.filter_jobs(benchmark, datasets=datasets or (), methods=methods or ())
    say(f"regbench: measuring a step of each method, k and shape of {benchmark.name}; best done on an idle machine")
    from regbench.bench.grid import Measured, measure
    from regbench.bench.speed import QUICK, THOROUGH

    def hear(measured: Measured) -> None:
        cell = measured.cell
        k = "" if cell.k is None else f" k={cell.k}"
        say(f"{cell.dataset} {cell.method}{k}: {1e3 * measured.step:.2f} ms a model-step")

    found = measure(benchmark.name, benchmark.jobs, QUICK if is_quick else THOROUGH, hear)
    if not found.jobs:
        raise UsageError(
            f"--grid {name}: no job of {benchmark.name} is trained in packs by us: {some(list(found.unmeasured))}"
        )
    if json:
        emit_json("bench", as_data(found), notes(found, benchmark))
    else:
        emit("\n".join([as_text(found), *notes(found, benchmark)]))
    return 0


def notes(cost: "GridCost", benchmark: "Benchmark") -> list[str]:
    """What is not counted."""
    left = [f"not counted: {amount(count, 'job')} of {name}" for name, count in cost.unmeasured.items()]
    if benchmark.choose is not None:
        left.append(f"not counted: the sweeps that {benchmark.name} waits for")
    return left


def as_data(cost: "GridCost") -> dict[str, Any]:
    """The cost as plain data, for JSON; times in seconds of one core unless they say hours."""
    spent = cost.spent(cost.jobs)
    total = spent.total + cost.workers_s
    return {
        "benchmark": cost.benchmark,
        "jobs": len(cost.jobs),
        "core_hours": total / HOUR,
        "wall_hours": cost.wall_s / HOUR,
        "cores": cost.cores,
        "floor_core_hours": spent.floor / HOUR,
        "fastest_floor_core_hours": spent.fastest_floor / HOUR,
        "of_floor": spent.floor / total,
        "of_fastest_floor": spent.fastest_floor / total,
        "seconds": {**asdict(spent), "workers": cost.workers_s},
        "basis": BASIS,
        "datasets": {name: asdict(part) for name, part in _by_dataset(cost).items()},
        "seconds_per_model": [
            {**asdict(one.cell), "step": one.step, "floor": one.floor, "fastest_floor": one.fastest_floor}
            | {"evaluation": one.evaluation}
            for one in cost.measured.values()
        ],
        "settings": asdict(cost.effort),
        "processor": cost.processor,
        "data": "synthetic",
    }


def as_text(cost: "GridCost") -> str:
    """The cost as a table of datasets, and sentences about the whole."""
    counts = defaultdict(int)
    for job in cost.jobs:
        counts[job.dataset] += 1
    rows = [_row(name, counts[name], part) for name, part in _by_dataset(cost).items()]
    spent = cost.spent(cost.jobs)
    total = spent.total + cost.workers_s
    fixed = spent.storing + spent.starting + cost.workers_s
    return "\n".join(
        [
            columns([*rows, _row("all", len(cost.jobs), spent)], header=HEADER),
            f"{cost.benchmark}: {amount(len(cost.jobs), 'job')}, {_hours(total)} core-hours, "
            f"{_hours(cost.wall_s)} hours on {amount(cost.cores, 'core')}",
            f"matrix products alone: {_hours(spent.floor)} core-hours, {spent.floor / total:.0%} of it; each in its "
            f"faster storage order {_hours(spent.fastest_floor)}, {spent.fastest_floor / total:.0%}",
            f"measured on generated rows: steps {_hours(spent.steps)}, evaluation {_hours(spent.evaluation)}; "
            f"estimated: storing, first stages, starts of jobs and workers {_hours(fixed)}",
            f"{cost.processor}, one core at a time: cores that share memory may each be slower together",
        ]
    )


def _by_dataset(cost: "GridCost") -> "dict[str, Spent]":
    names = dict.fromkeys(job.dataset for job in cost.jobs)
    return {name: cost.spent([job for job in cost.jobs if job.dataset == name]) for name in names}


def _row(name: str, jobs: int, spent: "Spent") -> list[Any]:
    fraction = f"{spent.floor / spent.steps:8.0%}"
    parts = [spent.total, spent.steps, spent.floor]
    rest = [spent.evaluation, spent.storing + spent.starting]
    return [name, jobs, *map(_hours, parts), fraction, *map(_hours, rest)]


def _hours(seconds: float) -> str:
    hours = seconds / HOUR
    return f"{hours:.1f}" if hours >= 10 else f"{hours:.2f}" if hours >= 0.1 else f"{hours:.4f}"
