"""Our runs as evidence: means over seeds, with the doubt that their spread leaves.

Two rows are compared seed by seed, because a seed trains both on the same data in the same order. On one dataset this
is Student's t of the paired differences; over datasets, the same with Welch and Satterthwaite's degrees of freedom.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench import metrics
from regbench.analysis import order, paired
from regbench.analysis.aggregate import null, records
from regbench.analysis.claims.doubt import LEVEL, UNKNOWN, Doubt
from regbench.analysis.claims.quantity import Quantity, average, slopes
from regbench.analysis.claims.rows import Missing, Row, missing
from regbench.analysis.comparable import comparable

if TYPE_CHECKING:
    from pandas import DataFrame

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
        self.unrecorded: set[tuple[str, Row]] = set()  # cells whose runs finished without this metric
        self.label = metrics.about(metric).label
        self.settings = {
            (order.alias(dataset), Row(variant, k)): values for (dataset, variant, k), values in (chosen or {}).items()
        }
        for job in records(comparable(frame)):
            self._add(job, null(job[f"test_{metric}"]))

    def _add(self, job: dict[str, Any], error: Any) -> None:
        k = null(job["k"])
        place = (order.alias(job["dataset"]), Row(job["variant"], None if k is None else int(k)))
        self.planned[place] = self.planned.get(place, 0) + 1
        if null(job.get("diverged")):
            self.diverged.add(place)
        elif error is not None and np.isfinite(error):
            self.errors.setdefault(place, {})[int(job["seed"])] = float(error)
        elif null(job["test_rmse"]) is not None:
            self.unrecorded.add(place)

    def cell(self, dataset: str, row: Row) -> Quantity | Missing:
        """The mean over seeds with its confidence interval; none for a single seed."""
        if isinstance(found := self._paired(dataset, [row], fewest=1), Missing):
            return found
        ((_, errors),) = found.items()
        if len(errors) == 1:
            return Quantity(float(errors[0]), np.nan, np.nan, UNKNOWN)
        return _student(float(errors.mean()), [errors - errors.mean()])

    def seeds(self, dataset: str, row: Row) -> tuple[int, int]:
        """The number of seeds that a cell has, and the number planned."""
        return len(self.errors.get((dataset, row), ())), self.planned.get((dataset, row), 0)

    def form(self, dataset: str, weights: Mapping[Row, float], *, per: Row) -> Quantity | Missing:
        """The weighted sum of a dataset's errors, in units of the error of `per`; its limit is 0."""
        if isinstance(errors := self._paired(dataset, [*weights, per]), Missing):
            return errors
        added = np.sum([weight * errors[row] for row, weight in weights.items()], axis=0) / errors[per].mean()
        return _student(float(added.mean()), [added - added.mean()])

    def mean(
        self, row: Row, over: Row, datasets: Sequence[str], *, aggregator: str, limit: float
    ) -> Quantity | Missing:
        """The mean over datasets of the row's error relative to that of `over`."""
        return self._average({row: 1.0}, over, datasets, aggregator, limit)

    def mean_difference(
        self, one: Row, other: Row, over: Row, datasets: Sequence[str], *, aggregator: str
    ) -> Quantity | Missing:
        """The mean of one row minus the mean of the other; its limit is 0."""
        return self._average({one: 1.0, other: -1.0}, over, datasets, aggregator, 0.0)

    def chosen(self, setting: str, row: Row, dataset: str) -> float | None:
        """The value that our sweep chose."""
        return self.settings.get((dataset, row), {}).get(setting)

    def _paired(self, dataset: str, rows: Sequence[Row], *, fewest: int = 2) -> dict[Row, np.ndarray] | Missing:
        """The errors of each row on the seeds that all rows have, ordered by seed."""
        seeds = [set(self.errors.get((dataset, row), ())) for row in rows]
        common = sorted(set.intersection(*seeds))
        if len(common) >= fewest:
            return {row: np.array([self.errors[dataset, row][seed] for seed in common]) for row in rows}
        poor = [row for row, some in zip(rows, seeds, strict=True) if len(some) < fewest]
        return Missing(tuple((dataset, row, self._why(dataset, row)) for row in dict.fromkeys(poor or rows)))

    def _why(self, dataset: str, row: Row) -> str:
        place = (dataset, row)
        if place not in self.planned:
            return NOT_PLANNED
        if self.errors.get(place):
            return ONE_SEED if len(self.errors[place]) == 1 else "no seeds in common"
        if place in self.unrecorded:
            return f"no {self.label} recorded"
        return DIVERGED if place in self.diverged else NOT_RUN

    def _average(
        self, weights: Mapping[Row, float], over: Row, datasets: Sequence[str], aggregator: str, limit: float
    ) -> Quantity | Missing:
        """The weighted sum of the rows' means over datasets, linearised in the deviations of single seeds.

        For a median this makes the interval too wide rather than too narrow, because a median cannot move past its
        neighbours.
        """
        found = [self._paired(dataset, [*weights, over]) for dataset in datasets]
        if gone := missing(found):
            return gone
        errors = [part for part in found if not isinstance(part, Missing)]
        ratios = {row: np.array([own[row].mean() / own[over].mean() for own in errors]) for row in weights}
        value = sum(weight * float(average(ratios[row], aggregator)) for row, weight in weights.items())
        parts = {row: weight * ratios[row] * slopes(ratios[row], aggregator) for row, weight in weights.items()}
        moves = [
            sum(
                part[place] * (own[row] / own[row].mean() - own[over] / own[over].mean()) for row, part in parts.items()
            )
            for place, own in enumerate(errors)
        ]
        return _student(value, [len(errors) * np.asarray(move) for move in moves], limit)


def _student(value: float, moves: Sequence[np.ndarray], limit: float = 0.0) -> Quantity:
    """A number with Student's interval and its doubt; `moves` are the seeds' deviations (mean 0) per dataset."""
    estimate = paired.seed_estimate([value - limit + move for move in moves], level=LEVEL, margin=0.0)
    assert estimate is not None
    low, high = estimate.interval
    return Quantity(value, low + limit, high + limit, Doubt(1 - estimate.lower, estimate.lower))
