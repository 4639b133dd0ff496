"""Marks in tables: the best of each column, what is not separable from it, what only prints alike, published runs."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from regbench import kinds, metrics
from regbench.analysis import separable
from regbench.reports.report import Legend, Table
from regbench.reports.text import marks, words

ONE_SEED = "no two cells have two seeds in common, so which differences are more than noise cannot be told"
SURE = f"{100 * separable.LEVEL:g} %"


def marked(cells: DataFrame, measured: Sequence[str], frame: DataFrame, **more: Any) -> DataFrame:
    """Cells with columns that mark reference models and, for each metric, the best mean and what is not separable.

    Args:
        cells: as `aggregate` made them of the frame.
        measured: the metrics.
        frame: has the errors by seed.
        more: further columns.
    """
    rows = cells.assign(reference=cells["method"].map(kinds.is_reference).astype(bool), **more)
    for metric in measured:
        loss = rows[f"{metric}_mean"].map(metrics.about(metric).loss, na_action="ignore")
        rows = judged(rows, loss, metric, separable.Errors(frame, metric))
    return rows


def judged(rows: DataFrame, loss: pd.Series, metric: str, errors: separable.Errors) -> DataFrame:
    """Cells, which have a column `reference`, with columns best_METRIC and near_METRIC; lower losses are better."""
    best = _best(rows, loss)
    near = separable.near(rows, best, rows["reference"], errors)
    return rows.assign(**{f"best_{metric}": best, f"near_{metric}": near})


def of(row: dict[str, Any], metric: str) -> str:
    """The marks of a cell that `judged` has seen."""
    flags = {marks.BEST: f"best_{metric}", marks.NEAR: f"near_{metric}", marks.PUBLISHED: "published"}
    return "".join(mark for mark, column in flags.items() if words.has(row.get(column)) and row[column])


def untold(rows: DataFrame, metric: str) -> list[str]:
    """A note where no cell could be compared with the best of its column, for want of seeds."""
    compared = rows.loc[rows["n"] > 0].groupby("dataset").size().max() > 1
    alone = compared and (rows["n"] < 2).all() and not rows[f"near_{metric}"].any()
    return [ONE_SEED] if alone else []


def explained(table: Table, better: str = "lowest", *, grouped: bool = False) -> Table:
    """The table with a mark at every cell that prints the same as the best one, and with its legend.

    better: what the best cells are. grouped: whether they are the best of the rows with the same first cell, and not of
    their column.
    """
    whole, *more = (replace(part, rows=_alike(part, grouped=grouped)) for part in (table, *table.more))
    references = any(part.rules for part in (table, *table.more))
    said = meanings(f"{better} {'of its dataset' if grouped else 'of its column'}", references=references)
    rows = tuple(chain.from_iterable(part.rows for part in (whole, *more)))
    return replace(whole, more=tuple(more), legend=marks.used(rows, said))


def meanings(best: str, *, references: bool) -> Legend:
    """What each mark means. best: what the best cells are. references: whether there are rows of reference models."""
    below = ", of a reference model where it is better still" if references else ""
    return (
        (marks.BEST, best + below),
        (marks.NEAR, f"not separable from it by seeds ({SURE} for all such marks at once)"),
        (marks.ALIKE, "prints the same as it"),
        (marks.PUBLISHED, "from published runs"),
    )


def _alike(table: Table, *, grouped: bool) -> tuple[tuple[str, ...], ...]:
    groups = [row[0] if grouped else "" for row in table.rows]
    columns = list(zip(*table.rows, strict=True))
    kept = [alike(column, groups) if place >= table.index else column for place, column in enumerate(columns)]
    return tuple(zip(*kept, strict=True))


def alike(column: Sequence[str], groups: Sequence[str]) -> list[str]:
    """The cells of a column, those marked that print the same as the best of their group."""
    places = [(group, marks.value(cell)) for group, cell in zip(groups, column, strict=True)]
    best = {place for place, cell in zip(places, column, strict=True) if marks.BEST in marks.leading(cell)}
    return [
        cell if marks.BEST in marks.leading(cell) or place not in best else marks.add(marks.ALIKE, cell)
        for place, cell in zip(places, column, strict=True)
    ]


def _best(rows: DataFrame, loss: pd.Series) -> pd.Series:
    """Whether a cell is the best of its dataset; only cells with the largest number of seeds can be.

    A reference model (column `reference`) takes no mark from the methods, and has one where it is better still; one
    that draws nothing is complete with its one run.
    """
    below, n = rows["reference"], rows["n"].where(loss.notna())
    most = n.groupby([rows["dataset"], below]).transform("max")
    full = (n == most) | (below & (n == rows["n_expected"]))
    usable = loss.where(full)
    own = usable.where(~below).groupby(rows["dataset"]).transform("min")
    overall = usable.groupby(rows["dataset"]).transform("min")
    return (usable == np.where(below, overall, own)) & usable.notna()
