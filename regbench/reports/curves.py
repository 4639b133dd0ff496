"""Test and validation error after every epoch: median over seeds, and their range."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench.analysis import order, select, variants
from regbench.analysis.aggregate import records
from regbench.errors import NothingMeasured
from regbench.reports import _ratios
from regbench.reports._report import Options, Report, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

LINE = ["dataset", "method", "variant", "k"]
ACROSS = 4  # panels in a row
LINES = {"test": {"linestyle": "-", "linewidth": 0.9}, "val": {"linestyle": (0, (2, 1.5)), "linewidth": 0.7}}


@dataclass(frozen=True)
class Numbers:
    """One row per line, split and epoch: median, lowest and highest over the seeds that have a finite error."""

    rows: "DataFrame"
    metric: str
    benchmark: str


def compute(frame: "DataFrame", options: Options) -> Numbers:
    """Median and range over seeds; at k = 25 where there are several k and none was asked for."""
    long = frame.copy()
    if "method" not in long:
        long["method"] = [str(each).partition("[")[0] for each in long["variant"]]
    names = {f"{split}/{options.metric}": split for split in LINES}
    long = long[long["name"].isin(list(names)) & long["value"].notna()]
    if long.empty:
        raise NothingMeasured("no epoch of any run is stored: no curve to draw")
    several = long["k"].nunique() > 1 and not options.k
    k = (variants.DEFAULT_K,) if several and (long["k"] == variants.DEFAULT_K).any() else options.k
    long = select(long, k=k, datasets=options.datasets, methods=options.methods)
    long = long.assign(split=long["name"].map(names), value=long["value"].astype(float))
    long = long[np.isfinite(long["value"])]
    grouped = long.groupby([*LINE, "split", "epoch"], dropna=False)["value"]
    rows = grouped.agg(["median", "min", "max", "count"]).reset_index()
    rows = rows.rename(columns={"min": "low", "max": "high", "count": "n"})
    return Numbers(_sorted(rows), options.metric, options.benchmark or "")


def table(numbers: Numbers) -> Table:
    """Where each line ends: its last epoch and its lowest median."""
    rows = []
    for key, line in numbers.rows.groupby(LINE, dropna=False, sort=False):
        named = dict(zip(LINE, key, strict=True))
        test, val = (line[line["split"] == split] for split in ("test", "val"))
        ends = [_end(part) for part in (val, test)]
        n = str(int(line["n"].max()))
        rows.append((order.alias(named["dataset"]), *_ratios.row_names(_no_width(named)), n, *ends))
    metric = numbers.metric.upper()
    of = f" Benchmark {numbers.benchmark}." if numbers.benchmark else ""
    caption = f"{metric} after the last epoch, median [lowest, highest] over N seeds.{of}"
    header = ("dataset", "method", "k", "λσ", "N", f"validation {metric}", f"test {metric}")
    return _ratios.compact(Table(caption, header, tuple(rows), index=4))


def frames(numbers: Numbers) -> dict[str, "DataFrame"]:
    """One row per line, split and epoch."""
    return {"rows": numbers.rows}


def draw(numbers: Numbers) -> "Figure":
    """A panel per dataset: test solid with its range over seeds, validation dashed."""
    from matplotlib.figure import Figure

    from regbench.reports import _figure, _palette

    rows = numbers.rows
    datasets = list(dict.fromkeys(rows["dataset"]))
    colours = _palette.colours(list(rows["method"]))
    across = min(ACROSS, len(datasets))
    down = -(-len(datasets) // across)
    width = _figure.TEXT if across > 2 else _figure.COLUMN * across
    with _figure.style():
        figure = Figure(figsize=(width, 0.6 + 1.6 * down + 0.3 * (across < 3)), layout="constrained")
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for panel, dataset in zip(panels, datasets, strict=False):
            _panel(panel, rows[rows["dataset"] == dataset], colours, order.alias(dataset))
        for panel in panels[len(datasets) :]:
            panel.set_axis_off()
        for panel in panels[::across]:
            panel.set_ylabel(numbers.metric.upper())
        _legend(figure, rows, colours, columns=4 if across > 2 else 2)
    return figure


def _panel(axes: "Axes", rows: "DataFrame", colours: dict[str, str], title: str) -> None:
    for key, line in rows.groupby([*LINE, "split"], dropna=False, sort=False):
        method, split = str(key[1]), str(key[-1])  # type: ignore[index]
        axes.plot(line["epoch"], line["median"], color=colours[method], **LINES[split])
        if split == "test" and (line["n"] > 1).any():
            axes.fill_between(line["epoch"], line["low"], line["high"], color=colours[method], alpha=0.2, linewidth=0)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:.3g}")
    axes.yaxis.set_minor_formatter(_sparse)
    axes.set_title(title)
    axes.set_xlabel("epoch")


def _legend(figure: "Figure", rows: "DataFrame", colours: dict[str, str], columns: int) -> None:
    from matplotlib.lines import Line2D

    from regbench.reports import _palette

    lines = rows[["method", "variant", "k"]].drop_duplicates()
    several = lines["k"].nunique() > 1
    handles = []
    for row in records(lines):
        at = f", k = {row['k']}" if several and not pd.isna(row["k"]) else ""
        handles.append(
            Line2D([], [], color=colours[row["method"]], label=_palette.label(row["method"], row["variant"]) + at)
        )
    handles += [Line2D([], [], color="black", label=_SPLITS[split], **LINES[split]) for split in LINES]
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, handlelength=1.8)


_SPLITS = {"test": "test: median, range over seeds", "val": "validation: median"}


def _sparse(value: float, _position: float) -> str:
    """Labels of a log axis that spans less than a decade: only 2 and 5."""
    digit = f"{value:e}"[0]
    return f"{value:.3g}" if digit in "25" else ""


def _end(line: "DataFrame") -> str:
    if line.empty:
        return "–"
    last = line.iloc[-1]
    return f"{last['median']:#.5g} [{last['low']:#.5g}, {last['high']:#.5g}]"


def _no_width(row: dict[str, Any]) -> dict[str, Any]:
    """A line's λ_σ is in its variant's name; in a column of its own it is read from there."""
    name = str(row["variant"])
    width = name.partition("lambda_sigma=")[2].rstrip("]").partition(",")[0]
    return {**row, "lambda_sigma": float(width) if width else None}


def _sorted(rows: "DataFrame") -> "DataFrame":
    places = [
        (
            order.dataset_key(row["dataset"]),
            order.method_key(row["method"]),
            row["variant"],
            str(row["k"]),
            row["split"],
        )
        for row in records(rows[[*LINE, "split"]])
    ]
    positions = sorted(range(len(rows)), key=lambda i: (places[i], rows["epoch"].iloc[i]))
    return rows.iloc[positions].reset_index(drop=True)


REPORT = Report(title="Error after every epoch", compute=compute, table=table, frames=frames, draw=draw, needs="curves")
