"""A paper's own tables as evidence: every number is an interval, and may lie anywhere in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from regbench.analysis.claims.doubt import Doubt, certain
from regbench.analysis.claims.quantity import TOUCHING, Interval, Quantity, average, boxed, corners
from regbench.analysis.claims.rows import Missing, Row, missing, row
from regbench.papers import tables

if TYPE_CHECKING:
    from regbench.papers.claims import Paper

NOT_PRINTED = "not in the paper's tables"


class Printed:
    """The numbers that a paper prints, each an interval because it is rounded."""

    def __init__(self, paper: "Paper", *, errors: bool = True) -> None:
        """Read the tables; without `errors`, those of errors say nothing, for a claim that is about another number."""
        self.cells: dict[tuple[str, Row], tuple[float, Interval]] = {}
        for table in paper.errors if errors else ():
            for cell in tables.errors(table, paper.folder):
                place = (cell.dataset, row(cell.row, cell.k))
                self.cells[place] = (cell.number.value, cell.number.interval(table.decimals))
        self._differences: dict[tuple[str, Row, Row, Row, str], Interval] = {}
        self.settings = {(table.of, table.setting): tables.chosen(table, paper.folder) for table in paper.chosen}

    def cell(self, dataset: str, row: Row) -> Quantity | Missing:
        if gone := self._missing([dataset], [row]):
            return gone
        value, interval = self.cells[dataset, row]
        return boxed(value, *interval)

    def form(self, dataset: str, weights: Mapping[Row, float], *, per: Row) -> Quantity | Missing:
        """The weighted sum of a dataset's errors, in units of the error of `per`; its limit is 0."""
        if gone := self._missing([dataset], [*weights, per]):
            return gone
        return self._sum(dataset, weights, self.cells[dataset, per][0], 0.0)

    def total(self, dataset: str, weights: Mapping[Row, float], *, limit: float) -> Quantity | Missing:
        """The weighted sum of a dataset's numbers, in their own units."""
        return self._sum(dataset, weights, 1.0, limit)

    def agrees(
        self, dataset: str, weights: Mapping[Row, float], *, per: Row | None, within: Interval
    ) -> Quantity | Missing:
        """The weighted sum, by itself or in units of `per`; true if its rounding leaves a value `within` open."""
        if gone := self._missing([dataset], [*weights, *([per] if per else [])]):
            return gone
        unit = self.cells[dataset, per][0] if per else 1.0
        found = self._sum(dataset, weights, unit, 0.0)
        assert isinstance(found, Quantity)
        return replace(found, below=certain(true=_meet((found.low, found.high), within)))

    def adds_up(self, row: Row, whole: str, parts: Mapping[str, float], power: int) -> Quantity | Missing:
        """The number of the whole that those of its parts amount to; true if rounding leaves the printed one open."""
        if gone := missing([self._missing([column], [row]) for column in (whole, *parts)]):
            return gone

        def together(*numbers: float) -> float:
            total = sum(weight * number**power for weight, number in zip(parts.values(), numbers, strict=True))
            return (total / sum(parts.values())) ** (1 / power)

        values, intervals = zip(*(self.cells[column, row] for column in parts), strict=True)
        low, high = corners(together, intervals)
        agree = _meet((low, high), self.cells[whole, row][1])
        return Quantity(together(*values), low, high, certain(true=agree))

    def has_diverged(self, dataset: str, row: Row) -> Doubt | Missing:
        """Unknown: tables have no runs."""
        return Missing(((dataset, row, NOT_PRINTED),))

    def mean(
        self, row: Row, over: Row, datasets: Sequence[str], *, aggregator: str, limit: float
    ) -> Quantity | Missing:
        """The mean over datasets of the row's error relative to that of `over`."""
        if gone := self._missing(datasets, [row, over]):
            return gone
        ratios = np.array([self._ratio(dataset, row, over) for dataset in datasets])
        return boxed(*(float(bound) for bound in average(ratios.T, aggregator)), limit=limit)

    def mean_difference(
        self, one: Row, other: Row, over: Row, datasets: Sequence[str], *, aggregator: str
    ) -> Quantity | Missing:
        """The mean of one row minus the mean of the other; its limit is 0."""
        if gone := self._missing(datasets, [one, other, over]):
            return gone
        means = [self.mean(row, over, datasets, aggregator=aggregator, limit=1.0) for row in (one, other)]
        mine, theirs = (mean for mean in means if isinstance(mean, Quantity))
        if aggregator == "median":  # wider than necessary, because both are divided by the same errors
            low, high = mine.low - theirs.high, mine.high - theirs.low
        else:
            ends = np.mean([self._difference(dataset, one, other, over, aggregator) for dataset in datasets], axis=0)
            low, high = theirs.value * np.expm1(ends) if aggregator == "geometric" else ends
        return boxed(mine.value - theirs.value, float(low), float(high))

    def chosen(self, setting: str, row: Row, dataset: str) -> float | None:
        """The value that the paper's sweep chose."""
        return self.settings.get((row.variant, setting), {}).get((dataset, row.k))

    def tried(self, setting: str, row: Row, dataset: str) -> Mapping[float, float] | Missing:
        """Nothing: tables have the best value only."""
        return Missing(((dataset, row, f"errors at other {setting} are {NOT_PRINTED}"),))

    def noise(self, row: Row, dataset: str) -> float | Missing:
        """Nothing: tables have no seeds."""
        return Missing(((dataset, row, NOT_PRINTED),))

    def _sum(self, dataset: str, weights: Mapping[Row, float], unit: float, limit: float) -> Quantity | Missing:
        if gone := self._missing([dataset], [*weights]):
            return gone

        def added(*errors: float) -> float:
            return sum(weight * error for weight, error in zip(weights.values(), errors, strict=True)) / unit

        values, intervals = zip(*(self.cells[dataset, row] for row in weights), strict=True)
        return boxed(added(*values), *corners(added, intervals), limit=limit)

    def _missing(self, datasets: Sequence[str], rows: Sequence[Row]) -> Missing | None:
        gone = [(dataset, row) for dataset in datasets for row in rows if (dataset, row) not in self.cells]
        return Missing(tuple((*cell, NOT_PRINTED) for cell in dict.fromkeys(gone))) if gone else None

    def _ratio(self, dataset: str, row: Row, over: Row) -> tuple[float, float, float]:
        value, scale = self.cells[dataset, row][0], self.cells[dataset, over][0]
        if row == over:
            return 1.0, 1.0, 1.0
        return value / scale, *corners(lambda a, b: a / b, [self.cells[dataset, one][1] for one in (row, over)])

    def _difference(self, dataset: str, one: Row, other: Row, over: Row, aggregator: str) -> Interval:
        """The interval of the difference of two rows' relative errors, or of their logarithms, on one dataset."""
        names = list(dict.fromkeys((one, other, over)))
        places = [names.index(row) for row in (one, other, over)]

        def differ(*errors: float) -> float:
            mine, theirs, scale = (errors[place] for place in places)
            return math.log(mine / theirs) if aggregator == "geometric" else (mine - theirs) / scale

        key = (dataset, one, other, over, aggregator)
        if key not in self._differences:
            self._differences[key] = corners(differ, [self.cells[dataset, row][1] for row in names])
        return self._differences[key]


def _meet(one: Interval, other: Interval) -> bool:
    """Whether two intervals have a value in common; ends that are equal but for rounding noise are one."""
    slack = TOUCHING * max(1.0, *map(abs, (*one, *other)))
    return one[0] <= other[1] + slack and other[0] <= one[1] + slack
