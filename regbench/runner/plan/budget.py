"""Parts of a benchmark: what fits into a time, and one of n equal shares for several machines."""

import re
from collections import defaultdict
from collections.abc import Callable, Sequence

from regbench.errors import UsageError
from regbench.job import Job
from regbench.runner.plan.pace import Pace

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0}


def read_duration(text: str) -> float:
    """Seconds of a time as one writes it on a command line.

    >>> read_duration("90s"), read_duration("30m"), read_duration("1h30m")
    (90.0, 1800.0, 5400.0)
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)\s*", text.strip())
    whole = re.fullmatch(r"(?:\d+(?:\.\d+)?\s*(?:d|h|min|m|s)\s*)+", text.strip())
    seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    if not whole or seconds <= 0:
        raise UsageError(f"--budget {text}: write a time such as 90s, 30m, 2h or 1h30m")
    return seconds


def read_shard(text: str) -> tuple[int, int]:
    """Which share of how many, counted from 1.

    >>> read_shard("2/3")
    (2, 3)
    """
    found = re.fullmatch(r"(\d+)/(\d+)", text.strip())
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= index <= count:
        raise UsageError(f"--shard {text}: write i/n with i from 1 to n, such as 1/3")
    return index, count


def shard(jobs: Sequence[Job], index: int, count: int) -> tuple[Job, ...]:
    """The index-th (from 1) of `count` shares: every count-th job in order of dataset and key, in the order given.

    The shares have no job in common, make up all jobs together, and differ by one job at most; each has its part of
    every dataset.
    """
    ordered = sorted(jobs, key=lambda job: (job.dataset, job.key))
    chosen = set(ordered[index - 1 :: count])
    return tuple(job for job in jobs if job in chosen)


def in_order(jobs: Sequence[Job], everything: Sequence[Job], pace: Pace) -> list[Job]:
    """The order in which a budget is spent: one seed of every cell before a second of any, cheap datasets first.

    Args:
        jobs: those to order.
        everything: the benchmark, done or not: it says which seed of its cell a job is.
        pace: how long jobs take.
    """
    seeds: dict[tuple, set[int]] = defaultdict(set)
    for job in (*everything, *jobs):
        seeds[_cell(job)].add(job.seed)
    rounds = {cell: {seed: number for number, seed in enumerate(sorted(some))} for cell, some in seeds.items()}
    prices: dict[str, list[float]] = defaultdict(list)
    for job in everything:
        prices[job.dataset].append(pace.seconds(job))
    price = {dataset: sum(some) / len(some) for dataset, some in prices.items()}
    return sorted(jobs, key=lambda job: (rounds[_cell(job)][job.seed], price[job.dataset], job.dataset))


def within(jobs: Sequence[Job], wall: Callable[[Sequence[Job]], float], budget_s: float) -> list[Job]:
    """The jobs from the front of the list that fit: as many as `wall` (seconds of some jobs) lets through."""
    low, high = 0, len(jobs)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if wall(jobs[:middle]) <= budget_s else (low, middle - 1)
    return list(jobs[:low])


def _cell(job: Job) -> tuple:
    return (job.dataset, job.method, job.hparams, job.static, job.k, job.backbone, job.options, job.protocol)


def summary(left_out: Sequence[Job]) -> str:
    """What a budget leaves out, in a few words: datasets, and of each how many jobs and which seeds.

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
