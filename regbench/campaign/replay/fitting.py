"""The order of a sample, and how much of it fits into a time."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeVar

from regbench.campaign.replay.candidates import Candidate
from regbench.job import Pack
from regbench.runner.plan.estimate import estimate
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.resources import Resources

T = TypeVar("T")


def spread(pool: Sequence[T], about: Callable[[T], tuple[str, tuple[str, str]]], draw: int) -> list[T]:
    """All of a pool, so that the first of them are drawn at random but spread over two properties, such as datasets.

    Next comes one of the kind whose two properties were taken least so far; the same `draw` gives the same order.

    >>> pool = [(dataset, method) for dataset in "abc" for method in "xyz" for _ in range(9)]
    >>> first = spread(pool, lambda kind: ("".join(kind), kind), 0)[:3]
    >>> len({dataset for dataset, _ in first}), len({method for _, method in first})
    (3, 3)
    """
    drawn = random.Random(draw)  # noqa: S311 - a sample is no secret
    piles: dict[tuple[str, str], list[T]] = {}
    for each in sorted(pool, key=lambda each: about(each)[0]):
        piles.setdefault(about(each)[1], []).append(each)
    for pile in piles.values():
        drawn.shuffle(pile)
    kinds = sorted(piles)
    drawn.shuffle(kinds)
    place = {kind: number for number, kind in enumerate(kinds)}
    taken = (Counter[str](), Counter[str]())
    found: list[T] = []
    while piles:
        kind = min(piles, key=lambda kind: (taken[0][kind[0]] + taken[1][kind[1]], place[kind]))
        found.append(piles[kind].pop())
        for count, name in zip(taken, kind, strict=True):
            count[name] += 1
        if not piles[kind]:
            del piles[kind]
    return found


class Budget:
    """The estimated time of jobs that are trained alone, one after the other on each slot."""

    def __init__(self, pace: Pace, resources: Resources, budget_s: float | None) -> None:
        self._pace, self._resources, self._budget_s = pace, resources, budget_s
        self._packs: list[Pack] = []
        self.seconds = 0.0

    def alone(self, candidate: Candidate) -> float:
        """Seconds of a job by itself, with the start of a worker."""
        return self._likely([Pack((candidate.job,))])

    def takes(self, candidate: Candidate) -> bool:
        """Add a job if all still fit."""
        packs = [*self._packs, Pack((candidate.job,))]
        seconds = self._likely(packs)
        if self._budget_s is not None and seconds > self._budget_s:
            return False
        self._packs, self.seconds = packs, seconds
        return True

    def _likely(self, packs: Sequence[Pack]) -> float:
        return estimate(packs, self._pace, self._resources.devices, self._resources.cores).likely
