"""Estimate how long packs take on the slots of this machine.

Arithmetic (`cost`) gives the relative cost of jobs. The speed of this machine comes from past runs of the same dataset,
method and backbone, or else from a short training of the same shape (`calibration`). The interval is wider where less
is known: BOUNDS holds ratios that were observed when predictions were compared with runs.
"""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from regbench.job import Pack
from regbench.runner.plan.cost import at_once, kind_of, read_seconds
from regbench.runner.plan.pace import Pace

STARTUP_S = {"cpu": 2.0, "cuda": 5.0}  # a worker imports torch and traces the heads of its first pack
REMEMBERED = 2  # datasets that a worker keeps, see `runner.work.inputs`
BOUNDS = {  # factors of the likely seconds
    "history": (0.7, 1.7),
    "kin": (0.65, 1.9),
    "calibration": (0.6, 2.0),
    "arithmetic": (0.3, 4.0),
}


@dataclass(frozen=True)
class Estimate:
    """Seconds of wall time: a likely value, bounds, and the basis of the estimate."""

    low: float
    likely: float
    high: float
    basis: Mapping[str, float] = field(default_factory=dict)  # history, kin, ... -> fraction of the time

    @property
    def rests_on(self) -> str:
        """The basis in words.

        >>> Estimate(1, 2, 3, {"history": 0.75, "calibration": 0.25}).rests_on
        '75 % on past runs in this database, 25 % on a calibration of this machine'
        """
        words = {
            "history": "past runs in this database",
            "kin": "past runs of other methods on the same data",
            "calibration": "a calibration of this machine",
            "arithmetic": "arithmetic alone",
        }
        fractions = {words[name]: fraction for name, fraction in self.basis.items() if fraction >= 0.005}
        if len(fractions) == 1:
            return next(iter(fractions))
        return ", ".join(f"{fraction:.0%} on {name}".replace("%", " %") for name, fraction in fractions.items())


def estimate(packs: Sequence[Pack], pace: Pace, devices: Sequence[str], cores: int | None = None) -> Estimate:
    """The wall time of packs, if each in turn goes to the first free slot.

    Args:
        packs: in the order in which they are handed out.
        pace: how long jobs take.
        devices: the device of each slot.
        cores: CPU cores, see `Resources`.
    """
    if not packs:
        return Estimate(0.0, 0.0, 0.0)
    likely = _wall(packs, pace, devices, cores)
    seconds: dict[str, float] = defaultdict(float)  # by basis
    for job in (job for pack in packs for job in pack.jobs):
        seconds[pace.basis(job)] += pace.seconds(job)
    total = sum(seconds.values()) or 1.0
    basis = {name: seconds[name] / total for name in BOUNDS if seconds[name]}
    low, high = (sum(fraction * BOUNDS[name][end] for name, fraction in basis.items()) for end in (0, 1))
    return Estimate(low * likely, likely, high * likely, basis)


def _wall(packs: Sequence[Pack], pace: Pace, devices: Sequence[str], cores: int | None) -> float:
    """The time at which the last pack ends, with the starts of workers and their reading of tables.

    A slot gets a worker when it gets its first pack. Slots that share cores are counted as one slot per core which does
    the work of several workers in turn, because together they are not faster than that.
    """
    workers = min(len(devices), len(packs))
    lanes = min(at_once(devices, cores), workers)
    free = [0.0] * lanes
    for _ in range(workers):
        heapq.heapreplace(free, free[0] + STARTUP_S[kind_of(devices)])
    turns = [(seconds, lane) for lane, seconds in enumerate(free)]
    heapq.heapify(turns)
    read: list[deque[str]] = [deque(maxlen=REMEMBERED) for _ in range(lanes)]
    for number, pack in enumerate(packs):
        seconds, lane = turns[0]
        dataset = pack.jobs[0].dataset
        seconds += pack_seconds(pack, pace)
        if number < workers or dataset not in read[lane]:
            seconds += read_seconds(dataset)
            read[lane].append(dataset)
        heapq.heapreplace(turns, (seconds, lane))
    return max(seconds for seconds, _ in turns)


def pack_seconds(pack: Pack, pace: Pace) -> float:
    """Seconds of a pack on its slot, from the claim to the last write."""
    return sum(map(pace.seconds, pack.jobs))


def makespan(seconds: Iterable[float], slots: int) -> float:
    """The time at which the last slot is free, if each task in turn goes to the first free slot.

    >>> makespan([3, 2, 2], slots=2)
    4.0
    """
    free = [0.0] * max(1, slots)
    for duration in seconds:
        heapq.heapreplace(free, free[0] + duration)
    return max(free)
