"""From a predicate to the comparisons that decide it, each with the answer of the evidence."""

from dataclasses import replace
from functools import singledispatch
from itertools import combinations, pairwise, product

from regbench.analysis.claims import of_sweeps
from regbench.analysis.claims.comparing import (
    MEANS,
    alike,
    all_below,
    compared,
    is_below,
    mean_below,
    over_cells,
    over_datasets,
)
from regbench.analysis.claims.doubt import UNKNOWN, certain
from regbench.analysis.claims.evidence import Asked
from regbench.analysis.claims.quantity import Quantity
from regbench.analysis.claims.rows import Missing, Row, row
from regbench.analysis.claims.spanning import transport_edges, tree_edges
from regbench.analysis.claims.tree import Comparison, Node, Turned, every, some
from regbench.papers import predicates
from regbench.papers.predicates import Predicate

DIGITS = "#.4g"  # format of numbers in the units of their column


@singledispatch
def state(predicate: Predicate, asked: Asked) -> Node:
    """The tree of comparisons that a predicate stands for."""
    raise NotImplementedError(type(predicate).__name__)


@state.register
def _(predicate: predicates.All, asked: Asked) -> Node:
    return every(state(part, asked) for part in predicate.parts)


@state.register
def _(predicate: predicates.AnyOf, asked: Asked) -> Node:
    return some(state(part, asked) for part in predicate.parts)


@state.register
def _(predicate: predicates.Not, asked: Asked) -> Node:
    return Turned(state(predicate.part, asked))


@state.register
def _(predicate: predicates.Lowest, asked: Asked) -> Node:
    return all_below(predicate, asked, [predicate.row], predicate.among)


@state.register
def _(predicate: predicates.Improves, asked: Asked) -> Node:
    return all_below(predicate, asked, predicate.rows, predicate.over)


@state.register
def _(predicate: predicates.Similar, asked: Asked) -> Node:
    return over_cells(
        predicate,
        asked,
        lambda dataset, k: alike(asked, dataset, row(predicate.row, k), row(predicate.to, k), predicate.by),
    )


@state.register
def _(predicate: predicates.ShareOfGain, asked: Asked) -> Node:
    def share(dataset: str, k: int | None) -> Node:
        one, whole, base = (row(name, k) for name in (predicate.row, predicate.of, predicate.over))
        statement = f"{one} brings less than {predicate.below:.0%} of the gain of {whole} over {base}"
        weights = {base: 1 - predicate.below, one: -1.0, whole: predicate.below}
        found = asked.evidence.form(dataset, weights, per=base)
        measure = f"gain beyond that limit, relative to the error of {base}"
        return compared(statement, measure, dataset, product([dataset], weights), found)

    return over_cells(predicate, asked, share)


@state.register
def _(predicate: predicates.NearBest, asked: Asked) -> Node:
    def near(dataset: str, k: int | None) -> Node:
        others = [row(name, k) for name in predicate.among]
        return every(is_below(asked, dataset, row(predicate.row, k), other, margin=predicate.by) for other in others)

    return over_cells(predicate, asked, near)


@state.register
def _(predicate: predicates.VariesLittle, asked: Asked) -> Node:
    rows = [row(*choice) for choice in predicate.choices]
    return over_datasets(
        predicate,
        asked,
        lambda dataset: every(alike(asked, dataset, one, other, predicate.by) for one, other in combinations(rows, 2)),
    )


@state.register
def _(predicate: predicates.NoSingleBest, asked: Asked) -> Node:
    rows = [row(*choice) for choice in predicate.choices]

    def best_everywhere(one: Row) -> Node:
        places = product(predicate.datasets or asked.datasets, [other for other in rows if other != one])
        return every(is_below(asked, dataset, one, other, margin=predicate.by) for dataset, other in places)

    return Turned(some(map(best_everywhere, rows)))


@state.register
def _(predicate: predicates.NoGainBeyond, asked: Asked) -> Node:
    start = row(predicate.row, predicate.k)
    return over_datasets(
        predicate,
        asked,
        lambda dataset: every(
            is_below(asked, dataset, start, row(predicate.row, k), margin=predicate.by) for k in predicate.up_to
        ),
    )


@state.register
def _(predicate: predicates.FallsWithK, asked: Asked) -> Node:
    rows = [row(predicate.row, k) for k in predicate.k]
    return over_datasets(
        predicate,
        asked,
        lambda dataset: every(is_below(asked, dataset, more, fewer) for fewer, more in pairwise(rows)),
    )


@state.register
def _(predicate: predicates.MeanImprovement, asked: Asked) -> Node:
    one, over = row(predicate.row, predicate.k), row(predicate.over, predicate.k)
    datasets = predicate.datasets or asked.datasets

    def mean(limit: float) -> Comparison:
        found = asked.evidence.mean(one, over, datasets, aggregator=asked.aggregator, limit=1 - limit)
        measure = f"{MEANS[asked.aggregator]} of {one} over {over}"
        statement = f"mean of {one} over {over} is below {1 - limit:g}"
        return compared(statement, measure, None, product(datasets, (one, over)), found)

    least, most = predicate.about - predicate.to_the / 2, predicate.about + predicate.to_the / 2
    return every([mean(least), Turned(mean(most))])


@state.register
def _(predicate: predicates.OrderOfMeans, asked: Asked) -> Node:
    datasets = predicate.datasets or asked.datasets
    groups = [[row(name, predicate.k) for name in group] for group in predicate.order]
    return every(
        mean_below(asked, one, other, datasets, predicate.k)
        for group, following in pairwise(groups)
        for one in group
        for other in following
    )


@state.register
def _(predicate: predicates.SameOrderForEveryK, asked: Asked) -> Node:
    datasets = predicate.datasets or asked.datasets

    def same(one: str, other: str) -> Node:
        below = [mean_below(asked, row(one, k), row(other, k), datasets, k) for k in predicate.k]
        return some([every(below), every(Turned(comparison) for comparison in below)])

    return every(same(one, other) for one, other in combinations(predicate.rows, 2))


@state.register
def _(predicate: predicates.BestSettingDiffers, asked: Asked) -> Node:
    return of_sweeps.differ(predicate, asked)


@state.register
def _(predicate: predicates.NoSingleSetting, asked: Asked) -> Node:
    return of_sweeps.no_single(predicate, asked)


@state.register
def _(predicate: predicates.SettingMattersLittle, asked: Asked) -> Node:
    return of_sweeps.matter_little(predicate, asked)


@state.register
def _(predicate: predicates.Difference, asked: Asked) -> Node:
    return _agree(predicate, asked, f"{predicate.about:g} below", per_over=False)


@state.register
def _(predicate: predicates.Increase, asked: Asked) -> Node:
    return _agree(predicate, asked, f"{predicate.about:.1%} above", per_over=True)


@state.register
def _(predicate: predicates.AtMost, asked: Asked) -> Node:
    return over_cells(predicate, asked, lambda dataset, k: _within(predicate, asked, dataset, k))


@state.register
def _(predicate: predicates.AtLeast, asked: Asked) -> Node:
    return over_cells(predicate, asked, lambda dataset, k: _within(predicate, asked, dataset, k))


@state.register
def _(predicate: predicates.AddsUp, asked: Asked) -> Node:
    def adds_up(name: str) -> Comparison:
        one = row(name, None)
        found = asked.evidence.adds_up(one, predicate.whole, predicate.parts, predicate.power)
        printed = asked.evidence.cell(predicate.whole, one)
        said = f", which is {printed.value:{DIGITS}} in the table" if isinstance(printed, Quantity) else ""
        measure = f"{predicate.whole} of {one}{said}, from its parts"
        cells = product((predicate.whole, *predicate.parts), [one])
        made = compared(f"{predicate.whole} of {one} follows from its parts", measure, None, cells, found)
        return replace(made, by_errors=False, digits=DIGITS)

    return every(map(adds_up, predicate.rows))


@state.register
def _(predicate: predicates.Diverges, asked: Asked) -> Node:
    def diverges(dataset: str, k: int | None) -> Node:
        one = row(predicate.row, k)
        found = asked.evidence.has_diverged(dataset, one)
        gone, doubt = (found, UNKNOWN) if isinstance(found, Missing) else (Missing(()), found)
        statement = f"a run of {one} on {dataset} diverges"
        return Comparison(statement, "", None, ((dataset, one),), None, gone, doubt)

    return over_cells(predicate, asked, diverges)


@state.register
def _(predicate: predicates.Undecidable, asked: Asked) -> Node:  # noqa: ARG001
    return every([Comparison(predicate.because, "", None, (), None, Missing(()), UNKNOWN, by_errors=False)])


@state.register
def _(predicate: predicates.SpanningTree, asked: Asked) -> Node:  # noqa: ARG001
    cheapest, tree = transport_edges(predicate.labels), tree_edges(predicate.labels)
    words = [", ".join(f"{one:g}–{other:g}" for one, other in sorted(edges)) for edges in (cheapest, tree)]
    labels = ", ".join(f"{label:g}" for label in predicate.labels)
    statement = f"labels {labels}: transport uses the pairs {words[0]}, the spanning tree {words[1]}"
    true = certain(true=cheapest == tree)
    return every([Comparison(statement, "", None, (), None, Missing(()), true, by_errors=False)])


def _agree(predicate: predicates.Agrees, asked: Asked, words: str, *, per_over: bool) -> Node:
    """The number of `row` lies `about` below or above that of `over`, in each column."""
    one, over = row(predicate.row, None), row(predicate.over, None)
    half, sign = predicate.to_the / 2, 1.0 if per_over else -1.0
    within = predicate.about - half, predicate.about + half
    weights = {one: sign, over: -sign}

    def agree(column: str) -> Comparison:
        found = asked.evidence.agrees(column, weights, per=over if per_over else None, within=within)
        measure = f"{column} of {one} {'above' if per_over else 'below'} {over}" + " (share)" * per_over
        cells = product([column], (one, over))
        return replace(compared(f"{column} of {one} {words} {over}", measure, None, cells, found), digits=DIGITS)

    return every(map(agree, predicate.datasets))


def _within(predicate: predicates.AtMost | predicates.AtLeast, asked: Asked, dataset: str, k: int | None) -> Comparison:
    """The number of the row is on the right side of the limit."""
    one = row(predicate.row, k)
    found = asked.evidence.total(dataset, {one: 1.0}, limit=predicate.limit)
    measure = f"{dataset} of {one}"
    least = isinstance(predicate, predicates.AtLeast)
    statement = f"{measure} at {'least' if least else 'most'} {predicate.limit:g}"
    made = compared(statement, measure, None, [(dataset, one)], found)
    return replace(made, digits=DIGITS, doubt=made.doubt.turned if least else made.doubt)
