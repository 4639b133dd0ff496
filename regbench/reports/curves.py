"""Test and validation error after every epoch: median over seeds, and their range."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas import DataFrame

from regbench import metrics, variants
from regbench.analysis import select
from regbench.analysis.comparable import with_width
from regbench.analysis.scale import not_recorded
from regbench.errors import NothingMeasured
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import drawing, epochs, looks, tables, units
from regbench.reports.text import words

ACROSS = 4  # panels in a row
LINES: dict[str, dict[str, Any]] = {
    "test": {"linestyle": "-", "linewidth": 0.9},
    "val": {"linestyle": (0, (2, 1.5)), "linewidth": 0.7},
}
LABELS = {"test": "test: median, range over seeds", "val": "validation: median"}


@dataclass(frozen=True)
class Numbers:
    """One row per line, split and epoch: median, lowest and highest over the seeds that have a finite error."""

    rows: DataFrame
    metric: str
    units: str  # in words
    benchmark: str
    notes: tuple[str, ...] = ()


def compute(frame: DataFrame, options: Options) -> Numbers:
    """Median and range over seeds; at k = 25 where there are several k and none was asked for."""
    names = {f"{split}/{options.metric}": split for split in LINES}
    whole, notes = _whole(frame[frame["name"].isin(list(names))])
    long = whole[whole["value"].notna()]
    if long.empty:
        if options.metric not in metrics.USUAL:
            raise not_recorded(metrics.about(options.metric), options.benchmark or "")
        raise NothingMeasured("no epoch of any run is stored: no curve to draw")
    several = long["k"].nunique() > 1 and not options.k
    k = (variants.DEFAULT_K,) if several and (long["k"] == variants.DEFAULT_K).any() else options.k
    long = select(long, k=k, datasets=options.datasets, methods=options.methods)
    value = long["value"].astype(float) * units.factor(long, options)
    long = with_width(long).assign(split=long["name"].map(names), value=value)
    long = long[np.isfinite(value)]
    rows = epochs.over_seeds(long, "split")
    notes = (*words.synthetic(frame, rows["dataset"]), *notes)
    unit = units.named(long, options.units)
    return Numbers(rows, options.metric, unit, options.benchmark or "", notes)


def _whole(long: DataFrame) -> tuple[DataFrame, tuple[str, ...]]:
    """The rows of runs with every epoch, and a note on the number of other runs."""
    kept = epochs.whole(long)
    gone = long.loc[~long.index.isin(kept.index), "run_id"].nunique()
    if gone and gone == long["run_id"].nunique():
        raise NothingMeasured(
            "only the best and the last epoch of these runs are here, for the export they come from is distilled; a "
            "curve needs them all: `regbench db export --distilled --every-epoch`, or the database itself"
        )
    left_out = f"{gone} run{'s' * (gone != 1)} left out: of a distilled export, without most of the epochs"
    return kept, (left_out,) if gone else ()


def table(numbers: Numbers) -> Table:
    """Where each line ends: its last epoch and its lowest median."""
    rows = []
    for key, line in numbers.rows.groupby(epochs.ROW, dropna=False, sort=False):
        ends = [_end(line[line["split"] == split]) for split in ("val", "test")]
        rows.append((dict(zip(epochs.ROW, key, strict=True)), (str(int(line["n"].max())), *ends)))
    metric = metrics.about(numbers.metric).label
    of = f" Benchmark {numbers.benchmark}." if numbers.benchmark else ""
    caption = f"{metric} after the last epoch in {numbers.units}, median [lowest, highest] over N seeds.{of}"
    return tables.listed(caption, ("N", f"validation {metric}", f"test {metric}"), rows, numbers.notes)


def draw(numbers: Numbers) -> Figure:
    """A panel per dataset: test solid with its range over seeds, validation dashed."""
    rows = numbers.rows
    datasets = list(dict.fromkeys(rows["dataset"]))
    colours = looks.colours(epochs.lines(rows))
    across = min(ACROSS, len(datasets))
    width = drawing.TEXT if across > 2 else drawing.COLUMN * across
    height = 0.6 + 1.6 * -(-len(datasets) // across) + 0.3 * (across < 3)
    with drawing.figure(width, height) as figure:
        panels = drawing.panels(figure, len(datasets), across)
        for axes, dataset in zip(panels, datasets, strict=True):
            for split, look in LINES.items():
                mine = rows[(rows["dataset"] == dataset) & (rows["split"] == split)]
                styles = {line: {"color": colour, **look} for line, colour in colours.items()}
                epochs.draw(axes, mine, styles, ranges=split == "test")
            drawing.scale_errors(axes)
            axes.set_title(looks.dataset(dataset))
            axes.set_xlabel("epoch")
        for axes in panels[::across]:
            axes.set_ylabel(metrics.about(numbers.metric).label)
        handles = epochs.handles(rows, {line: {"color": colours[line]} for line in epochs.lines(rows)})
        handles += [Line2D([], [], color="black", label=LABELS[split], **look) for split, look in LINES.items()]
        figure.legend(handles=handles, loc="outside upper center", ncols=4 if across > 2 else 2, handlelength=1.8)
    return figure


def _end(line: DataFrame) -> str:
    if line.empty:
        return words.MISSING
    last = line.iloc[-1]
    return f"{last['median']:#.5g} [{last['low']:#.5g}, {last['high']:#.5g}]"


REPORT = Report(title="Error after every epoch", compute=compute, table=table, draw=draw, needs="curves")
