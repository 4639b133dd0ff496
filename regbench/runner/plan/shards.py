"""Divide a benchmark among machines that do not talk to each other: along packs, balanced by planned time.

Every machine must cut alike. So the cut rests on the arithmetic of the costs alone, on all jobs of the benchmark
whether finished or not, and on as many slots as there are shards; the speed, the past runs and the devices of a machine
only decide how it packs its own shard.
"""

import heapq
from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from regbench.job import Job
from regbench.runner.plan.estimate import pack_seconds
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.packing import make_packs
from regbench.runner.plan.resources import Resources

Thing = TypeVar("Thing", bound=Hashable)


def shard(jobs: Sequence[Job], index: int, count: int) -> tuple[Job, ...]:
    """One of `count` shards, `index` from 1: whole packs of about the same time in all, in the given order of jobs.

    The shards are disjoint and contain all jobs together; they do not depend on the order of the jobs. Packs are halved
    until the shards are balanced, but not below the size at which a job becomes dearer, unless a shard would be empty.
    """
    if count == 1:
        return tuple(jobs)
    pace = Pace()
    ordered = sorted(jobs, key=lambda job: (job.dataset, job.key))
    packs = make_packs(ordered, Resources(("cpu",) * min(count, max(1, len(jobs)))), pace)
    seconds = {pack.jobs: pack_seconds(pack, pace) for pack in packs}
    mine = {job for pack, number in divide(seconds, count).items() if number == index for job in pack}
    return tuple(job for job in jobs if job in mine)


def divide(seconds: Mapping[Thing, float], count: int) -> dict[Thing, int]:
    """The part, from 1, of each thing: the longest goes first, each to the part that has least so far.

    >>> divide({"a": 3.0, "b": 2.0, "c": 2.0}, 2)
    {'a': 1, 'b': 2, 'c': 2}
    """
    parts = [(0.0, number) for number in range(1, min(count, max(1, len(seconds))) + 1)]
    given = {}
    for thing in sorted(seconds, key=lambda thing: -seconds[thing]):  # stable: equal ones in the order given
        total, number = parts[0]
        given[thing] = number
        heapq.heapreplace(parts, (total + seconds[thing], number))
    return given


def expected_seconds(jobs: Sequence[Job]) -> float:
    """The time of some jobs by arithmetic alone, which is the same on every machine."""
    pace = Pace()
    return sum(map(pace.seconds, jobs))
