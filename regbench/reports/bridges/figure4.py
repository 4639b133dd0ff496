"""Figure 4 of "Building Bridges": the average over datasets of each method's error, least squares set to 1."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from pandas import DataFrame

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.reports.bridges import ratios
from regbench.reports.bridges.ratios import Numbers
from regbench.reports.report import Report, Table
from regbench.reports.shared import dots, drawing, looks, ratio_table, tables
from regbench.reports.text import words

APART = 0.36  # of the distance between methods: from one of its two dots to the other
VALUE = 0.28  # of the axis: for the values at its right end
AVERAGES = {"arithmetic": -1, "geometric": 1}  # above and below the method's tick
MARKS: dict[str, dict[str, Any]] = {  # filled and round, open and square: alike in no print
    "arithmetic": {"linestyle": "none", "marker": "o", "markersize": 3.6},
    "geometric": {"linestyle": "none", "marker": "s", "markersize": 3.4, "markerfacecolor": "white"},
}


def table(numbers: Numbers) -> Table:
    """The averages as text, with their standard deviation over seeds."""
    rows = tuple(
        (
            *tables.row_names(row),
            *(words.average(row[name], row[f"{name}_std"]) for name in AVERAGES),
            words.average(row["median"]),
            str(row["seeds"]),
        )
        for row in records(numbers.means)
    )
    over = " ".join(map(order.alias, numbers.normalized.common)) or "no dataset"
    metric, baseline = metrics.about(numbers.normalized.metric).label, numbers.normalized.baseline
    caption = (
        f"Test {metric} relative to {baseline} (= 1), averaged over {over}, ± standard deviation of the average over "
        f"N seeds. {numbers.source}."
    )
    header = (*tables.NAMES, *ratio_table.MEANS.values(), "N")
    return tables.compact(Table(caption, header, rows, numbers.notes, index=3))


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """One row per method."""
    columns = {name: f"paper_{name}" for name in (*AVERAGES, "median")}
    paper = numbers.paper.means if numbers.paper else numbers.means
    return {"rows": ratios.beside(numbers, numbers.means, paper, columns)}


def draw(numbers: Numbers) -> Figure:
    """Dots with error bars on an axis zoomed about 1: the arithmetic mean filled, the geometric open.

    The paper's means, if they were asked for, are in a panel of their own: they differ by far more.
    """
    means, panels = numbers.means, [numbers.means]
    if numbers.paper:
        theirs = numbers.paper.means.set_index("variant").reindex(means["variant"]).reset_index()
        panels.append(theirs.assign(method=means["method"].to_numpy(), seeds=means["seeds"].max()))
    width = drawing.COLUMN if len(panels) == 1 else 1.4 * drawing.COLUMN
    with drawing.figure(width, 0.8 + 0.3 * len(means)) as figure:
        drawn = figure.subplots(1, len(panels), squeeze=False, sharey=True, width_ratios=(1, 0.8)[: len(panels)])[0]
        for axes, shown in zip(drawn, panels, strict=True):
            _panel(axes, shown, most=means["seeds"].max())
        _axes(drawn, numbers)
    return figure


def _panel(axes: Axes, means: DataFrame, most: int) -> None:
    """The dots of one source of numbers, each with its value."""
    colours = looks.colours(zip(means["method"], means["variant"], strict=True))
    points = [(row[name], row.get(f"{name}_std")) for row in records(means) for name in AVERAGES]
    shown = dots.window([value for value, _ in points], [spread for _, spread in points])
    axes.axvline(1, **drawing.BASE, zorder=1)
    axes.set_xlim(shown.low, shown.high + VALUE * (shown.high - shown.low))
    for place, row in enumerate(records(means)):
        colour = colours[row["method"], row["variant"]]
        for name, side in AVERAGES.items():
            at = place + side * APART / 2
            if not words.has(row[name]):
                beside = {"textcoords": "offset points", "va": "center", "fontsize": drawing.SMALLEST}
                axes.annotate(words.MISSING, (shown.low, at), (2, 0), **beside)
                continue
            look = {"color": colour, "markeredgewidth": 0.9, **MARKS[name], "zorder": 3}
            dots.level(axes, row[name], at, row.get(f"{name}_std"), shown, **look)
            few = f" (N = {row['seeds']})" if row["seeds"] != most else ""
            axes.annotate(
                f"{row[name]:.3f}{few}", (1, at), (-1, 0), xycoords=axes.get_yaxis_transform(),
                textcoords="offset points", ha="right", va="center", fontsize=drawing.SMALLEST,
            )  # fmt: skip


def _axes(drawn: Sequence[Axes], numbers: Numbers) -> None:
    metric, count = metrics.about(numbers.normalized.metric).label, len(numbers.normalized.common)
    first, *others = drawn
    first.set_yticks(range(len(numbers.means)), [ratios.labelled(row) for row in records(numbers.means)])
    first.set_ylim(len(numbers.means) - 0.4, -0.6)
    for axes in drawn:
        axes.tick_params(axis="y", length=0)
        axes.grid(axis="x", linewidth=0.3, color="#DDDDDD", zorder=0)
        axes.set_axisbelow(True)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    for axes in others:
        axes.set_xlabel("the same,\npaper, Table 2")
    first.set_xlabel(
        f"test {metric} / {metric} of {numbers.normalized.baseline},\nmean over {count} dataset{'s' * (count != 1)}"
    )
    handles = [Line2D([], [], color="#444444", label=f"{name} mean", **MARKS[name]) for name in AVERAGES]
    seeds = sorted(set(numbers.means["seeds"]))
    n = str(seeds[-1]) if len(seeds) == 1 else f"{seeds[0]}–{seeds[-1]}"
    title = f"k = {numbers.k}, N = {n} seed{'s' * (seeds[-1] != 1)}" + (
        ", error bars: ± 1 std" if seeds[-1] > 1 else ""
    )
    first.figure.legend(
        handles=handles, loc="outside upper center", ncols=len(handles), borderaxespad=0, title=title,
        title_fontsize=6.5, handlelength=1.2, columnspacing=1.0,
    )  # fmt: skip


REPORT = Report(
    title="Figure 4: averages over datasets",
    compute=ratios.compute,
    table=table,
    frames=frames,
    draw=draw,
    benchmark="bridges",
    has_paper=True,
)
