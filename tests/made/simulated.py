"""Comparisons of two methods whose true difference is known, to count how often what is said of them is wrong."""

from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import numpy as np

from regbench.analysis import paired
from regbench.analysis.confidence import Confidence
from regbench.analysis.verdict import ENOUGH_DATASETS

LEVEL = 0.95
Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
SHAPES: dict[str, Draw] = {  # of the true differences between datasets, mean 0 and standard deviation 1
    "normal": lambda draw, size: draw.standard_normal(size),
    "skewed": lambda draw, size: draw.exponential(size=size) - 1,  # skewness 2
    "very skewed": lambda draw, size: (draw.lognormal(size=size) - np.exp(0.5)) / np.sqrt((np.e - 1) * np.e),  # 6.2
}


class Rates(NamedTuple):
    """Shares of simulated comparisons."""

    winners: float  # in which the interval over datasets excludes the true mean difference
    extreme: float  # in which the chance that A is lower is beyond 0.975 or below 0.025, at no difference
    width: float  # median half-width of the interval, in units of the true standard error


def comparisons(
    shape: str, *, datasets: int, seeds: int, between: float, noise: float, count: int, number: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """True differences of datasets (D,), and measured ones (D, S), of comparisons whose true mean difference is 0."""
    draw = np.random.default_rng([number, datasets, seeds])
    for _ in range(count):
        truth = between * SHAPES[shape](draw, (datasets,))
        yield truth, truth[:, None] + noise * draw.standard_normal((datasets, seeds))


@cache  # several tests ask the same comparisons
def rates(
    shape: str, *, datasets: int, seeds: int, between: float = 1.0, noise: float = 1.0, count: int = 1000
) -> Rates:
    """What is said wrongly of simulated comparisons; with fewer than six datasets, of these datasets' own mean."""
    winners, extreme, widths = 0, 0, []
    general = datasets >= ENOUGH_DATASETS
    for truth, measured in comparisons(
        shape, datasets=datasets, seeds=seeds, between=between, noise=noise, count=count
    ):
        found = _known(paired.of_datasets([*measured]) if general else paired.of_seeds([*measured]))
        mean = 0.0 if general else float(truth.mean())
        low, high = found.interval(LEVEL)
        winners += not low <= mean <= high
        extreme += not 0.025 <= found.below(mean) <= 0.975
        widths.append((high - low) / 2)
    error = np.sqrt((general * between**2 + noise**2 / seeds) / datasets)
    return Rates(winners / count, extreme / count, float(np.median(widths)) / error)


def all_hold(*, datasets: int, seeds: int, count: int = 1000) -> float:
    """The share of comparisons in which the corrected intervals of all datasets hold the true differences."""
    level, held = 1 - (1 - LEVEL) / datasets, 0
    for truth, measured in comparisons("normal", datasets=datasets, seeds=seeds, between=1.0, noise=1.0, count=count):
        ends = [_known(paired.of_seeds([log])).interval(level) for log in measured]
        held += all(low <= true <= high for (low, high), true in zip(ends, truth, strict=True))
    return held / count


def _known(found: Confidence | None) -> Confidence:
    assert found is not None
    return found
