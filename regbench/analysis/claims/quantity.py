"""Numbers that are known only between bounds, because of rounding or of the spread over seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from regbench.analysis.claims.doubt import FALSE, TRUE, UNKNOWN, Doubt

AGGREGATORS = ("arithmetic", "geometric", "median")  # the first is what papers use
TOUCHING = 1e-9  # an interval within this, relative to its size, of a limit touches the limit

Interval = tuple[float, float]
Corners = Callable[..., float]


@dataclass(frozen=True)
class Quantity:
    """A number between two bounds, and the doubt that it lies below its limit."""

    value: float
    low: float
    high: float
    below: Doubt


def boxed(value: float, low: float, high: float, *, limit: float = 0.0) -> Quantity:
    """A number that certainly lies between two bounds.

    An interval that only touches the limit counts as wholly on one side of it. Rounding keeps the order of numbers: if
    two are printed as 0.188 and 0.189, the first is smaller, although their intervals have an end in common.
    """
    slack = TOUCHING * max(1.0, abs(low), abs(high))
    if high <= limit + slack and low < limit - slack:
        return Quantity(value, low, high, TRUE)
    if low >= limit - slack and high > limit + slack:
        return Quantity(value, low, high, FALSE)
    return Quantity(value, low, high, UNKNOWN)


def corners(function: Corners, intervals: Sequence[Interval]) -> Interval:
    """The lowest and highest value of a function that is monotone in each of its arguments.

    >>> corners(lambda a, b: a / b, [(1.0, 2.0), (4.0, 5.0)])
    (0.2, 0.5)
    """
    values = [function(*chosen) for chosen in product(*intervals)]
    return min(values), max(values)


def average(ratios: np.ndarray, aggregator: str) -> np.ndarray:
    """The mean of ratios (..., D) over datasets."""
    match aggregator:
        case "geometric":
            return np.exp(np.log(ratios).mean(-1))
        case "median":
            return np.median(ratios, axis=-1)
        case _:
            return ratios.mean(-1)


def slopes(ratios: np.ndarray, aggregator: str) -> np.ndarray:
    """The derivative of the mean of ratios (D,) by each of them; for the median it is 0 except in the middle.

    >>> slopes(np.array([0.5, 2.0, 0.7, 0.9]), "median").tolist()
    [0.0, 0.0, 0.5, 0.5]
    """
    count = len(ratios)
    match aggregator:
        case "geometric":
            return float(average(ratios, aggregator)) / (count * ratios)
        case "median":
            ranked = np.argsort(ratios, kind="stable")
            middle = ranked[[(count - 1) // 2, count // 2]]
            return np.eye(count)[middle].mean(0)
        case _:
            return np.full(count, 1 / count)
