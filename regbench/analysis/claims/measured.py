"""Our runs as evidence: means over seeds, with the doubt that their spread leaves.

Two rows are compared seed by seed, because a seed trains both on the same data in the same order. On one dataset this
is Student's t of the paired differences; over datasets, the same with Welch and Satterthwaite's degrees of freedom.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench import metrics
from regbench.analysis import order, paired
from regbench.analysis.aggregate import null, records
from regbench.analysis.claims.doubt import ALLOWED, LEVEL, UNKNOWN, Doubt, at_least, certain
from regbench.analysis.claims.quantity import Interval, Quantity, average, slopes
from regbench.analysis.claims.rows import Missing, Row, missing
from regbench.analysis.claims.stored import Stored
from regbench.analysis.claims.tried import Tried
from regbench.analysis.comparable import comparable
from regbench.papers.claims import Column
from regbench.papers.tightness import parts

if TYPE_CHECKING:
    from pandas import DataFrame

Chosen = tuple[str, str, int | None]  # dataset, row of the benchmark, k
NOT_PLANNED, NOT_RUN, DIVERGED, ONE_SEED = "not in the benchmark", "no finished run", "diverged", "a single seed"
NOTHING = "nothing has been run"
PRINTED_ONLY = "asked of printed numbers only"


class Measured:
    """The errors of a benchmark's runs by one metric, and the settings that its sweeps chose."""

    def __init__(
        self,
        frame: "DataFrame | None",
        metric: str | None,
        chosen: Mapping[Chosen, Mapping[str, Any]] | None = None,
        columns: Mapping[str, Column] = MappingProxyType({}),
        *,
        quantity: Stored | None = None,
        tried: Tried = MappingProxyType({}),
        nothing: str = NOTHING,
    ) -> None:
        """Read the errors of a frame: by one metric, or for a paper with columns each in its own.

        With a `quantity` it is that number instead. `tried` is what sweeps tried, and `nothing` says why there are no
        runs.
        """
        self.errors: dict[tuple[str, Row], dict[int, float]] = {}
        self.planned: dict[tuple[str, Row], int] = {}
        self.diverged: set[tuple[str, Row]] = set()
        self.unrecorded: set[tuple[str, Row]] = set()  # cells whose runs finished without this metric
        self.columns = columns
        self.nothing, self._tried = nothing, tried
        self._validation: dict[tuple[str, Row], list[float]] = {}  # errors of each run's chosen epoch
        self.label = metrics.about(metric).label if metric else "metric of this column"
        if quantity:
            self.label = quantity.label
        self.settings = {
            (order.alias(dataset), Row(variant, k)): values for (dataset, variant, k), values in (chosen or {}).items()
        }
        for job in records(comparable(frame)) if frame is not None else ():
            dataset = order.alias(job["dataset"])
            if quantity:
                self._add(dataset, job, quantity.of(job))
                continue
            if metric:
                self._add(dataset, job, null(job[f"test_{metric}"]))
            for name, column in columns.items():
                if column.dataset and dataset == column.dataset:
                    error = null(job.get(f"test_{column.metric.replace('/', '_')}"))
                    self._add(name, job, None if error is None else error**column.power)

    def _add(self, dataset: str, job: dict[str, Any], error: Any) -> None:
        k = null(job["k"])
        place = (dataset, Row(job["variant"], None if k is None else int(k)))
        if (validation := null(job.get("val_rmse"))) is not None:
            self._validation.setdefault(place, []).append(float(validation))
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

    def has_diverged(self, dataset: str, row: Row) -> Doubt | Missing:
        """Whether a run of the cell diverged; known to be false only once all planned runs have finished."""
        row = self.own(dataset, row)
        if (dataset, row) in self.diverged:
            return certain(true=True)
        n, planned = self.seeds(dataset, row)
        if not n or n < planned:
            return Missing(((dataset, row, self._why(dataset, row) if not n else "not all runs finished"),))
        return certain(true=False)

    def seeds(self, dataset: str, row: Row) -> tuple[int, int]:
        """The number of seeds that a cell has, and the number planned."""
        row = self.own(dataset, row)
        return len(self.errors.get((dataset, row), ())), self.planned.get((dataset, row), 0)

    def form(self, dataset: str, weights: Mapping[Row, float], *, per: Row) -> Quantity | Missing:
        """The weighted sum of a dataset's errors, in units of the error of `per`; its limit is 0."""
        if isinstance(errors := self._paired(dataset, [*weights, per]), Missing):
            return errors
        added = np.sum([weight * errors[row] for row, weight in weights.items()], axis=0) / errors[per].mean()
        return _student(float(added.mean()), [added - added.mean()])

    def total(self, dataset: str, weights: Mapping[Row, float], *, limit: float) -> Quantity | Missing:
        """The weighted sum of a dataset's numbers, in their own units."""
        if isinstance(errors := self._paired(dataset, [*weights]), Missing):
            return errors
        added = np.sum([weight * errors[row] for row, weight in weights.items()], axis=0)
        return _student(float(added.mean()), [added - added.mean()], limit)

    def agrees(
        self, dataset: str, weights: Mapping[Row, float], *, per: Row | None, within: Interval
    ) -> Quantity | Missing:
        """The weighted sum, by itself or in units of `per`, and the doubt that it is `within` the interval."""
        if isinstance(errors := self._paired(dataset, [*weights, *([per] if per else [])]), Missing):
            return errors
        unit = errors[per].mean() if per else 1.0
        added = np.sum([weight * errors[row] for row, weight in weights.items()], axis=0) / unit
        low, high = (_student(float(added.mean()), [added - added.mean()], limit) for limit in within)
        return replace(high, below=at_least(2, [high.below, low.below.turned]))

    def adds_up(self, row: Row, whole: str, parts: Mapping[str, float], power: int) -> Quantity | Missing:  # noqa: ARG002
        """Nothing: our metrics add up by their definition."""
        return Missing(tuple((column, row, PRINTED_ONLY) for column in (whole, *parts)))

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

    def tried(self, setting: str, row: Row, dataset: str) -> Mapping[float, float] | Missing:
        """The values that our sweep tried, each with its lowest validation error relative to the best, less 1."""
        found = self._tried.get((dataset, row, setting))
        return found or Missing(((dataset, row, f"no sweep of {setting} here"),))

    def noise(self, row: Row, dataset: str) -> float | Missing:
        """What two runs that differ in nothing but their seeds may differ by, relative to their validation RMSE.

        A 95 % bound, from the standard deviation over the seeds of the cell.
        """
        errors = np.array(self._validation.get((dataset, row), ()))
        if len(errors) < 2:
            return Missing(((dataset, row, self._why(dataset, row) if not len(errors) else ONE_SEED),))
        from scipy.special import stdtrit

        return float(stdtrit(len(errors) - 1, 1 - ALLOWED) * np.sqrt(2) * errors.std(ddof=1) / errors.mean())

    def own(self, dataset: str, row: Row) -> Row:
        """The row of our benchmark that a row of a paper with columns means: with its parts, if only one has them."""
        if not self.columns or (dataset, row) in self.planned or "[" in row.variant:
            return row
        alike = [other for place, other in self.planned if place == dataset and parts(other.variant) == row.variant]
        return alike[0] if len(alike) == 1 else row

    def _paired(self, dataset: str, rows: Sequence[Row], *, fewest: int = 2) -> dict[Row, np.ndarray] | Missing:
        """The errors of each row on the seeds that all rows have, ordered by seed."""
        own = {row: (dataset, self.own(dataset, row)) for row in rows}
        seeds = [set(self.errors.get(own[row], ())) for row in rows]
        common = sorted(set.intersection(*seeds))
        if len(common) >= fewest:
            return {row: np.array([self.errors[own[row]][seed] for seed in common]) for row in rows}
        poor = [row for row, some in zip(rows, seeds, strict=True) if len(some) < fewest]
        return Missing(tuple((dataset, row, self._why(dataset, row)) for row in dict.fromkeys(poor or rows)))

    def _why(self, dataset: str, row: Row) -> str:
        place = (dataset, self.own(dataset, row))
        if place not in self.planned:
            column = self.columns.get(dataset)
            return f"not run: {column.not_run}" if column and column.not_run else self._not_planned(dataset, row)
        if self.errors.get(place):
            return ONE_SEED if len(self.errors[place]) == 1 else "no seeds in common"
        if place in self.unrecorded:
            return f"no {self.label} recorded"
        return DIVERGED if place in self.diverged else NOT_RUN

    def _not_planned(self, dataset: str, row: Row) -> str:
        if not self.planned:
            return self.nothing
        if not self.columns or "[" in row.variant:
            return NOT_PLANNED
        alike = sum(place == dataset and parts(other.variant) == row.variant for place, other in self.planned)
        return f"{alike} rows with other settings could be meant" if alike else NOT_PLANNED

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
    found = paired.of_seeds([value - limit + move for move in moves])
    assert found is not None
    low, high = found.interval(LEVEL)
    below = found.below(0.0)
    return Quantity(value, low + limit, high + limit, Doubt(1 - below, below))
