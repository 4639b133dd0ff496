"""The worsening that a gate finds with a stated probability, and the seeds that it takes to find a given one.

Each of the two tests is a one-sided paired t test of n seeds, so its power comes from the noncentral t distribution.
The probability is that both reject: the second uses as many seeds as the first.
"""

import math

from regbench.analysis.gate.judge import CONFIRM, SCREEN
from regbench.analysis.power import POWER, PRECISION

MOST_SEEDS = 10_000
FEWEST_SEEDS = 2


def power(worsening: float, *, deviation: float, seeds: int, cells: int) -> float:
    """The probability that a gate of `cells` cells finds a worsening of one of them.

    worsening: on the scale of `scale.Scale.apart`, such as 0.02 for 2 % of an error.
    deviation: standard deviation of the differences between paired seeds.
    """
    from scipy.special import nctdtr, stdtrit

    if deviation == 0:
        return float(worsening > 0)
    away = worsening / deviation * math.sqrt(seeds)
    found = 1.0
    for level in (SCREEN / cells, CONFIRM):
        critical = float(stdtrit(seeds - 1, 1 - level))
        missed = float(nctdtr(seeds - 1, away, critical))
        found *= 1 - missed if math.isfinite(missed) else float(away > critical)
    return found


def detectable(*, deviation: float, seeds: int, cells: int) -> float:
    """The smallest worsening that is found with probability `POWER`; infinite from one seed, 0 without noise."""
    if deviation == 0:
        return 0.0
    if seeds < FEWEST_SEEDS:
        return math.inf
    low, high = 0.0, deviation
    while power(high, deviation=deviation, seeds=seeds, cells=cells) < POWER:
        low, high = high, 2 * high
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        enough = power(middle, deviation=deviation, seeds=seeds, cells=cells) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high


def seeds_needed(worsening: float, *, deviation: float, cells: int) -> int | None:
    """The fewest seeds with which a worsening is found with probability `POWER`; None if more than `MOST_SEEDS`."""
    if power(worsening, deviation=deviation, seeds=MOST_SEEDS, cells=cells) < POWER:
        return None
    low, high = FEWEST_SEEDS - 1, MOST_SEEDS
    while high - low > 1:
        middle = (low + high) // 2
        enough = power(worsening, deviation=deviation, seeds=middle, cells=cells) >= POWER
        low, high = (low, middle) if enough else (middle, high)
    return high
