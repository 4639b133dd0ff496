"""Train jobs with several versions of the code side by side, and keep the numbers of the epoch that counts."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from queue import SimpleQueue

from regbench.engines.devices import cores, free_memory
from regbench.errors import NothingMeasured
from regbench.job import Job
from regbench.kinds import is_ours
from regbench.kinds import loss as loss_of
from regbench.runner.adopt.ask import Version, ask
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.packing import make_packs
from regbench.runner.plan.resources import Resources

Say = Callable[[str], None]


@dataclass(frozen=True)
class Measured:
    """The numbers of a run at the epoch that counts, NaN where it diverged, and the digest of the code.

    epoch: from 1; None if no epoch was finite.
    """

    epoch: int | None
    values: Mapping[str, float]
    code: str


@dataclass(frozen=True)
class Order:
    """Jobs to be trained by a version of the code."""

    version: Version
    jobs: Sequence[Job]


def train(orders: Sequence[Order], names: Sequence[str], slots: Sequence[str]) -> list[dict[str, Measured]]:
    """The measurements of each order by the key of the job.

    The orders are trained at the same time and in turn, so that what happens to the machine meanwhile happens to all.

    names: the metrics, such as test/rmse.
    slots: the device of each process that may run at the same time.
    """
    free: SimpleQueue[str] = SimpleQueue()
    for slot in slots:
        free.put(slot)
    sides = sum(bool(order.jobs) for order in orders)
    parts = [_parts(order.jobs, slots, max(1, ceil(len(slots) / max(1, sides)))) for order in orders]
    turns = [
        (place, order.version, parts[place][turn])
        for turn in range(max(map(len, parts), default=0))
        for place, order in enumerate(orders)
        if turn < len(parts[place])
    ]

    def one(turn: tuple[int, Version, list[list[Job]]]) -> tuple[int, dict[str, Measured]]:
        place, version, packs = turn
        with _taken(free) as device:
            answers = ask(packs, replace(version, device=device), train=True)
        return place, {job.key: measured(job, answers[job.key], names) for pack in packs for job in pack}

    found: list[dict[str, Measured]] = [{} for _ in orders]
    with ThreadPoolExecutor(max(1, len(slots))) as pool:
        for place, answers in pool.map(one, turns):
            found[place] |= answers
    return found


def measured(job: Job, answer: Mapping[str, object], names: Sequence[str]) -> Measured:
    """The numbers of a run at its best epoch, from its curves as the probe writes them.

    Raises:
        NothingMeasured: the code does not measure one of the metrics.
    """
    curves: Mapping[str, Sequence[str]] = answer["curves"]  # type: ignore[assignment]
    decide = job.protocol.decide
    single = not is_ours(job.method) and len(curves["epoch"]) == 1  # a program may have a test error alone
    if lacking := [name for name in (*names, *(() if single else (decide,))) if name not in curves]:
        raise NothingMeasured(
            f"{job.dataset} {job.method}: the code does not measure {lacking[0]}; bless another metric"
        )
    by, loss = decide if decide in curves else names[0], loss_of(job)
    numbers = [float.fromhex(number) for number in curves[by]]
    finite = [(loss(value), place) for place, value in enumerate(numbers) if math.isfinite(value)]
    if not finite:
        return Measured(None, dict.fromkeys(names, math.nan), str(answer["code"]))
    best = min(finite)[1]
    epoch = best + 1 if is_ours(job.method) else int(float.fromhex(curves["epoch"][best]))
    return Measured(epoch, {name: float.fromhex(curves[name][best]) for name in names}, str(answer["code"]))


def _parts(jobs: Sequence[Job], slots: Sequence[str], count: int) -> list[list[list[Job]]]:
    """The jobs in packs, dealt to at most `count` processes, the longest packs first."""
    devices = list(slots[:count]) or ["cpu"]
    resources = Resources(tuple(devices), free_memory(devices), None, None, cores())
    packs = make_packs(jobs, resources, Pace.of(None, devices)) if jobs else []
    dealt: list[list[list[Job]]] = [[] for _ in range(min(count, len(packs)))]
    for place, pack in enumerate(packs):
        dealt[place % len(dealt)].append(list(pack.jobs))
    return dealt


@contextmanager
def _taken(free: "SimpleQueue[str]") -> Iterator[str]:
    """A slot that nobody else uses meanwhile."""
    slot = free.get()
    try:
        yield slot
    finally:
        free.put(slot)
