"""Choose which cells to train for open claims within a time budget, and tell what more time would settle.

Cells with the most waiting claims per second of training come first.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from regbench.analysis import order
from regbench.analysis.claims import Finding, Findings, seeds_needed, wanted
from regbench.analysis.claims.rows import Row
from regbench.config import Benchmark
from regbench.job import Job
from regbench.runner.plan.cost import kind_of
from regbench.runner.plan.estimate import STARTUP_S
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.plan import Plan

Cell = tuple[str, Row]  # dataset by its short name, row
TOO_CLOSE = "closer than any likely number of seeds can tell"
NOT_BY_ERRORS = "no error decides it"


@dataclass(frozen=True)
class Bill:
    """The estimated cost of settling one open claim."""

    claim: str
    jobs: int  # of the benchmark that are not trained yet
    seconds: float
    seeds: int | None = None  # how many might be enough, if all jobs are trained
    why: str = ""  # why no training is known to help; empty otherwise


@dataclass(frozen=True)
class Further:
    """What the open claims still cost.

    jobs, seconds: all missing jobs of the benchmark that open claims wait for.
    bills: the cost of each claim by itself, the cheapest first.
    """

    jobs: int
    seconds: float
    bills: tuple[Bill, ...]


def cell_of(benchmark: Benchmark, job: Job) -> Cell:
    """The cell of a benchmark's job with its row's default values."""
    return order.alias(job.dataset), Row(benchmark.label(job), job.k)


def only(benchmark: Benchmark, cells: Collection[Cell]) -> Benchmark:
    """The benchmark, limited to the jobs of some cells."""
    return replace(benchmark, jobs=tuple(job for job in benchmark.jobs if cell_of(benchmark, job) in cells))


def ahead(benchmark: Benchmark, plan: Plan) -> dict[Cell, list[Job]]:
    """The jobs that a plan of a benchmark and its sweeps still have to train, by the cell that needs them."""
    found: dict[Cell, list[Job]] = defaultdict(list)
    for part in (*plan.ahead.sweeps, plan):
        rows = {member.job: member.row or member.variant for member in part.asked.members}
        for job in (job for pack in part.packs for job in pack.jobs):
            found[order.alias(job.dataset), Row(rows[job], job.k)].append(job)
    for job in plan.ahead.pending:
        found[cell_of(benchmark, job)].append(job)
    return dict(found)


def affordable(
    waiting: Mapping[Cell, Sequence[Job]],
    worth: Mapping[Cell, int],
    pace: Pace,
    devices: Sequence[str],
    budget_s: float,
) -> list[Cell]:
    """The cells to train within a budget, those with the most waiting claims per second first.

    Only whole cells are chosen, because a cell with a single seed decides nothing.
    """
    seconds = {cell: _seconds(jobs, pace) for cell, jobs in waiting.items() if worth.get(cell)}
    ordered = sorted(seconds, key=lambda cell: (-worth[cell] / seconds[cell], str(cell)))
    left, chosen = (budget_s - STARTUP_S[kind_of(devices)]) * len(devices), []
    for cell in ordered:
        if seconds[cell] <= left:
            chosen.append(cell)
            left -= seconds[cell]
    return chosen


def further(findings: Findings, plan: Plan, benchmark: Benchmark, pace: Pace, devices: Sequence[str]) -> Further:
    """What each open claim still costs: missing jobs of the benchmark, or more seeds if all of them are trained.

    Args:
        findings: the claims, judged on the present runs.
        plan: the plan of the benchmark, limited to the cells that open claims wait for.
        benchmark: the whole benchmark.
        pace: how long jobs take.
        devices: the device of each slot.
    """
    waiting = ahead(benchmark, plan)
    bills = [_bill(finding, waiting, benchmark, pace, len(devices)) for finding in findings.open]
    bills.sort(key=lambda bill: (bool(bill.why), bill.seconds, bill.claim))
    return Further(sum(map(len, waiting.values())), plan.likely_s, tuple(bills))


def _bill(
    finding: Finding,
    waiting: Mapping[Cell, Sequence[Job]],
    benchmark: Benchmark,
    pace: Pace,
    slots: int,
) -> Bill:
    name, cells = finding.claim.id, wanted(finding, choosing=benchmark.choose is not None)
    if jobs := [job for cell in cells for job in waiting.get(cell, ())]:
        return Bill(name, len(jobs), _seconds(jobs, pace) / slots)
    if seeds := seeds_needed(finding):
        trained = [job for job in benchmark.whole if cell_of(benchmark, job) in cells]
        usual = len({job.seed for job in trained})
        return Bill(name, 0, _seconds(trained, pace) * (seeds / usual - 1) / slots, seeds=seeds)
    missing = {why for metric in finding.metrics for why in finding.answers[metric].missing.values()}
    return Bill(name, 0, 0.0, why=", ".join(sorted(missing)) or (TOO_CLOSE if cells else NOT_BY_ERRORS))


def _seconds(jobs: Sequence[Job], pace: Pace) -> float:
    return sum(map(pace.seconds, jobs))
