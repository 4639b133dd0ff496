"""Tables of rows (method, k, λ_σ) by datasets in Table 1's order, reference models below a rule."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from regbench import kinds, metrics, variants
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.analysis.normalize import ROW, Normalized
from regbench.papers.bridges import WIDTH
from regbench.reports.report import Table
from regbench.reports.text import words

NAMES = ("method", "k", "λσ")  # the columns that name a row
MEANS = {"arithmetic": "mean", "geometric": "geo. mean", "median": "median"}
BEST = "*"
MARKED = f"{BEST} marks the lowest mean of its column, of a reference model where it is lower still"
DIGITS = ("#.5g", "#.2g")  # formats of an error and its spread; three decimals, as in the paper, would hide differences


def row_names(row: Any) -> tuple[str, str, str]:
    """Method, k and λ_σ of a row; the method with its other settings that are not at their defaults."""
    name = variants.without(row["variant"], WIDTH)
    return name, words.setting(row["k"]), words.setting(row[WIDTH])


def block(
    title: str,
    rows: DataFrame,
    cell: Callable[[dict[str, Any]], str],
    *,
    by: Sequence[str] = ROW,
    names: Callable[[Any], tuple[str, ...]] = row_names,
) -> Table:
    """Rows by datasets under a title; blank where nothing was planned, reference models below a rule."""
    datasets = sorted(set(rows["dataset"]), key=order.dataset_key)
    lines, methods = [], []
    for _, group in rows.groupby(list(by), dropna=False, sort=False):
        found = {row["dataset"]: row for row in records(group)}
        first = next(iter(found.values()))
        methods.append(first.get("method", ""))
        lines.append((*names(first), *(cell(found[dataset]) if dataset in found else "" for dataset in datasets)))
    index = len(lines[0]) - len(datasets)
    header = (*NAMES[:index], *map(order.alias, datasets))
    return compact(Table("", header, tuple(lines), index=index, rules=rule_above_baselines(methods), title=title))


def listed(
    caption: str, header: Sequence[str], rows: Sequence[tuple[Any, Sequence[str]]], notes: tuple[str, ...]
) -> Table:
    """A line for each row, with these cells behind its dataset and the columns that name it."""
    lines = tuple((order.alias(row["dataset"]), *row_names(row), *cells) for row, cells in rows)
    return compact(Table(caption, ("dataset", *NAMES, *header), lines, notes, index=4))


def stacked(caption: str, blocks: Sequence[Table], notes: tuple[str, ...]) -> Table:
    """Several grids under one caption, the notes below the last."""
    return replace(blocks[0], caption=caption, notes=notes, more=tuple(blocks[1:]))


def compact(table: Table) -> Table:
    """The table without naming columns that are empty."""
    empty = [column for column in range(table.index) if not any(row[column] for row in table.rows)]
    kept = [column for column in range(len(table.header)) if column not in empty]
    rows = tuple(tuple(row[column] for column in kept) for row in table.rows)
    header = tuple(table.header[column] for column in kept)
    return replace(table, header=header, rows=rows, index=table.index - len(empty))


def at_k(rows: DataFrame, k: int | None) -> pd.Series:
    """Whether a row is of this k, or of a method that ignores k."""
    return rows["k"].isna() | (rows["k"] == k).fillna(value=False)


def rule_above_baselines(methods: Sequence[str]) -> tuple[int, ...]:
    """The row of the first baseline, if there are methods above it.

    >>> rule_above_baselines(["lsq", "end2end", "ridge", "knn"]), rule_above_baselines(["ridge", "knn"])
    ((2,), ())
    """
    first = next((row for row, method in enumerate(methods) if kinds.is_reference(method)), 0)
    return (first,) if first else ()


def marked(cells: DataFrame, measured: Sequence[str], **more: Any) -> DataFrame:
    """Cells with columns that mark reference models and, for each metric, the best mean."""
    rows = cells.assign(reference=cells["method"].map(kinds.is_reference).astype(bool), **more)
    return rows.assign(**{f"best_{metric}": _best(rows, metric) for metric in measured})


def error(row: dict[str, Any], metric: str, usual: words.Seeds) -> str:
    """Mean ± standard deviation of a metric, marked where its mean is the best."""
    shown = words.cell(row, row[f"{metric}_mean"], row[f"{metric}_std"], usual, DIGITS)
    return BEST * bool(row.get(f"best_{metric}")) + shown


def _best(rows: DataFrame, metric: str) -> pd.Series:
    """Whether a cell is the best of its dataset; only cells with the largest number of seeds can be.

    A reference model (column `reference`) takes no mark from the methods, and has one where it is better still; one
    that draws nothing is complete with its one run.
    """
    loss = rows[f"{metric}_mean"].map(metrics.about(metric).loss, na_action="ignore")
    below, n = rows["reference"], rows["n"].where(loss.notna())
    most = n.groupby([rows["dataset"], below]).transform("max")
    full = (n == most) | (below & (n == rows["n_expected"]))
    usable = loss.where(full)
    own = usable.where(~below).groupby(rows["dataset"]).transform("min")
    overall = usable.groupby(rows["dataset"]).transform("min")
    return (usable == np.where(below, overall, own)) & usable.notna()


def ratio_table(normalized: Normalized, source: str, notes: tuple[str, ...]) -> Table:
    """Mean ratio ± standard deviation per cell; arithmetic, geometric mean and median over several common datasets."""
    cells, means = normalized.cells, normalized.means
    datasets = sorted(set(cells["dataset"]), key=order.dataset_key)
    usual = words.usual_seeds(cells)
    averaged = MEANS if len(datasets) > 1 else {}  # for one dataset every mean is the cell itself
    found = {(*_identity(row), row["dataset"]): row for row in records(cells)}
    rows = []
    for mean in records(means):
        across = [found.get((*_identity(mean), dataset)) for dataset in datasets]
        shown = [ratio(row, usual) if row else "" for row in across]
        rows.append((*row_names(mean), *shown, *(words.average(mean[name]) for name in averaged)))
    header = (*NAMES, *map(order.alias, datasets), *averaged.values())
    rules = rule_above_baselines([mean["method"] for mean in records(means)])
    return compact(Table(_relative(normalized, source), header, tuple(rows), notes, index=3, rules=rules))


def ratio(row: dict[str, Any], usual: words.Seeds) -> str:
    """A ratio with the number of seeds it is over, if that is not the usual one."""
    over = {**row, "n": int(row["ratio_n"])} if words.has(row["ratio"]) else row
    return words.cell(over, row["ratio"], row["ratio_std"], usual)


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
