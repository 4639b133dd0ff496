"""Select a part of a benchmark: the jobs that fit a time budget."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from regbench.job import Job
from regbench.runner.plan.pace import Pace


def in_order(jobs: Sequence[Job], everything: Sequence[Job], pace: Pace) -> list[Job]:
    """Order jobs for a budget: the first seed of every cell before any second seed, cheap datasets first.

    Args:
        jobs: the jobs to order.
        everything: all jobs of the benchmark, finished or not; they define the order of the seeds of a cell.
        pace: how long jobs take.
    """
    seeds: dict[tuple, set[int]] = defaultdict(set)
    for job in (*everything, *jobs):
        seeds[_cell(job)].add(job.seed)
    rounds = {cell: {seed: number for number, seed in enumerate(sorted(its))} for cell, its in seeds.items()}
    prices: dict[str, list[float]] = defaultdict(list)
    for job in everything:
        prices[job.dataset].append(pace.seconds(job))
    price = {dataset: sum(seconds) / len(seconds) for dataset, seconds in prices.items()}
    return sorted(jobs, key=lambda job: (rounds[_cell(job)][job.seed], price[job.dataset], job.dataset))


def within(jobs: Sequence[Job], wall: Callable[[Sequence[Job]], float], budget_s: float) -> list[Job]:
    """The longest front part of the list that fits the budget; `wall` gives the seconds that jobs take."""
    low, high = 0, len(jobs)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wall(jobs[:middle]) <= budget_s else (low, middle - 1)
    return list(jobs[:low])


def _cell(job: Job) -> tuple:
    return (job.dataset, job.method, job.hparams, job.static, job.parts, job.k, job.backbone, job.options, job.protocol)


def summary(left_out: Sequence[Job]) -> str:
    """Describe the jobs that a budget leaves out: their number and seeds for each dataset.

    >>> summary([])
    'nothing'
    """
    by_dataset: dict[str, list[Job]] = defaultdict(list)
    for job in left_out:
        by_dataset[job.dataset].append(job)
    words = []
    for dataset, jobs in by_dataset.items():
        seeds = ", ".join(str(seed) for seed in sorted({job.seed for job in jobs}))
        words.append(f"{dataset} {len(jobs)} (seeds {seeds})")
    return "; ".join(words) or "nothing"
