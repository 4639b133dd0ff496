"""From a predicate to the comparisons that decide it, each with the answer of the evidence."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import singledispatch
from itertools import combinations, pairwise, product
from typing import Protocol

from regbench.analysis.claims.doubt import UNKNOWN, Doubt, certain
from regbench.analysis.claims.quantity import AGGREGATORS, Interval, Quantity
from regbench.analysis.claims.rows import Missing, Row, row
from regbench.analysis.claims.spanning import transport_edges, tree_edges
from regbench.analysis.claims.tree import AtLeast, Comparison, Node, Turned, every, some
from regbench.papers import claims
from regbench.papers.claims import Predicate

DIGITS = "#.4g"  # format of numbers in the units of their column
MEANS: dict[str, str] = dict(zip(AGGREGATORS, ("mean", "geometric mean", "median"), strict=True))


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


@dataclass(frozen=True)
class Asked:
    """The evidence that a claim is checked against, and how means are taken."""

    evidence: Evidence
    datasets: tuple[str, ...]  # by their short names
    baseline: str
    aggregator: str = AGGREGATORS[0]
    higher: frozenset[str] = frozenset()  # columns in which higher numbers are better


@singledispatch
def state(predicate: Predicate, asked: Asked) -> Node:
    """The tree of comparisons that a predicate stands for."""
    raise NotImplementedError(type(predicate).__name__)


@state.register
def _(predicate: claims.All, asked: Asked) -> Node:
    return every(state(part, asked) for part in predicate.parts)


@state.register
def _(predicate: claims.AnyOf, asked: Asked) -> Node:
    return some(state(part, asked) for part in predicate.parts)


@state.register
def _(predicate: claims.Not, asked: Asked) -> Node:
    return Turned(state(predicate.part, asked))


@state.register
def _(predicate: claims.Lowest, asked: Asked) -> Node:
    return _all_below(predicate, asked, [predicate.row], predicate.among)


@state.register
def _(predicate: claims.Improves, asked: Asked) -> Node:
    return _all_below(predicate, asked, predicate.rows, predicate.over)


@state.register
def _(predicate: claims.Similar, asked: Asked) -> Node:
    return _over_cells(
        predicate,
        asked,
        lambda dataset, k: _alike(asked, dataset, row(predicate.row, k), row(predicate.to, k), predicate.by),
    )


@state.register
def _(predicate: claims.ShareOfGain, asked: Asked) -> Node:
    def share(dataset: str, k: int | None) -> Node:
        one, whole, base = (row(name, k) for name in (predicate.row, predicate.of, predicate.over))
        statement = f"{one} brings less than {predicate.below:.0%} of the gain of {whole} over {base}"
        weights = {base: 1 - predicate.below, one: -1.0, whole: predicate.below}
        found = asked.evidence.form(dataset, weights, per=base)
        measure = f"gain beyond that limit, relative to the error of {base}"
        return _comparison(statement, measure, dataset, product([dataset], weights), found)

    return _over_cells(predicate, asked, share)


@state.register
def _(predicate: claims.VariesLittle, asked: Asked) -> Node:
    rows = [row(predicate.row, k) for k in predicate.k]
    return _over_datasets(
        predicate,
        asked,
        lambda dataset: every(_alike(asked, dataset, one, other, predicate.by) for one, other in combinations(rows, 2)),
    )


@state.register
def _(predicate: claims.NoGainBeyond, asked: Asked) -> Node:
    start = row(predicate.row, predicate.k)
    return _over_datasets(
        predicate,
        asked,
        lambda dataset: every(
            _below(asked, dataset, start, row(predicate.row, k), margin=predicate.by) for k in predicate.up_to
        ),
    )


@state.register
def _(predicate: claims.MeanImprovement, asked: Asked) -> Node:
    one, over = row(predicate.row, predicate.k), row(predicate.over, predicate.k)
    datasets = predicate.datasets or asked.datasets

    def mean(limit: float) -> Comparison:
        found = asked.evidence.mean(one, over, datasets, aggregator=asked.aggregator, limit=1 - limit)
        measure = f"{MEANS[asked.aggregator]} of {one} over {over}"
        statement = f"mean of {one} over {over} is below {1 - limit:g}"
        return _comparison(statement, measure, None, product(datasets, (one, over)), found)

    least, most = predicate.about - predicate.to_the / 2, predicate.about + predicate.to_the / 2
    return every([mean(least), Turned(mean(most))])


@state.register
def _(predicate: claims.OrderOfMeans, asked: Asked) -> Node:
    datasets = predicate.datasets or asked.datasets
    groups = [[row(name, predicate.k) for name in group] for group in predicate.order]
    return every(
        _mean_below(asked, one, other, datasets, predicate.k)
        for group, following in pairwise(groups)
        for one in group
        for other in following
    )


@state.register
def _(predicate: claims.SameOrderForEveryK, asked: Asked) -> Node:
    datasets = predicate.datasets or asked.datasets

    def same(one: str, other: str) -> Node:
        below = [_mean_below(asked, row(one, k), row(other, k), datasets, k) for k in predicate.k]
        return some([every(below), every(Turned(comparison) for comparison in below)])

    return every(same(one, other) for one, other in combinations(predicate.rows, 2))


@state.register
def _(predicate: claims.BestSettingDiffers, asked: Asked) -> Node:
    datasets = predicate.datasets or asked.datasets
    return every(_differs(predicate, asked, datasets, k) for k in predicate.k)


@state.register
def _(predicate: claims.Difference, asked: Asked) -> Node:
    return _agree(predicate, asked, f"{predicate.about:g} below", per_over=False)


@state.register
def _(predicate: claims.Increase, asked: Asked) -> Node:
    return _agree(predicate, asked, f"{predicate.about:.1%} above", per_over=True)


@state.register
def _(predicate: claims.AtMost, asked: Asked) -> Node:
    def below(dataset: str, k: int | None) -> Node:
        one = row(predicate.row, k)
        found = asked.evidence.total(dataset, {one: 1.0}, limit=predicate.limit)
        measure = f"{dataset} of {one}"
        made = _comparison(f"{measure} at most {predicate.limit:g}", measure, None, [(dataset, one)], found)
        return replace(made, digits=DIGITS)

    return _over_cells(predicate, asked, below)


@state.register
def _(predicate: claims.AddsUp, asked: Asked) -> Node:
    def adds_up(name: str) -> Comparison:
        one = row(name, None)
        found = asked.evidence.adds_up(one, predicate.whole, predicate.parts, predicate.power)
        printed = asked.evidence.cell(predicate.whole, one)
        said = f", which is {printed.value:{DIGITS}} in the table" if isinstance(printed, Quantity) else ""
        measure = f"{predicate.whole} of {one}{said}, from its parts"
        cells = product((predicate.whole, *predicate.parts), [one])
        made = _comparison(f"{predicate.whole} of {one} follows from its parts", measure, None, cells, found)
        return replace(made, by_errors=False, digits=DIGITS)

    return every(map(adds_up, predicate.rows))


@state.register
def _(predicate: claims.Diverges, asked: Asked) -> Node:
    def diverges(dataset: str, k: int | None) -> Node:
        one = row(predicate.row, k)
        found = asked.evidence.has_diverged(dataset, one)
        gone, doubt = (found, UNKNOWN) if isinstance(found, Missing) else (Missing(()), found)
        statement = f"a run of {one} on {dataset} diverges"
        return Comparison(statement, "", None, ((dataset, one),), None, gone, doubt)

    return _over_cells(predicate, asked, diverges)


@state.register
def _(predicate: claims.SpanningTree, asked: Asked) -> Node:  # noqa: ARG001
    cheapest, tree = transport_edges(predicate.labels), tree_edges(predicate.labels)
    words = [", ".join(f"{one:g}–{other:g}" for one, other in sorted(edges)) for edges in (cheapest, tree)]
    labels = ", ".join(f"{label:g}" for label in predicate.labels)
    statement = f"labels {labels}: transport uses the pairs {words[0]}, the spanning tree {words[1]}"
    true = certain(true=cheapest == tree)
    return every([Comparison(statement, "", None, (), None, Missing(()), true, by_errors=False)])


def _agree(predicate: claims.Agrees, asked: Asked, words: str, *, per_over: bool) -> Node:
    """The number of `row` lies `about` below or above that of `over`, in each column."""
    one, over = row(predicate.row, None), row(predicate.over, None)
    half, sign = predicate.to_the / 2, 1.0 if per_over else -1.0
    within = predicate.about - half, predicate.about + half
    weights = {one: sign, over: -sign}

    def agree(column: str) -> Comparison:
        found = asked.evidence.agrees(column, weights, per=over if per_over else None, within=within)
        measure = f"{column} of {one} {'above' if per_over else 'below'} {over}" + " (share)" * per_over
        cells = product([column], (one, over))
        return replace(_comparison(f"{column} of {one} {words} {over}", measure, None, cells, found), digits=DIGITS)

    return every(map(agree, predicate.datasets))


def _differs(predicate: claims.BestSettingDiffers, asked: Asked, datasets: Sequence[str], k: int | None) -> Comparison:
    of = row(predicate.of, k)
    values = {dataset: asked.evidence.chosen(predicate.setting, of, dataset) for dataset in datasets}
    gone = Missing(
        tuple((dataset, of, f"no {predicate.setting} chosen") for dataset, value in values.items() if value is None)
    )
    known = {value for value in values.values() if value is not None}
    doubt = certain(true=True) if len(known) > 1 else UNKNOWN if gone.cells else certain(true=False)
    chosen = ", ".join(f"{value:.4g}" for value in sorted(known)) or "nothing"
    statement = f"{predicate.setting} of {of} differs between datasets: {chosen}"
    return Comparison(statement, "", None, tuple(product(datasets, [of])), None, gone, doubt, by_errors=False)


def _over_cells(predicate: claims.OverCells, asked: Asked, make: Callable[[str, int | None], Node]) -> Node:
    places = [(dataset, k) for k in predicate.k for dataset in predicate.datasets or asked.datasets]
    return _counted(predicate.where, [make(*place) for place in places])


def _over_datasets(predicate: claims.OverKs, asked: Asked, make: Callable[[str], Node]) -> Node:
    return _counted(predicate.where, [make(dataset) for dataset in predicate.datasets or asked.datasets])


def _counted(where: str, parts: Sequence[Node]) -> Node:
    needed = {"everywhere": len(parts), "somewhere": 1, "mostly": len(parts) // 2 + 1}[where]
    return AtLeast(needed, tuple(parts))


def _all_below(predicate: claims.OverCells, asked: Asked, rows: Sequence[str], others: Sequence[str]) -> Node:
    """Every one of `rows` is better than every one of `others`: lower, or higher in a column where that is better."""

    def below(dataset: str, k: int | None) -> Node:
        pairs = [(row(one, k), row(other, k)) for one in rows for other in others]
        return every(
            _below(asked, dataset, other, one) if dataset in asked.higher else _below(asked, dataset, one, other)
            for one, other in pairs
        )

    return _over_cells(predicate, asked, below)


def _below(asked: Asked, dataset: str, one: Row, other: Row, *, margin: float = 0.0) -> Comparison:
    """The error of `one` is below that of `other`, or less than the margin above it."""
    found = asked.evidence.form(dataset, {one: 1.0, other: -1.0 - margin}, per=other)
    if margin and isinstance(found, Quantity):  # show the difference itself, not its distance from the margin
        found = replace(found, value=found.value + margin, low=found.low + margin, high=found.high + margin)
    words = f"less than {margin:.0%} above" if margin else "below"
    measure = f"error of {one} less that of {other}, relative to the latter"
    return _comparison(f"{one} {words} {other}", measure, dataset, product([dataset], (one, other)), found)


def _alike(asked: Asked, dataset: str, one: Row, other: Row, margin: float) -> Node:
    return every([_below(asked, dataset, one, other, margin=margin), _below(asked, dataset, other, one, margin=margin)])


def _mean_below(asked: Asked, one: Row, other: Row, datasets: Sequence[str], k: int | None) -> Comparison:
    over = row(asked.baseline, k)
    found = asked.evidence.mean_difference(one, other, over, datasets, aggregator=asked.aggregator)
    cells = product(datasets, dict.fromkeys((one, other, over)))
    measure = f"{MEANS[asked.aggregator]} of {one} less that of {other}"
    return _comparison(f"mean of {one} below that of {other}", measure, None, cells, found)


def _comparison(
    statement: str, measure: str, dataset: str | None, cells: Iterable[tuple[str, Row]], found: Quantity | Missing
) -> Comparison:
    if isinstance(found, Missing):
        return Comparison(statement, measure, dataset, tuple(cells), None, found, UNKNOWN)
    return Comparison(statement, measure, dataset, tuple(cells), found, Missing(()), found.below)
