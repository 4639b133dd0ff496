"""Pairs of rows whose order depends on how errors are averaged, or on which error is looked at."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from math import isnan
from typing import NamedTuple

Averages = Mapping[str, Sequence[float | None]]  # the name of an average -> its value in each row, lower is better


class Flip(NamedTuple):
    """The places of two rows, the averages by which the first is better, and those by which the second is."""

    one: int
    other: int
    first: tuple[str, ...]
    second: tuple[str, ...]


def flips(averages: Averages, digits: int) -> list[Flip]:
    """The pairs of rows that one average puts in one order and another in the other; what prints alike has none.

    The pairs whose smaller difference is largest come first.

    >>> flips({"mean": [0.90, 0.95], "median": [0.97, 0.92]}, 3)
    [Flip(one=0, other=1, first=('mean',), second=('median',))]
    >>> flips({"mean": [0.9001, 0.9002], "median": [0.97, 0.92]}, 3)
    []
    """
    count = min(map(len, averages.values()), default=0)
    found: list[tuple[float, Flip]] = []
    for one, other in combinations(range(count), 2):
        apart = {name: _apart(values[one], values[other], digits) for name, values in averages.items()}
        first = tuple(name for name, value in apart.items() if value < 0)
        second = tuple(name for name, value in apart.items() if value > 0)
        if first and second:
            size = min(max(-apart[name] for name in first), max(apart[name] for name in second))
            found.append((size, Flip(one, other, first, second)))
    return [flip for _, flip in sorted(found, key=lambda each: -each[0])]


def _apart(one: float | None, other: float | None, digits: int) -> float:
    """How much the first is above the second as printed; 0 where one is missing."""
    if one is None or other is None or isnan(one) or isnan(other):
        return 0.0
    return round(one, digits) - round(other, digits)
