"""Test and validation error after every epoch: median over seeds, and their range."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench import metrics, variants
from regbench.analysis import order, select
from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import with_width
from regbench.errors import NothingMeasured
from regbench.papers.bridges import WIDTH
from regbench.reports import _ratios, _units, _words
from regbench.reports._report import Options, Report, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

    Colours = dict[tuple[str, Hashable], str]

LINE = ["dataset", "method", "variant", "k", WIDTH]
ACROSS = 4  # panels in a row
LINES = {"test": {"linestyle": "-", "linewidth": 0.9}, "val": {"linestyle": (0, (2, 1.5)), "linewidth": 0.7}}


@dataclass(frozen=True)
class Numbers:
    """One row per line, split and epoch: median, lowest and highest over the seeds that have a finite error."""

    rows: "DataFrame"
    metric: str
    units: str
    benchmark: str
    notes: tuple[str, ...] = ()


def compute(frame: "DataFrame", options: Options) -> Numbers:
    """Median and range over seeds; at k = 25 where there are several k and none was asked for."""
    names = {f"{split}/{options.metric}": split for split in LINES}
    whole, notes = _whole(frame[frame["name"].isin(list(names))])
    long = whole[whole["value"].notna()]
    if long.empty:
        label = metrics.about(options.metric).label
        raise NothingMeasured(f"no epoch of any run is stored with its {label}: no curve to draw")
    several = long["k"].nunique() > 1 and not options.k
    k = (variants.DEFAULT_K,) if several and (long["k"] == variants.DEFAULT_K).any() else options.k
    long = select(long, k=k, datasets=options.datasets, methods=options.methods)
    value = long["value"].astype(float) * _units.factor(long, options)
    long = with_width(long).assign(split=long["name"].map(names), value=value)
    long = long[np.isfinite(value)]
    grouped = long.groupby([*LINE, "split", "epoch"], dropna=False)["value"]
    rows = grouped.agg(["median", "min", "max", "count"]).reset_index()
    rows = rows.rename(columns={"min": "low", "max": "high", "count": "n"})
    notes = (*_words.synthetic(frame, rows["dataset"]), *notes)
    return Numbers(_sorted(rows), options.metric, options.units, options.benchmark or "", notes)


def _whole(long: "DataFrame") -> tuple["DataFrame", tuple[str, ...]]:
    """The rows of runs whose every epoch is here; a distilled export leaves most of them out."""
    if "epochs" not in long or long.empty:
        return long, ()
    here = long.groupby(["run_id", "name"])["epoch"].transform("nunique")
    gone = long.loc[here < long["epochs"], "run_id"].nunique()
    if gone == long["run_id"].nunique():
        raise NothingMeasured(
            "only the best and the last epoch of these runs are here, for the export they come from is distilled; a "
            "curve needs them all: `regbench db export --distilled --every-epoch`, or the database itself"
        )
    left_out = f"{gone} run{'s' * (gone != 1)} left out: of a distilled export, without most of the epochs"
    return long[here >= long["epochs"]], (left_out,) if gone else ()


def table(numbers: Numbers) -> Table:
    """Where each line ends: its last epoch and its lowest median."""
    rows = []
    for key, line in numbers.rows.groupby(LINE, dropna=False, sort=False):
        named = dict(zip(LINE, key, strict=True))
        test, val = (line[line["split"] == split] for split in ("test", "val"))
        ends = [_end(part) for part in (val, test)]
        n = str(int(line["n"].max()))
        rows.append((order.alias(named["dataset"]), *_ratios.row_names(named), n, *ends))
    metric = numbers.metric.upper()
    of = f" Benchmark {numbers.benchmark}." if numbers.benchmark else ""
    unit = _units.named(numbers.units)
    caption = f"{metric} after the last epoch in {unit}, median [lowest, highest] over N seeds.{of}"
    header = ("dataset", "method", "k", "λσ", "N", f"validation {metric}", f"test {metric}")
    return _ratios.compact(Table(caption, header, tuple(rows), numbers.notes, index=4))


def frames(numbers: Numbers) -> dict[str, "DataFrame"]:
    """One row per line, split and epoch."""
    return {"rows": numbers.rows}


def draw(numbers: Numbers) -> "Figure":
    """A panel per dataset: test solid with its range over seeds, validation dashed."""
    from matplotlib.figure import Figure

    from regbench.reports import _figure, _palette

    rows = numbers.rows
    datasets = list(dict.fromkeys(rows["dataset"]))
    colours = _palette.colours(map(_line, records(rows[["method", "variant", "k"]].drop_duplicates())))
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


def _panel(axes: "Axes", rows: "DataFrame", colours: "Colours", title: str) -> None:
    for key, line in rows.groupby([*LINE, "split"], dropna=False, sort=False):
        named = dict(zip([*LINE, "split"], key, strict=True))  # type: ignore[arg-type]
        colour, split = colours[_line(named)], str(named["split"])
        axes.plot(line["epoch"], line["median"], color=colour, **LINES[split])
        if split == "test" and (line["n"] > 1).any():
            axes.fill_between(line["epoch"], line["low"], line["high"], color=colour, alpha=0.2, linewidth=0)
    _scale(axes)
    axes.set_title(title)
    axes.set_xlabel("epoch")


def _scale(axes: "Axes") -> None:
    """A log axis of errors, labelled also where it spans less than a decade, over whole epochs."""
    from matplotlib.ticker import MaxNLocator, NullLocator

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < 10 * low:
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:.3g}")
    axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))


def _legend(figure: "Figure", rows: "DataFrame", colours: "Colours", columns: int) -> None:
    from matplotlib.lines import Line2D

    from regbench.reports import _palette

    lines = rows[["method", "variant", "k"]].drop_duplicates()
    several = lines["k"].nunique() > 1
    handles = []
    for row in records(lines):
        at = f", k = {row['k']}" if several and not pd.isna(row["k"]) else ""
        label = _palette.label(row["method"], row["variant"]) + at
        handles.append(Line2D([], [], color=colours[_line(row)], label=label))
    handles += [Line2D([], [], color="black", label=_SPLITS[split], **LINES[split]) for split in LINES]
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, handlelength=1.8)


_SPLITS = {"test": "test: median, range over seeds", "val": "validation: median"}


def _end(line: "DataFrame") -> str:
    if line.empty:
        return "–"
    last = line.iloc[-1]
    return f"{last['median']:#.5g} [{last['low']:#.5g}, {last['high']:#.5g}]"


def _line(row: Any) -> tuple[str, Hashable]:
    """What has a colour of its own: a method, and its variant and k."""
    return row["method"], (row["variant"], null(row["k"]))


def _sorted(rows: "DataFrame") -> "DataFrame":
    places = [_place(row) for row in records(rows[[*LINE, "split"]])]
    positions = sorted(range(len(rows)), key=lambda i: (places[i], rows["epoch"].iloc[i]))
    return rows.iloc[positions].reset_index(drop=True)


def _place(row: dict[str, Any]) -> tuple[object, ...]:
    named = order.row_key(row["method"], row["variant"], null(row["k"]), null(row[WIDTH]))
    return (order.dataset_key(row["dataset"]), named, row["split"])


REPORT = Report(title="Error after every epoch", compute=compute, table=table, frames=frames, draw=draw, needs="curves")
