"""What claims are asked of: the questions that both a paper's tables and our runs can answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from regbench.analysis.claims.doubt import Doubt
from regbench.analysis.claims.quantity import AGGREGATORS, Interval, Quantity
from regbench.analysis.claims.rows import Missing, Row


class Evidence(Protocol):
    """The questions that both a paper's tables and our runs can answer."""

    def cell(self, dataset: str, row: Row) -> Quantity | Missing: ...

    def form(self, dataset: str, weights: Mapping[Row, float], *, per: Row) -> Quantity | Missing:
        """A weighted sum of one dataset's errors, in units of one of them."""
        ...

    def total(self, dataset: str, weights: Mapping[Row, float], *, limit: float) -> Quantity | Missing:
        """A weighted sum of one dataset's numbers, in their own units."""
        ...

    def agrees(
        self, dataset: str, weights: Mapping[Row, float], *, per: Row | None, within: Interval
    ) -> Quantity | Missing:
        """Such a sum, or in units of one number, and whether it lies within an interval."""
        ...

    def adds_up(self, row: Row, whole: str, parts: Mapping[str, float], power: int) -> Quantity | Missing:
        """The number of a whole, from those of its parts, and whether the printed one is the same."""
        ...

    def has_diverged(self, dataset: str, row: Row) -> Doubt | Missing:
        """Whether a run diverged."""
        ...

    def mean(
        self, row: Row, over: Row, datasets: Sequence[str], *, aggregator: str, limit: float
    ) -> Quantity | Missing:
        """The mean over datasets of relative errors."""
        ...

    def mean_difference(
        self, one: Row, other: Row, over: Row, datasets: Sequence[str], *, aggregator: str
    ) -> Quantity | Missing:
        """The difference between two such means."""
        ...

    def chosen(self, setting: str, row: Row, dataset: str) -> float | None:
        """The value that a sweep chose for a setting."""
        ...

    def tried(self, setting: str, row: Row, dataset: str) -> Mapping[float, float] | Missing:
        """The values that a sweep tried for a setting, each with its lowest validation error relative to the best."""
        ...

    def noise(self, row: Row, dataset: str) -> float | Missing:
        """How far above the best a validation error may be, relative to it, if another seed could well turn them."""
        ...


@dataclass(frozen=True)
class Asked:
    """The evidence that a claim is checked against, and how means are taken."""

    evidence: Evidence
    datasets: tuple[str, ...]  # by their short names
    baseline: str
    aggregator: str = AGGREGATORS[0]
    higher: frozenset[str] = frozenset()  # columns in which higher numbers are better
