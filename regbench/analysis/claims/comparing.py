"""The comparisons that claims are made of, each with the answer of the evidence."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product

from regbench.analysis.claims.doubt import UNKNOWN
from regbench.analysis.claims.evidence import Asked
from regbench.analysis.claims.quantity import AGGREGATORS, Quantity
from regbench.analysis.claims.rows import Missing, Row, row
from regbench.analysis.claims.tree import AtLeast, Comparison, Node, every
from regbench.papers import predicates

MEANS: dict[str, str] = dict(zip(AGGREGATORS, ("mean", "geometric mean", "median"), strict=True))


def over_cells(predicate: predicates.OverCells, asked: Asked, make: Callable[[str, int | None], Node]) -> Node:
    """What `make` states of a dataset and a k, of as many of them as the predicate says."""
    places = [(dataset, k) for k in predicate.k for dataset in predicate.datasets or asked.datasets]
    return counted(predicate.where, [make(*place) for place in places])


def over_datasets(
    predicate: predicates.OverKs | predicates.VariesLittle, asked: Asked, make: Callable[[str], Node]
) -> Node:
    """What `make` states of a dataset, of as many of them as the predicate says."""
    return counted(predicate.where, [make(dataset) for dataset in predicate.datasets or asked.datasets])


def counted(where: str, parts: Sequence[Node]) -> Node:
    """All of the parts hold, one of them, or most."""
    needed = {"everywhere": len(parts), "somewhere": 1, "mostly": len(parts) // 2 + 1}[where]
    return AtLeast(needed, tuple(parts))


def all_below(predicate: predicates.OverCells, asked: Asked, rows: Sequence[str], others: Sequence[str]) -> Node:
    """Every one of `rows` is better than every one of `others`: lower, or higher in a column where that is better."""

    def below(dataset: str, k: int | None) -> Node:
        pairs = [(row(one, k), row(other, k)) for one in rows for other in others]
        return every(
            is_below(asked, dataset, other, one) if dataset in asked.higher else is_below(asked, dataset, one, other)
            for one, other in pairs
        )

    return over_cells(predicate, asked, below)


def is_below(asked: Asked, dataset: str, one: Row, other: Row, *, margin: float = 0.0) -> Comparison:
    """The error of `one` is below that of `other`, or less than the margin above it."""
    found = asked.evidence.form(dataset, {one: 1.0, other: -1.0 - margin}, per=other)
    if margin and isinstance(found, Quantity):  # show the difference itself, not its distance from the margin
        found = replace(found, value=found.value + margin, low=found.low + margin, high=found.high + margin)
    words = f"less than {margin:.0%} above" if margin else "below"
    measure = f"error of {one} less that of {other}, relative to the latter"
    return compared(f"{one} {words} {other}", measure, dataset, product([dataset], (one, other)), found)


def alike(asked: Asked, dataset: str, one: Row, other: Row, margin: float) -> Node:
    """Neither error is more than the margin above the other."""
    return every(
        [is_below(asked, dataset, one, other, margin=margin), is_below(asked, dataset, other, one, margin=margin)]
    )


def mean_below(asked: Asked, one: Row, other: Row, datasets: Sequence[str], k: int | None) -> Comparison:
    """The mean over datasets of one row's relative errors is below that of the other."""
    over = row(asked.baseline, k)
    found = asked.evidence.mean_difference(one, other, over, datasets, aggregator=asked.aggregator)
    cells = product(datasets, dict.fromkeys((one, other, over)))
    measure = f"{MEANS[asked.aggregator]} of {one} less that of {other}"
    return compared(f"mean of {one} below that of {other}", measure, None, cells, found)


def compared(
    statement: str, measure: str, dataset: str | None, cells: Iterable[tuple[str, Row]], found: Quantity | Missing
) -> Comparison:
    """A comparison of a number with its limit; unknown where cells are missing."""
    if isinstance(found, Missing):
        return Comparison(statement, measure, dataset, tuple(cells), None, found, UNKNOWN)
    return Comparison(statement, measure, dataset, tuple(cells), found, Missing(()), found.below)
