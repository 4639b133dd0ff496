"""The table of ratios to a baseline: rows by datasets, and the means over them."""

from collections.abc import Sequence
from typing import Any

from pandas import DataFrame

from regbench import kinds, metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.analysis.budget import Tried
from regbench.analysis.normalize import ROW, Normalized
from regbench.reports.report import Table
from regbench.reports.shared import marking, tables
from regbench.reports.text import marks, words

MEANS = {"arithmetic": "mean", "geometric": "geo. mean", "median": "median"}
DECIMALS = 3  # of a ratio, as in the paper
MORE = ("rank", "tried", "gap")  # columns of the means that are shown where they have values


def ratio_table(normalized: Normalized, source: str, notes: tuple[str, ...], digits: int | None = None) -> Table:
    """Mean ratio ± standard deviation per cell; arithmetic, geometric mean and median over several common datasets."""
    cells, means = normalized.cells, normalized.means
    datasets = sorted(set(cells["dataset"]), key=order.dataset_key)
    usual = words.usual_seeds(cells)
    averaged = MEANS if len(datasets) > 1 else {}  # for one dataset every mean is the cell itself
    more = [name for name in MORE if name in means and means[name].notna().any()]
    found = {(*_identity(row), row["dataset"]): row for row in records(cells)}
    judged = f"best_{normalized.metric}" in cells
    best = {name: best_means(means, name) if judged else [False] * len(means) for name in averaged}
    decimals = DECIMALS if digits is None else digits
    rows = []
    for place, mean in enumerate(records(means)):
        across = [found.get((*_identity(mean), dataset)) for dataset in datasets]
        shown = [_marked(row, normalized.metric, usual, decimals) if row else "" for row in across]
        shown += [marks.BEST * best[name][place] + words.average(mean[name], decimals=decimals) for name in averaged]
        rows.append((*_names(mean, across), *shown, *(_more(mean, name) for name in more)))
    header = (*tables.NAMES, *map(order.alias, datasets), *averaged.values(), *more)
    rules = tables.rule_above_baselines([mean["method"] for mean in records(means)])
    table = Table(_relative(normalized, source), header, tuple(rows), notes, index=3, rules=rules)
    return marking.explained(tables.compact(table))


def ratio(row: dict[str, Any], usual: words.Seeds, decimals: int = DECIMALS) -> str:
    """A ratio with the number of seeds it is over, if that is not the usual one."""
    over = {**row, "n": int(row["ratio_n"])} if words.has(row["ratio"]) else row
    return words.cell(over, row["ratio"], row["ratio_std"], usual, tables.formats(decimals))


def _marked(row: dict[str, Any], metric: str, usual: words.Seeds, decimals: int) -> str:
    return marking.of({**row, "published": False}, metric) + ratio(row, usual, decimals)


def _names(mean: dict[str, Any], across: Sequence[dict[str, Any] | None]) -> tuple[str, ...]:
    """The names of a row, with a mark where its runs are published ones."""
    name, *others = tables.row_names(mean)
    published = any(row is not None and words.has(row.get("published")) and row["published"] for row in across)
    return marks.PUBLISHED * published + name, *others


def best_means(means: DataFrame, name: str) -> list[bool]:
    """By row, whether it has the lowest mean; a reference model takes no mark from the methods."""
    values, below = means[name].astype(float), means["method"].map(kinds.is_reference).astype(bool)
    lowest = {True: values.min(), False: values[~below].min()}
    return [bool(value == lowest[reference]) for value, reference in zip(values, below, strict=True)]


def _more(mean: dict[str, Any], name: str) -> str:
    """A cell of a further column."""
    if not words.has(mean[name]):
        return words.MISSING
    match name:
        case "gap":
            return f"{mean[name]:.1f} %"
        case "tried":
            return Tried(mean["tried_fewest"], mean["tried"]).text
    return str(mean[name])


def _relative(normalized: Normalized, source: str) -> str:
    """The caption of a table of ratios."""
    count = len(normalized.common)
    several = normalized.cells["dataset"].nunique() > 1
    over = f"; means over {count} dataset{'' if count == 1 else 's'}" if count else "; no means"
    label = metrics.about(normalized.metric).label
    return (
        f"Test {label} relative to {normalized.baseline} (= 1), mean ± standard deviation over "
        f"seeds. {source}; {words.seeds(normalized.cells)}{over if several else ''}."
    )


def _identity(row: Any) -> tuple[Any, ...]:
    return tuple(str(row[column]) for column in ROW)
