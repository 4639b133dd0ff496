"""Figure 4 of "Building Bridges": the average over datasets of each method's error, least squares set to 1."""

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from pandas import DataFrame

from regbench import metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.reports.bridges import ratios
from regbench.reports.bridges.ratios import Numbers
from regbench.reports.report import Report, Table
from regbench.reports.shared import drawing, looks, tables
from regbench.reports.text import words

BAR = 0.38  # height of a bar; two share a method's place
HATCH = "//////"
ROOM = 0.2  # for the number at the end of a bar
AVERAGES = {"arithmetic": -1, "geometric": 1}  # above and below the method's tick


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
    header = (*tables.NAMES, *tables.MEANS.values(), "N")
    return tables.compact(Table(caption, header, rows, numbers.notes, index=3))


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """One row per method."""
    columns = {name: f"paper_{name}" for name in (*AVERAGES, "median")}
    paper = numbers.paper.means if numbers.paper else numbers.means
    return {"rows": ratios.beside(numbers, numbers.means, paper, columns)}


def draw(numbers: Numbers) -> Figure:
    """Bars from zero: the arithmetic mean filled, the geometric hatched, a line at 1."""
    means = numbers.means
    colours = looks.colours(zip(means["method"], means["variant"], strict=True))
    with drawing.figure(drawing.COLUMN, 0.8 + 0.3 * len(means)) as figure:
        axes = figure.add_subplot()
        axes.axvline(1, **drawing.BASE, zorder=3)
        for place, row in enumerate(records(means)):
            for name, side in AVERAGES.items():
                few = row["seeds"] if row["seeds"] != means["seeds"].max() else None
                _bar(axes, place + side * BAR / 2, row, name, colours[row["method"], row["variant"]], few)
        if numbers.paper:
            _paper(axes, numbers, list(means["variant"]))
        _axes(axes, numbers, [looks.label(row["method"], row["variant"]) for row in records(means)])
    return figure


def _bar(axes: Axes, place: float, row: dict, name: str, colour: str, few: int | None) -> None:
    value, spread = row[name], row[f"{name}_std"]
    if not words.has(value):
        axes.text(0.01, place, words.MISSING, va="center", fontsize=6)
        return
    hatch, fill = ("", colour) if name == "arithmetic" else (HATCH, "white")
    axes.barh(place, value, BAR * 0.9, linewidth=0.6, zorder=2, facecolor=fill, edgecolor=colour, hatch=hatch)
    if spread > 0:
        axes.errorbar(value, place, xerr=spread, fmt="none", ecolor="black", elinewidth=0.6, zorder=4)
    end = value + (spread if words.has(spread) else 0)
    axes.annotate(
        f"{value:.3f}" + ("" if few is None else f" (N = {few})"),
        (1 if 1 - ROOM < end < 1 else end, place),  # not across the line at 1
        (3, 0),
        textcoords="offset points",
        va="center",
        fontsize=6,
        zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3},
    )


def _paper(axes: Axes, numbers: Numbers, variants: list[str]) -> None:
    assert numbers.paper is not None
    theirs = numbers.paper.means.set_index("variant").reindex(variants)
    for name, side in AVERAGES.items():
        places = [place + side * BAR / 2 for place in range(len(variants))]
        axes.plot(theirs[name], places, linestyle="none", marker="D", markersize=2.6, zorder=5, **ratios.PAPER)


def _axes(axes: Axes, numbers: Numbers, labels: list[str]) -> None:
    metric, count = metrics.about(numbers.normalized.metric).label, len(numbers.normalized.common)
    axes.set_yticks(range(len(labels)), labels)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlim(0, max(1.0, axes.get_xlim()[1]) * 1.1)
    axes.set_xlabel(
        f"test {metric} / {metric} of {numbers.normalized.baseline}, mean over {count} dataset{'s' * (count != 1)}"
    )
    handles: list[Artist] = [
        Patch(color="#666666", label="arithmetic mean"),
        Patch(facecolor="white", edgecolor="#666666", hatch=HATCH, label="geometric mean"),
    ]
    if numbers.paper:
        look = {"linestyle": "none", "marker": "D", "markersize": 2.6, **ratios.PAPER}
        handles.append(Line2D([], [], label="paper, Table 2", **look))
    seeds = sorted(set(numbers.means["seeds"]))
    n = str(seeds[-1]) if len(seeds) == 1 else f"{seeds[0]}–{seeds[-1]}"
    title = f"k = {numbers.k}, N = {n} seed{'s' * (seeds[-1] != 1)}" + (
        ", error bars: ± 1 std" if seeds[-1] > 1 else ""
    )
    axes.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.3, 1.0), ncols=len(handles), borderaxespad=0,
        title=title, title_fontsize=6.5, handlelength=1.2, columnspacing=1.0,
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
