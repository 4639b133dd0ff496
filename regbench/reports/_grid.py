"""Rows by datasets: what a table of errors is, a grid of cells under a title."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.papers.bridges import WIDTH
from regbench.reports import _ratios
from regbench.reports._report import Table

if TYPE_CHECKING:
    import pandas as pd
    from pandas import DataFrame

ROW = ["method", "variant", "k", WIDTH]
BEST = "*"
MARKED = f"{BEST} marks the lowest mean of its column, of a reference model where it is lower still"
DIGITS = ("#.5g", "#.2g")  # of an error and its spread: the paper's three decimals are mostly rounding


def block(title: str, rows: "DataFrame", cell: Callable[[dict[str, Any]], str]) -> Table:
    """Rows by datasets under a title; blank where nothing was planned, reference models below a rule."""
    datasets = sorted(set(rows["dataset"]), key=order.dataset_key)
    lines, rules, reference = [], [], False
    for key, group in rows.groupby(ROW, dropna=False, sort=False):
        named = dict(zip(ROW, key, strict=True))
        if bool(group["reference"].iloc[0]) and not reference:
            reference = True
            rules += [len(lines)] if lines else []
        found = {row["dataset"]: row for row in records(group)}
        lines.append((*_ratios.row_names(named), *(cell(found[each]) if each in found else "" for each in datasets)))
    header = ("method", "k", "λσ", *map(order.alias, datasets))
    return _ratios.compact(Table("", header, tuple(lines), index=3, rules=tuple(rules), title=title))


def lowest(rows: "DataFrame", column: str) -> "pd.Series":
    """Whether a cell is the lowest of its dataset, of those with as many seeds as any that has such a number.

    A reference model (column `reference`) takes no mark from the methods, and has one where it is lower still; one
    that draws nothing is complete with its one run.
    """
    below, n = rows["reference"], rows["n"].where(rows[column].notna())
    most = n.groupby([rows["dataset"], below]).transform("max")
    full = (n == most) | (below & (n == rows["n_expected"]))
    usable = rows[column].where(full)
    own = usable.where(~below).groupby(rows["dataset"]).transform("min")
    overall = usable.groupby(rows["dataset"]).transform("min")
    return (usable == np.where(below, overall, own)) & usable.notna()


def stacked(caption: str, blocks: list[Table], notes: tuple[str, ...]) -> Table:
    """Several grids under one caption, the notes below the last."""
    first, *others = blocks
    return Table(
        caption, first.header, first.rows, notes, first.index, first.rules, title=first.title, more=tuple(others)
    )
