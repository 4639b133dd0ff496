"""The picture of Figure 5: a panel over the number of bins, and one over the weight of the KL term."""

import math
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame, Series

from regbench import catalog, metrics
from regbench.analysis import order
from regbench.analysis.aggregate import records
from regbench.papers import bridges
from regbench.papers.bridges import WIDTH
from regbench.reports.bridges.figure5 import BY_K, BY_WEIGHT, FIELD, LEVELS
from regbench.reports.shared import dots, drawing, looks
from regbench.reports.text import symbols, words

FAR = 8.0  # as in `dots`; too few bins cost several times what any other number of them does, and that is the finding
NEAR = 1.25  # ratio of two ks whose labels would touch


def draw(rows: DataFrame, metric: str, base: int | None) -> Figure:
    """Above a line per dataset over k, below a line over the weight between the levels of two other methods."""
    metric = metrics.about(metric).label
    parts = {name: rows[rows["panel"] == name] for name in ("k", "weight", "level")}
    count = sum(not parts[name].empty for name in ("k", "weight"))
    bars = "; error bars and bands: ± 1 std" if words.usual_seeds(rows).n > 1 else ""
    with drawing.figure(drawing.COLUMN, 0.15 + 2.15 * count) as figure:
        figure.suptitle(f"{words.seeds_in_figures(rows)}{bars}", fontsize=6.5)
        panels = drawing.panels(figure, count, 1)
        if len(parts["k"]):
            _over_k(panels[0], parts["k"])
            panels[0].set_ylabel(f"test {metric} / at k = {base}")
        if len(parts["weight"]):
            _over_weight(panels[-1], parts["weight"], parts["level"])
            panels[-1].set_ylabel(f"test {metric}")
    return figure


def _over_k(axes: Axes, rows: DataFrame) -> None:
    """A line per dataset. A point far from all others would flatten them: it is an arrow at the edge with its value."""
    shades = looks.shades(BY_K, rows["dataset"].nunique())
    shown = dots.window(rows["ratio"], rows["ratio_std"], far=FAR)
    far: dict[int, list[tuple[float, str, str]]] = {}  # k -> value, colour and name of what lies beyond the axis
    for number, (dataset, group) in enumerate(rows.groupby("dataset", sort=False)):
        look = {"color": shades[number], "marker": looks.marker(number), "label": looks.dataset(str(dataset))}
        _line(axes, group["k"].astype(int), group["ratio"], group["ratio_std"], look)
        for row in records(group):
            if words.has(row["ratio"]) and not shown.shows(row["ratio"]):
                far.setdefault(int(row["k"]), []).append((row["ratio"], shades[number], look["label"]))
    for k, points in far.items():
        value, colour, _ = points[0]
        dots.beyond(axes, k, value, shown, colour, "\n".join(f"{name} {ratio:.2f}" for ratio, _, name in points))
    axes.axhline(1, **drawing.BASE, zorder=0)
    axes.set_ylim(*shown)
    axes.set_xscale("log")
    _ticks(axes, sorted({int(k) for k in rows["k"]}))
    axes.set_xlabel("number of bins k")
    axes.legend(title=_title(), title_fontsize=6.5, handlelength=1.8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _title() -> str:
    """The method shown, with the width of its bins, which its name does not say where it is the default."""
    return f"{looks.label(BY_K)},\n{symbols.mathematics(WIDTH)} = {catalog.entry('methods', BY_K).hparams[WIDTH]:g}"


def _ticks(axes: Axes, ks: list[int]) -> None:
    """A tick at each k, labelled unless the next is too near."""
    drawing.tick_values(axes, ks)
    near = [after < NEAR * k for k, after in zip(ks, [*ks[1:], math.inf], strict=True)]
    axes.set_xticks(ks, ["" if hidden else f"{k}" for k, hidden in zip(ks, near, strict=True)])


def _over_weight(axes: Axes, rows: DataFrame, levels: DataFrame) -> None:
    dataset, k = order.alias(rows["dataset"].iloc[0]), int(rows["k"].iloc[0])
    for row in records(levels):
        _level(axes, row)
    best = rows[rows["chosen"].astype(bool)]
    ring = {"marker": "o", "markersize": 6.5, "markerfacecolor": "none", "markeredgecolor": "black"}
    axes.plot(
        best[FIELD], best["mean"], linestyle="none", markeredgewidth=0.8, label="lowest on validation", zorder=5, **ring
    )
    if (printed := bridges.table3().get((k, dataset))) is not None:
        axes.axvline(printed, color="black", linewidth=0.6, linestyle=(0, (1, 2)), label="paper's choice", zorder=0)
    look = {"color": looks.colour(BY_WEIGHT), "marker": "o", "label": looks.label(BY_WEIGHT)}
    _line(axes, rows[FIELD], rows["mean"], rows["std"], look)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(f"weight of the KL term, {symbols.mathematics(FIELD)} ({looks.dataset(dataset)}, k = {k})")
    axes.margins(y=0.15)
    axes.legend(loc="lower center", bbox_to_anchor=(0.55, 1.0), ncols=3, handlelength=1.8, columnspacing=1.0)


def _line(axes: Axes, x: Series, y: Series, spread: Series, look: dict[str, Any]) -> None:
    """A line with a mark and a bar of one standard deviation at each point."""
    spread = spread.fillna(0)
    drawing.line(axes, x, y, low=y - spread, high=y + spread, bars=True, markersize=3, **look)


def _level(axes: Axes, row: dict[str, Any]) -> None:
    """Another method's mean as a line, with a band of one standard deviation."""
    if not words.has(row["mean"]):
        return
    method, colour = row["method"], looks.colour(row["method"])
    axes.axhline(row["mean"], color=colour, linewidth=0.9, linestyle=LEVELS[method], label=looks.label(method))
    if words.has(row["std"]):
        axes.axhspan(row["mean"] - row["std"], row["mean"] + row["std"], color=colour, alpha=0.12, linewidth=0)
