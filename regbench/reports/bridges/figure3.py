"""Figure 3 of "Building Bridges": test error of six methods on each dataset, least squares set to 1."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.reports.bridges import ratios
from regbench.reports.bridges.ratios import Numbers
from regbench.reports.report import Report, Table
from regbench.reports.shared import dots, drawing, looks, ratio_table
from regbench.reports.text import words

GROUP = 0.8  # the part of the distance between datasets that dots take
FEW = 1  # datasets: so few leave room to write the value of every dot


def table(numbers: Numbers) -> Table:
    """The ratios as text."""
    return ratio_table.ratio_table(numbers.normalized, numbers.source, numbers.notes)


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """One row per dot."""
    cells = numbers.normalized.cells
    paper = numbers.paper.cells if numbers.paper else cells
    return {"rows": ratios.beside(numbers, cells, paper, {"ratio": "paper_ratio"})}


def draw(numbers: Numbers) -> Figure:
    """Dots in groups per dataset with error bars of one standard deviation over seeds, on an axis zoomed about 1.

    The paper's values, if they were asked for, are in a panel of their own below: they differ by far more.
    """
    datasets = sorted(set(numbers.normalized.cells["dataset"]), key=order.dataset_key)
    tables_of = [numbers.normalized, *([numbers.paper] if numbers.paper else [])]
    wide = len(datasets) > 3
    with drawing.figure(drawing.TEXT if wide else drawing.COLUMN, 0.7 + 1.6 * len(tables_of)) as figure:
        panels = figure.subplots(len(tables_of), 1, squeeze=False, sharex=True)[:, 0]
        for axes, shown in zip(panels, tables_of, strict=True):
            _panel(axes, numbers, shown.cells, datasets)
        metric = metrics.about(numbers.normalized.metric).label
        panels[0].set_ylabel(f"test {metric} /\n{metric} of {numbers.normalized.baseline}")
        if numbers.paper:
            panels[1].set_ylabel("the same, paper, Table 2")
        _legend(panels[0], numbers, columns=6 if wide else 2)
    return figure


def _panel(axes: Axes, numbers: Numbers, cells: DataFrame, datasets: list[str]) -> None:
    """The dots of one source of numbers."""
    rows = records(numbers.means)
    colours = looks.colours((row["method"], row["variant"]) for row in rows)
    shown = dots.window(cells["ratio"], cells["ratio_std"])
    usual = words.usual_seeds(cells).n
    axes.axhline(1, **drawing.BASE, zorder=1)
    dots.bands(axes, len(datasets))
    for number, row in enumerate(rows):
        mine = cells[cells["variant"] == row["variant"]].set_index("dataset").reindex(datasets)
        look = {"color": colours[row["method"], row["variant"]], "marker": looks.marker(number), "markersize": 3.2}
        axes.plot([], [], linestyle="none", label=ratios.labelled(row), **look)
        for group, cell in enumerate(records(mine)):
            place = group + GROUP * ((number + 0.5) / len(rows) - 0.5)
            dots.upright(axes, place, cell["ratio"], cell["ratio_std"], shown, zorder=3, **look)
            _words(axes, place, cell, usual, few=len(datasets) <= FEW)
    axes.set_ylim(*shown)
    axes.set_xlim(-0.5, len(datasets) - 0.5)
    axes.set_xticks(range(len(datasets)), [looks.dataset(dataset) for dataset in datasets])
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", linewidth=0.3, color="#DDDDDD", zorder=0)
    axes.set_axisbelow(True)


def _words(axes: Axes, place: float, cell: dict[str, Any], usual: int, *, few: bool) -> None:
    """What is written at a dot: its value if dots are few, N if it is not the usual one, and what is missing."""
    low = axes.get_xaxis_transform()  # x of data, y from the lower to the upper edge
    if words.has(cell["ratio"]):
        if few:
            top = cell["ratio"] + (cell["ratio_std"] if words.has(cell["ratio_std"]) else 0)
            above = {"textcoords": "offset points", "ha": "center", "va": "bottom", "fontsize": drawing.SMALLEST}
            axes.annotate(f"{cell['ratio']:.3f}", (place, top), (0, 3), **above)
        if cell["ratio_n"] != usual:
            said = f"N = {cell['ratio_n']:.0f}"
            axes.text(
                place, 0.02, said, transform=low, ha="center", va="bottom", fontsize=drawing.SMALLEST, rotation=90
            )
    elif words.has(cell["n"]):  # planned, and without a number
        mark = words.DIVERGED if cell["diverged"] and not cell["n"] else words.MISSING
        axes.text(place, 0.02, mark, transform=low, ha="center", va="bottom", fontsize=drawing.SMALLEST, rotation=90)


def _legend(axes: Axes, numbers: Numbers, columns: int) -> None:
    seeds = words.seeds_in_figures(numbers.normalized.cells)
    spread = (
        "; error bars: ± 1 standard deviation over seeds" if words.usual_seeds(numbers.normalized.cells).n > 1 else ""
    )
    title = f"k = {numbers.k}, {seeds}{spread if columns > 3 else spread.replace('; ', chr(10))}"
    handles, labels = axes.get_legend_handles_labels()
    axes.legend(
        handles, labels, title=title, ncols=min(columns, len(handles)), loc="lower center", bbox_to_anchor=(0.5, 1.06),
        title_fontsize=6.5, handlelength=1.0, handletextpad=0.4, columnspacing=1.0, borderaxespad=0,
    ).get_title().set_multialignment("center")  # fmt: skip


REPORT = Report(
    title="Figure 3: six methods on each dataset",
    compute=ratios.compute,
    table=table,
    frames=frames,
    draw=draw,
    benchmark="bridges",
    has_paper=True,
)
