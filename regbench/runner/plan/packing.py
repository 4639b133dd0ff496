"""Group jobs into packs that are efficient on a device, fit its memory, and end at about the same time."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil
from typing import Any

from regbench import kinds
from regbench.job import Job, Pack
from regbench.runner.plan.cost import job_memory, kind_of, worker_memory
from regbench.runner.plan.estimate import makespan, pack_seconds
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.resources import Resources

# The largest number of jobs in a pack. Milliseconds per model and step on one core, medians of process time (2 x 128
# MLP, five seeds per head; one or ten seeds where jobs / heads is 1 or 10):
#
#   jobs (heads)              1 (1)  5 (1)  10 (1)  10 (2)  15 (3)  20 (4)  40 (8)  80 (8)
#   wine_quality, soft         1.03   0.71    0.67    0.70    0.66    0.63       -       -
#   wine_quality, end2end      1.33   0.83       -    0.87       -    0.79       -       -
#   wine_quality, all six         -      -       -       -       -    0.64    0.67    0.65
#   superconductivity, soft    1.75   1.49    1.41    1.46    1.43    1.41       -       -
#   superconductivity, all six    -      -       -       -       -    1.41    1.48    1.41
#   diamonds, soft             2.55   2.32    2.27    2.41    2.36    2.24       -       -
#   diamonds, end2end          3.35   2.67       -    2.90       -    2.69       -       -
#   diamonds, all six             -      -       -       -       -    2.21    2.38    3.14
#
# More than ten jobs gain little; twenty are four heads of five seeds; eighty exceed the cache. Small packs also end at
# about the same time and lose less when a worker dies. For CUDA `calibration.largest_pack` measures the limit on the
# present device; the number here is used without that measurement.
PACK_LIMIT = {"cpu": 20, "cuda": 512}
SMALLEST = 4  # jobs; packs are not halved below this to balance slots, because a job alone is a third slower
BALANCED = 1.1  # of the time of a perfect division; halving packs stops below this
MEMORY_FRACTION = 0.6  # of the free memory that a pack may use, because its size is only an estimate


def make_packs(jobs: Sequence[Job], resources: Resources, pace: Pace) -> list[Pack]:
    """Put all jobs into packs for the slots of this machine, the longest first.

    Jobs with the same head are kept together, because they share its cost. A dataset is divided into nearly equal packs
    within the limits of size and memory. Then the longest pack is halved until every slot has work and all end at about
    the same time. A baseline is a pack of its own, because it shares nothing.
    """
    kind, free = kind_of(resources.devices), resources.free_bytes
    bytes_of = {job: job_memory(job) for job in jobs} if free is not None else {}

    def most(group: Sequence[Job]) -> int:
        if not kinds.of(group[0].method).is_packed:
            return 1
        return resources.largest(group[0]) if resources.largest else PACK_LIMIT[kind]

    def fits(part: Sequence[Job]) -> bool:
        if len(part) == 1 or free is None:
            return len(part) <= max(1, most(part))
        needed = worker_memory(part[0].dataset, kind=kind) + sum(bytes_of[job] for job in part)
        return len(part) <= most(part) and needed <= MEMORY_FRACTION * free

    groups: dict[Any, list[Job]] = defaultdict(list)
    for job in jobs:
        groups[Pack.group(job) if kinds.of(job.method).is_packed else job.key].append(job)
    parts = []
    for group in groups.values():
        ordered = sorted(group, key=lambda job: (Pack.head(job), job.hparams, job.seed))
        parts += _cut_to_fit(ordered, fits, fewest=ceil(len(ordered) / most(ordered)))
    return _balance([Pack(tuple(part)) for part in parts], len(resources.devices), pace)


def _cut_to_fit(jobs: Sequence[Job], fits: Callable[[Sequence[Job]], bool], *, fewest: int) -> list[Sequence[Job]]:
    """Divide jobs into the fewest nearly equal parts that fit, between heads if possible."""
    for count in range(fewest, len(jobs)):
        parts = _cut(jobs, count)
        if all(map(fits, parts)):
            return parts
    return [[job] for job in jobs]


def _cut(jobs: Sequence[Job], count: int) -> list[Sequence[Job]]:
    """Divide jobs into `count` nearly equal parts, in order; an end moves to a change of head that is close."""
    size = len(jobs) / count
    starts = [place for place, (one, other) in enumerate(pairwise(map(Pack.head, jobs)), 1) if one != other]
    ends = []
    for part in range(1, count):
        end = part * size
        nearest = min(starts, key=lambda start, end=end: abs(start - end), default=0)
        ends.append(nearest if abs(nearest - end) <= size / 4 else round(end))
    bounds = sorted({0, *ends, len(jobs)})
    return [jobs[start:end] for start, end in pairwise(bounds)]


def _balance(packs: Sequence[Pack], slots: int, pace: Pace) -> list[Pack]:
    """Halve the longest packs until every slot has work and all end at about the same time; the longest first."""
    timed = [(pack_seconds(pack, pace), pack) for pack in packs]
    perfect = sum(seconds for seconds, _ in timed) / slots
    while True:
        timed.sort(key=lambda timed_pack: -timed_pack[0])
        filled = len(timed) >= slots
        if filled and makespan((seconds for seconds, _ in timed), slots) <= BALANCED * perfect:
            break
        least = 2 * SMALLEST if filled else 2
        place = next((place for place, (_, pack) in enumerate(timed) if len(pack.jobs) >= least), None)
        if place is None or len(timed) >= len(packs) + 4 * slots:
            break
        _, longest = timed.pop(place)
        halves = [Pack(tuple(part)) for part in _cut(longest.jobs, 2)]
        timed += [(pack_seconds(half, pace), half) for half in halves]
    return [pack for _, pack in timed]
