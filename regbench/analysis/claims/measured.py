"""Our runs as evidence: means over seeds, with what their spread leaves open.

Two rows are compared seed by seed, for a seed trains both on the same rows in the same order: on one dataset by
Student's t of the paired differences, over datasets by drawing all means anew from what the seeds say of them.
"""

import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench.analysis import order, paired
from regbench.analysis.aggregate import null, records
from regbench.analysis.claims.doubt import LEVEL, UNKNOWN, Doubt
from regbench.analysis.claims.quantity import Quantity, average
from regbench.analysis.claims.rows import Missing, Row, missing
from regbench.analysis.comparable import comparable

if TYPE_CHECKING:
    from pandas import DataFrame

DRAWS = 4_000
FURTHEST = 50.0  # of a drawn log ratio: two seeds have so heavy a tail that its exponential would not be finite
Chosen = tuple[str, str, int | None]  # dataset, row of the benchmark, k
NOT_PLANNED, NOT_RUN, DIVERGED, ONE_SEED = "not in the benchmark", "no finished run", "diverged", "a single seed"


class Measured:
    """The errors of a benchmark's runs by one metric, and the settings that its sweeps chose."""

    def __init__(
        self, frame: "DataFrame", metric: str, chosen: Mapping[Chosen, Mapping[str, Any]] | None = None
    ) -> None:
        self.errors: dict[tuple[str, Row], dict[int, float]] = {}
        self.planned: dict[tuple[str, Row], int] = {}
        self.diverged: set[tuple[str, Row]] = set()
        self.settings = {
            (order.alias(dataset), Row(variant, k)): values for (dataset, variant, k), values in (chosen or {}).items()
        }
        self._ratios: dict[tuple[str, Row, Row], tuple[float, np.ndarray]] = {}
        self._means: dict[tuple[Row, Row, tuple[str, ...], str], tuple[float, np.ndarray]] = {}
        for each in records(comparable(frame)):
            self._add(each, null(each[f"test_{metric}"]))

    def _add(self, job: dict[str, Any], error: Any) -> None:
        k = null(job["k"])
        place = (order.alias(job["dataset"]), Row(job["variant"], None if k is None else int(k)))
        self.planned[place] = self.planned.get(place, 0) + 1
        if null(job.get("diverged")):
            self.diverged.add(place)
        elif error is not None and np.isfinite(error):
            self.errors.setdefault(place, {})[int(job["seed"])] = float(error)

    def cell(self, dataset: str, row: Row) -> Quantity | Missing:
        """The mean over seeds, and where it would lie with others; a single seed says nothing of that."""
        if isinstance(found := self._paired(dataset, [row], fewest=1), Missing):
            return found
        ((_, errors),) = found.items()
        return _student(errors) if len(errors) > 1 else Quantity(errors[0], np.nan, np.nan, UNKNOWN)

    def seeds(self, dataset: str, row: Row) -> tuple[int, int]:
        """How many seeds stand behind a cell, and how many were planned."""
        return len(self.errors.get((dataset, row), ())), self.planned.get((dataset, row), 0)

    def form(self, dataset: str, weights: Mapping[Row, float], *, per: Row) -> Quantity | Missing:
        """The weighted sum of a dataset's errors, in units of the error of `per`; its limit is 0."""
        if isinstance(errors := self._paired(dataset, [*weights, per]), Missing):
            return errors
        added = np.sum([weight * errors[each] for each, weight in weights.items()], axis=0)
        return _student(added / errors[per].mean())

    def mean(
        self, row: Row, over: Row, datasets: Sequence[str], *, aggregator: str, limit: float
    ) -> Quantity | Missing:
        """The mean over datasets of the row's error relative to that of `over`."""
        if isinstance(found := self._mean(row, over, tuple(datasets), aggregator), Missing):
            return found
        return _drawn(*found, limit)

    def mean_difference(
        self, one: Row, other: Row, over: Row, datasets: Sequence[str], *, aggregator: str
    ) -> Quantity | Missing:
        """By how much the mean of one row lies above that of the other; its limit is 0."""
        mine, theirs = (self._mean(each, over, tuple(datasets), aggregator) for each in (one, other))
        if isinstance(mine, Missing) or isinstance(theirs, Missing):
            return missing([mine, theirs]) or Missing(())
        return _drawn(mine[0] - theirs[0], mine[1] - theirs[1], 0.0)

    def chosen(self, setting: str, row: Row, dataset: str) -> float | None:
        """What a sweep of ours chose."""
        return self.settings.get((dataset, row), {}).get(setting)

    def _paired(self, dataset: str, rows: Sequence[Row], *, fewest: int = 2) -> dict[Row, np.ndarray] | Missing:
        """The errors of each row on the seeds that all of them have, in order."""
        seeds = [set(self.errors.get((dataset, each), ())) for each in rows]
        common = sorted(set.intersection(*seeds))
        if len(common) >= fewest:
            return {each: np.array([self.errors[dataset, each][seed] for seed in common]) for each in rows}
        poor = [each for each, some in zip(rows, seeds, strict=True) if len(some) < fewest]
        return Missing(tuple((dataset, each, self._why(dataset, each)) for each in dict.fromkeys(poor or rows)))

    def _why(self, dataset: str, row: Row) -> str:
        place = (dataset, row)
        if place not in self.planned:
            return NOT_PLANNED
        if self.errors.get(place):
            return ONE_SEED if len(self.errors[place]) == 1 else "no seeds in common"
        return DIVERGED if place in self.diverged else NOT_RUN

    def _mean(
        self, row: Row, over: Row, datasets: tuple[str, ...], aggregator: str
    ) -> tuple[float, np.ndarray] | Missing:
        """The mean over datasets: its value, and DRAWS of what it might be."""
        key = (row, over, datasets, aggregator)
        if key not in self._means:
            ratios = [self._ratio(dataset, row, over) for dataset in datasets]
            if gone := missing(ratios):
                return gone
            values, draws = zip(*(each for each in ratios if not isinstance(each, Missing)), strict=True)
            value = float(average(np.array(values), aggregator))
            self._means[key] = value, average(np.stack(draws, axis=-1), aggregator)
        return self._means[key]

    def _ratio(self, dataset: str, row: Row, over: Row) -> tuple[float, np.ndarray] | Missing:
        """The ratio of two means over seeds, and DRAWS of it, its logarithm taken to be linear in the seeds' errors.

        A seed moves all rows of its dataset by the same numbers, so that any two rows stay paired.
        """
        key = (dataset, row, over)
        if key not in self._ratios:
            if isinstance(errors := self._paired(dataset, [row, over]), Missing):
                return errors
            mine, theirs = errors[row], errors[over]
            seeds = sorted(set(self.errors[dataset, row]) & set(self.errors[dataset, over]))
            shares = mine / mine.mean() - theirs / theirs.mean()
            moves = sum(_normal(dataset, seed) * share for seed, share in zip(seeds, shares, strict=True))
            logs = moves / np.sqrt(len(seeds) * _chi_square(dataset, len(seeds) - 1))
            value = float(mine.mean() / theirs.mean())
            self._ratios[key] = value, value * np.exp(np.clip(logs, -FURTHEST, FURTHEST))
        return self._ratios[key]


def _student(values: np.ndarray) -> Quantity:
    """The mean of paired values, Student's interval, and the chance that it lies below 0."""
    estimate = paired.seed_estimate([values], level=LEVEL, margin=0.0)
    assert estimate is not None
    return Quantity(float(values.mean()), *estimate.interval, Doubt(1 - estimate.lower, estimate.lower))


def _drawn(value: float, draws: np.ndarray, limit: float) -> Quantity:
    """A number with what it might be; never certain, for draws do not know that much."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    below = np.mean(draws < limit) + np.mean(draws == limit) / 2
    share = (1 + len(draws) * below) / (2 + len(draws))
    return Quantity(value, float(low), float(high), Doubt(float(1 - share), float(share)))


@cache
def _normal(dataset: str, seed: int) -> np.ndarray:
    """Standard normal draws that belong to a seed on a dataset, whatever else is drawn."""
    return _generator(dataset, 0, seed).standard_normal(DRAWS)


@cache
def _chi_square(dataset: str, freedom: int) -> np.ndarray:
    return _generator(dataset, 1, freedom).chisquare(freedom, DRAWS)


def _generator(*key: object) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64([zlib.crc32(str(each).encode()) for each in key]))
