"""What the data can show at all, whatever they do show: the smallest p, and the smallest difference."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from regbench.analysis.confidence import Confidence

PRECISION = 1e-6  # relative, of a noncentrality
POWER = 0.8  # the usual probability to find a difference that is there


def detectable(found: "Confidence", level: float) -> float:
    """The smallest difference, on the scale of `found`, whose interval would exclude zero with probability `POWER`.

    For Student's t with this error and these degrees of freedom: the noncentrality that gives the power, times the
    error, found by halving. Infinite where it is beyond what can be computed.
    """
    from scipy.special import nctdtr, stdtrit

    if found.error == 0:
        return 0.0
    critical = float(stdtrit(found.freedom, (1 + level) / 2))

    def missed(away: float) -> float:
        return float(nctdtr(found.freedom, away, critical)) - (1 - POWER)

    low, high = 0.0, 4 * critical + 10
    if missed(high) > 0:
        return float("inf")
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        low, high = (middle, high) if missed(middle) > 0 else (low, middle)
    return high * found.error


def datasets_for(level: float, tests: int = 1) -> int:
    """The fewest datasets with which an exact test over them can reach the level, corrected for `tests` tests.

    >>> datasets_for(0.95), datasets_for(0.95, tests=15)
    (6, 10)
    """
    return int(np.ceil(np.log2(2 * tests / (1 - level)) - 1e-9))
