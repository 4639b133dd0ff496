"""Tables of rows (method, k, λ_σ) by datasets in Table 1's order, reference models below a rule."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd
from pandas import DataFrame

from regbench import kinds, variants
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.analysis.normalize import ROW
from regbench.papers.bridges import WIDTH
from regbench.reports.report import Table
from regbench.reports.shared import marking
from regbench.reports.text import words

NAMES = ("method", "k", "λσ")  # the columns that name a row
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


def formats(digits: int | None) -> tuple[str, str]:
    """The formats of an error and its spread with so many decimals; without a number significant digits."""
    return DIGITS if digits is None else (f".{digits}f", f".{digits}f")


def error(row: dict[str, Any], metric: str, usual: words.Seeds, digits: int | None = None) -> str:
    """Mean ± standard deviation of a metric, with the marks of its cell."""
    shown = words.cell(row, row[f"{metric}_mean"], row[f"{metric}_std"], usual, formats(digits))
    return marking.of(row, metric) + shown
