"""Figure 3 of "Building Bridges": test error of six methods on each dataset, least squares set to 1."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame, Series

from regbench import metrics
from regbench.analysis import order
from regbench.reports.bridges import ratios
from regbench.reports.bridges.ratios import Numbers
from regbench.reports.report import Report, Table
from regbench.reports.shared import drawing, looks, tables
from regbench.reports.text import words

GROUP = 0.84  # the part of the distance between datasets that bars fill
FEW = 1  # datasets: so few leave room to write the value of every bar
CEILING = 1.6  # a bar above is cut, and its value written at the cut: one collapsed cell would flatten all others


def table(numbers: Numbers) -> Table:
    """The ratios as text."""
    return tables.ratio_table(numbers.normalized, numbers.source, numbers.notes)


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """One row per bar."""
    cells = numbers.normalized.cells
    paper = numbers.paper.cells if numbers.paper else cells
    return {"rows": ratios.beside(numbers, cells, paper, {"ratio": "paper_ratio"})}


def draw(numbers: Numbers) -> Figure:
    """Bars from zero in groups per dataset, a line at 1, error bars of one standard deviation over seeds."""
    cells = numbers.normalized.cells
    datasets = sorted(set(cells["dataset"]), key=order.dataset_key)
    rows = list(zip(numbers.means["method"], numbers.means["variant"], strict=True))
    colours = looks.colours(rows)
    width = GROUP / len(rows)
    with drawing.figure(drawing.TEXT if len(datasets) > 3 else drawing.COLUMN, 2.3) as figure:
        axes = figure.add_subplot()
        axes.axhline(1, **drawing.BASE, zorder=3)
        top = _top(numbers)
        for number, (method, variant) in enumerate(rows):
            mine = cells[cells["variant"] == variant].set_index("dataset").reindex(datasets)
            places = [group + (number - (len(rows) - 1) / 2) * width for group in range(len(datasets))]
            label = looks.label(method, variant)
            axes.bar(
                places, mine["ratio"].fillna(0), width * 0.92, color=colours[method, variant], label=label, zorder=2
            )
            _spread(axes, places, mine, top)
            _marks(axes, places, mine, top)
            _fewer(axes, places, mine, words.usual_seeds(cells).n)
            if numbers.paper:
                theirs = numbers.paper.cells
                theirs = theirs[theirs["variant"] == variant].set_index("dataset").reindex(datasets)["ratio"]
                _paper(axes, places, theirs, top, label="paper, Table 2" if number == len(rows) - 1 else None)
        _axes(axes, numbers, datasets, top)
    return figure


def _top(numbers: Numbers) -> float:
    """The upper end of the axis: room for every bar and its spread, up to the ceiling."""
    cells = numbers.normalized.cells
    highest = (cells["ratio"] + cells["ratio_std"].fillna(0)).max()
    if numbers.paper:
        highest = max(highest, numbers.paper.cells["ratio"].max())
    return float(min(max(1.05, highest) * 1.04, CEILING))


def _spread(axes: Axes, places: list[float], mine: DataFrame, top: float) -> None:
    inside = (mine["ratio_std"] > 0) & (mine["ratio"] < top)
    if inside.any():
        where = [place for place, use in zip(places, inside, strict=True) if use]
        kept = mine[inside]
        axes.errorbar(where, kept["ratio"], kept["ratio_std"], fmt="none", ecolor="black", elinewidth=0.6, zorder=4)


def _marks(axes: Axes, places: list[float], mine: DataFrame, top: float) -> None:
    """The values of bars that are cut, or of all if they are few; a dash or `div` if there is no value."""
    few = len(mine) <= FEW
    for place, ratio, n, diverged in zip(places, mine["ratio"], mine["n"], mine["diverged"], strict=True):
        if words.has(ratio) and few:
            axes.text(place, 0.02, f"{ratio:.3f}", ha="center", va="bottom", fontsize=6)
        elif words.has(ratio) and ratio > top:
            axes.text(place, top, f"{ratio:.2f}", ha="center", va="bottom", fontsize=6)
            axes.plot(place, 0.94 * top, marker=[(-1, -0.4), (1, 0.4)], markersize=10, color="white", zorder=4)
        elif words.has(n) and not words.has(ratio):  # planned, and without a number
            mark = words.DIVERGED if diverged and not n else words.MISSING
            axes.text(place, 0.01, mark, ha="center", va="bottom", fontsize=6, rotation=90 if len(mark) > 1 else 0)


def _fewer(axes: Axes, places: list[float], mine: DataFrame, usual: int) -> None:
    """The number of seeds in bars that are over another number than most."""
    for place, ratio, n in zip(places, mine["ratio"], mine["ratio_n"], strict=True):
        if words.has(ratio) and n != usual:
            axes.text(place, 0.08, f"N = {n:.0f}", ha="center", va="bottom", fontsize=5, rotation=90, zorder=6)


def _paper(axes: Axes, places: list[float], theirs: Series, top: float, label: str | None) -> None:
    """A diamond for each of the paper's ratios; if one lies above the axis, an arrow at the top with its value."""
    inside = theirs.where(theirs <= top).to_numpy(dtype=float)
    axes.plot(places, inside, linestyle="none", marker="D", markersize=2.4, label=label, **ratios.PAPER, zorder=5)
    for place, ratio in zip(places, theirs, strict=True):
        if ratio > top:
            axes.plot(place, 0.985 * top, marker="^", markersize=3, **ratios.PAPER, zorder=5)
            axes.annotate(
                f"{ratio:.2f}", (place, 0.985 * top), (3, 0), textcoords="offset points", va="center", fontsize=6
            )


def _axes(axes: Axes, numbers: Numbers, datasets: list[str], top: float) -> None:
    metric = metrics.about(numbers.normalized.metric).label
    axes.set_ylim(0, top)
    axes.set_xlim(-0.5, len(datasets) - 0.5)
    axes.set_xticks(range(len(datasets)), [looks.dataset(dataset) for dataset in datasets])
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel(f"test {metric} / {metric} of {numbers.normalized.baseline}")
    axes.grid(axis="y", linewidth=0.3, color="#DDDDDD", zorder=0)
    axes.set_axisbelow(True)
    _legend(axes, numbers, columns=7 if len(datasets) > 3 else 3)


def _legend(axes: Axes, numbers: Numbers, columns: int) -> None:
    seeds = words.seeds_in_figures(numbers.normalized.cells)
    spread = (
        "; error bars: ± 1 standard deviation over seeds" if words.usual_seeds(numbers.normalized.cells).n > 1 else ""
    )
    title = f"k = {numbers.k}, {seeds}{spread if columns > 3 else spread.replace('; ', chr(10))}"
    handles, labels = axes.get_legend_handles_labels()
    entries = sorted(zip(handles, labels, strict=True), key=lambda entry: entry[1].startswith("paper"))
    axes.legend(
        *zip(*entries, strict=True), title=title, ncols=min(columns, len(entries)), loc="lower center",
        bbox_to_anchor=(0.5, 1.06), title_fontsize=6.5, handlelength=1.0, handletextpad=0.4, columnspacing=1.0,
        borderaxespad=0,
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
