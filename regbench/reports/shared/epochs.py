"""Curves over epochs: runs with every epoch, their median and range over seeds, and how they are drawn."""

from collections.abc import Mapping
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from regbench.analysis import order
from regbench.analysis.aggregate import null, records
from regbench.papers.bridges import WIDTH
from regbench.reports.shared import drawing, looks

ROW = ["dataset", "method", "variant", "k", WIDTH]
LINE = ["method", "variant", "k"]  # the same in every panel
Styles = Mapping[looks.Line, Mapping[str, Any]]


def whole(long: DataFrame) -> DataFrame:
    """The rows of runs that have every epoch; a distilled export keeps only a few."""
    if "epochs" not in long or long.empty:
        return long
    return long[long.groupby(["run_id", "name"])["epoch"].transform("nunique") >= long["epochs"]]


def over_seeds(long: DataFrame, by: str) -> DataFrame:
    """One row per line and epoch: median, lowest and highest value, and the number of seeds."""
    grouped = long.groupby([*ROW, by, "epoch"], dropna=False)["value"]
    rows = grouped.agg(["median", "min", "max", "count"]).reset_index()
    return in_order(rows.rename(columns={"min": "low", "max": "high", "count": "n"}), [by, "epoch"])


def in_order(rows: DataFrame, then: list[str]) -> DataFrame:
    """The rows in the order of all tables, and then by these columns."""
    keys = [
        (
            order.dataset_key(row["dataset"]),
            order.row_key(row["method"], row["variant"], null(row["k"]), null(row[WIDTH])),
            *(row[name] for name in then),
        )
        for row in records(rows[[*ROW, *then]])
    ]
    return rows.iloc[sorted(range(len(rows)), key=keys.__getitem__)].reset_index(drop=True)


def lines(rows: DataFrame) -> dict[looks.Line, dict[str, Any]]:
    """The lines of all panels, each with its method, variant and k."""
    return {line(row): row for row in records(rows[LINE].drop_duplicates())}


def line(row: Any) -> looks.Line:
    """The key of a colour and a line style: a method, and its variant and k."""
    return row["method"], (row["variant"], null(row["k"]))


def draw(axes: Axes, rows: DataFrame, styles: Styles, *, ranges: bool = True) -> None:
    """The median of each line, and its range where there are several seeds, over whole epochs."""
    for _, part in rows.groupby(ROW, dropna=False, sort=False):
        band = {"low": part["low"], "high": part["high"]} if ranges and (part["n"] > 1).any() else {}
        drawing.line(axes, part["epoch"], part["median"], **band, **styles[line(records(part)[0])])
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def handles(rows: DataFrame, styles: Styles) -> list[Line2D]:
    """The entries of a legend for the lines; with k where there are several."""
    several = rows["k"].nunique() > 1
    labels = {
        key: looks.label(row["method"], row["variant"], row["k"] if several else None)
        for key, row in lines(rows).items()
    }
    return [Line2D([], [], label=labels[key], **look) for key, look in styles.items()]
