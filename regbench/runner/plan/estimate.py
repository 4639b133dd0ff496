"""How long packs take on the slots of this machine.

Arithmetic (`cost`) says how jobs compare. How fast this machine is comes from the store's history of the same dataset,
method and backbone, or else from a moment's training of the same shape (`calibration`). The interval is wide where the
ground is thin: BOUNDS holds what was seen when predictions were laid beside runs.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from regbench.job import Pack
from regbench.runner.plan.cost import kind_of
from regbench.runner.plan.pace import Pace

STARTUP_S = {"cpu": 3.0, "cuda": 6.0}  # a worker process imports torch, the first pack its data
BOUNDS = {  # times the likely seconds
    "history": (0.7, 1.7),
    "kin": (0.65, 1.9),
    "calibration": (0.6, 2.0),
    "arithmetic": (0.3, 4.0),
}


@dataclass(frozen=True)
class Estimate:
    """Seconds of wall time: the likely value between two that it should not leave, and what they rest on."""

    low: float
    likely: float
    high: float
    basis: Mapping[str, float] = field(default_factory=dict)  # history, kin, ... -> share of the time

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
        shares = {words[name]: share for name, share in self.basis.items() if share >= 0.005}
        if len(shares) == 1:
            return next(iter(shares))
        return ", ".join(f"{share:.0%} on {name}".replace("%", " %") for name, share in shares.items())


def estimate(packs: Sequence[Pack], pace: Pace, devices: Sequence[str]) -> Estimate:
    """Wall time of packs that are handed out in order to the first slot that is free."""
    if not packs:
        return Estimate(0.0, 0.0, 0.0)
    start = STARTUP_S[kind_of(devices)]
    likely = start + makespan([pack_seconds(pack, pace) for pack in packs], len(devices))
    shares: dict[str, float] = defaultdict(float)
    for job in (job for pack in packs for job in pack.jobs):
        shares[pace.basis(job)] += pace.seconds(job)
    total = sum(shares.values()) or 1.0
    basis = {name: shares[name] / total for name in BOUNDS if shares[name]}
    low, high = (sum(share * BOUNDS[name][end] for name, share in basis.items()) for end in (0, 1))
    return Estimate(low * likely, likely, high * likely + start, basis)


def pack_seconds(pack: Pack, pace: Pace) -> float:
    """Seconds of a pack on its slot, from claim to the last write."""
    return sum(map(pace.seconds, pack.jobs))


def makespan(seconds: Iterable[float], slots: int) -> float:
    """When the last slot is free, if each task goes to the first free slot.

    >>> makespan([3, 2, 2], slots=2)
    4.0
    """
    free = [0.0] * max(1, slots)
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)
