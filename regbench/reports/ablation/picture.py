"""The picture of an ablation: curves over settings of many values, and below them a row for every other change."""

import math
from typing import Any, Literal

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import NullLocator

from regbench import metrics
from regbench.analysis import Ablation, Change, Comparison, order, verdict
from regbench.reports.shared import dots, drawing, looks
from regbench.reports.text import symbols

CURVE = 3  # values besides the default: with that many, a setting is drawn as a curve
WIDE = 30  # ratio of the largest value to the smallest: from here on, an axis is logarithmic
FAR = 20  # percent: with differences larger than that, a linear axis would hide small ones
TICKS = (-100, -10, -1, 0, 1, 10, 100)  # percent, where an axis of them is logarithmic
DODGE = 0.3  # of the distance between rows: how far from its middle the marks of datasets lie
DECADES = 3  # between the ticks of an axis that goes through 0
DEFAULT: dict[str, Any] = {"color": "#999999", "linewidth": 0.6, "linestyle": (0, (1, 2))}  # the default of a setting
Compared = list[tuple[Change, Comparison]]
Curves = dict[str, dict[str, Compared]]  # setting → method → its changes


def draw(ablation: Ablation, k: int | None, seeds: int) -> Figure:
    """The changes at one k: mean over datasets with its interval, and the datasets themselves."""
    changes = [change for change in ablation.changes if change.k in (None, k)]
    shown = [(change, change.comparison) for change in changes if change.comparison]
    datasets = sorted({part.dataset for _, comparison in shown for part in comparison.datasets}, key=order.dataset_key)
    marks = {name: looks.marker(place) for place, name in enumerate(datasets)}
    curves = _curves(shown)
    drawn = [change for methods in curves.values() for changes in methods.values() for change, _ in changes]
    others = [(change, comparison) for change, comparison in shown if change not in drawn]
    heights = [2.05] * bool(curves) + [0.5 + 0.24 * len(others)] * bool(others)
    label = f"test {metrics.about(ablation.metric).label}, % above " + (
        "the method itself" if ablation.chosen else "the defaults"
    )
    with drawing.figure(drawing.TEXT, 0.45 + sum(heights)) as figure:
        figure.suptitle(_title(shown, k, seeds), fontsize=6.5)
        parts = figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0]
        if curves:
            panels = parts[0].subplots(1, len(curves), squeeze=False)[0]
            for axes, (setting, methods) in zip(panels, curves.items(), strict=True):
                _panel(axes, setting, methods, marks)
            panels[0].set_ylabel(label.replace(", ", ",\n"))
            _methods(parts[0], curves)
        if others:
            _forest(parts[-1].subplots(), others, marks, label)
        if len(marks) > 1:
            _legend(figure, marks)
    return figure


def _title(shown: Compared, k: int | None, seeds: int) -> str:
    compared = [comparison for _, comparison in shown]
    level = next((f"{100 * one.level:g} %" for one in compared if one.overall.low is not None), None)
    at = f"k = {k}, " if k is not None else ""
    alike = all(part.n == seeds for comparison in compared for part in comparison.datasets)
    n = f"N = {seeds} seed{'s' * (seeds != 1)}" + ("" if alike else " but not in all")
    about = " for these datasets" if {comparison.scope for comparison in compared} == {verdict.HERE} else ""
    return f"{at}{n}" + (f"; bars and bands: {level} interval of the mean{about}" if level else "")


def _curves(shown: Compared) -> Curves:
    """The settings with several numbers besides the default, each changed alone."""
    found: Curves = {}
    for change, comparison in shown:
        if len(change.settings) == 1 and "+" not in change.variant:
            ((name, value),) = change.settings.items()
            if isinstance(value, float) and isinstance(change.usual.get(name), int | float):
                found.setdefault(name, {}).setdefault(change.method, []).append((change, comparison))
    several = {
        name: {method: changes for method, changes in methods.items() if len(changes) >= CURVE}
        for name, methods in found.items()
    }
    return {name: methods for name, methods in several.items() if methods}


def _panel(axes: Axes, setting: str, methods: dict[str, Compared], marks: dict[str, str]) -> None:
    """A line per method over the values of a setting, thin ones for its datasets."""
    values: set[float] = set()
    for method, changes in methods.items():
        colour = looks.colour(method)
        usual = float(changes[0][0].usual[setting])  # type: ignore[arg-type]
        points = {float(change.settings[setting]): comparison for change, comparison in changes}  # type: ignore[arg-type]
        _datasets(axes, points, usual, colour, marks)
        _mean(axes, points, usual, colour)
        axes.axvline(usual, **DEFAULT, zorder=0)
        values |= {*points, usual}
    axes.axhline(0, **drawing.BASE, zorder=0)
    axes.margins(x=0.04)
    _scale(axes, sorted(values))
    compared = [comparison for changes in methods.values() for _, comparison in changes]
    _percent_scale(axes, [part.percent for comparison in compared for part in comparison.datasets])
    axes.set_xlabel(symbols.mathematics(setting))


def _datasets(axes: Axes, points: dict[float, Comparison], usual: float, colour: str, marks: dict[str, str]) -> None:
    """Each dataset's differences; a line breaks where one is missing."""
    for name, mark in marks.items():
        parts = [(value, part) for value, comparison in points.items() for part in comparison.datasets]
        if own := {value: part.percent for value, part in parts if part.dataset == name}:
            line = sorted({**dict.fromkeys(points, math.nan), **own, usual: 0.0}.items())
            x, y = zip(*line, strict=True)
            ends = [0, len(x) - 1]  # between them lines are close, and marks would hide each other
            look = {"color": colour, "alpha": 0.5, "linewidth": 0.5, "marker": mark, "markersize": 2.4}
            drawing.line(axes, x, y, markevery=ends, **look)


def _mean(axes: Axes, points: dict[float, Comparison], usual: float, colour: str) -> None:
    """The mean over datasets with its interval; left out where it covers fewer datasets than its neighbours."""
    most = max(comparison.overall.datasets for comparison in points.values())
    nothing = (math.nan, math.nan, math.nan)
    found = dict.fromkeys(points, nothing) | {usual: (0.0, 0.0, 0.0)}
    for value, comparison in points.items():
        overall = comparison.overall
        if overall.datasets == most:
            low, high = (math.nan if bound is None else bound for bound in (overall.low, overall.high))
            found[value] = (overall.percent, low, high)
    along = sorted(found)
    middle, low, high = zip(*(found[value] for value in along), strict=True)
    drawing.line(axes, along, middle, low=low, high=high, color=colour, linewidth=1.3)


def _scale(axes: Axes, values: list[float]) -> None:
    """Logarithmic if the values span orders of magnitude; linear around 0 if some are not positive."""
    sizes = sorted(abs(value) for value in values if value)
    if sizes[-1] < WIDE * sizes[0]:
        if values[0] > 0:
            axes.set_xscale("log")
        drawing.tick_values(axes, values)
    elif values[0] > 0:
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    else:
        least, most = math.floor(math.log10(sizes[0])), math.floor(math.log10(sizes[-1]))
        axes.set_xscale("symlog", linthresh=10.0**least, linscale=0.6)
        powers = range(most, least - 1, -DECADES)
        ticks = {0.0: "0", **{10.0**power: f"1e{power}" for power in powers}}
        ticks |= {-(10.0**power): f"−1e{power}" for power in powers if -(10.0**power) >= values[0]}
        axes.set_xticks(list(ticks), [label.replace("e-", "e−").replace("1e0", "1") for label in ticks.values()])
    axes.xaxis.set_minor_locator(NullLocator())


def _percent_scale(axes: Axes, percents: list[float], along: Literal["x", "y"] = "y") -> None:
    """Linear up to 1 % and logarithmic beyond, if some differences are far larger than that."""
    if max(map(abs, percents)) > FAR:
        axis = axes.yaxis if along == "y" else axes.xaxis
        (axes.set_yscale if along == "y" else axes.set_xscale)("symlog", linthresh=1.0)
        axes.annotate("log. beyond 1 %", (0, 1), (2, 2), "axes fraction", "offset points", fontsize=drawing.SMALLEST)
        axes.margins(x=0.08 if along == "x" else None, y=0.08 if along == "y" else None)
        low, high = min(-1.0, *percents), max(1.0, *percents)
        axis.set_ticks([tick for tick in TICKS if low <= tick <= high])
        axis.set_major_formatter("{x:g}")
        axis.set_minor_locator(NullLocator())


def _forest(axes: Axes, others: Compared, marks: dict[str, str], label: str) -> None:
    """A row per change: the datasets' marks one below the other, the mean and its interval across them."""
    steps = dict(zip(marks, np.linspace(-DODGE, DODGE, len(marks)), strict=True)) if len(marks) > 1 else {}
    percents: list[float] = []
    for place, (change, comparison) in enumerate(others):
        colour, overall = looks.colour(change.method), comparison.overall
        look = {"markerfacecolor": "white", "markeredgecolor": colour, "markeredgewidth": 0.6, "linestyle": "none"}
        for part in comparison.datasets:
            at = place + steps.get(part.dataset, 0.0)
            axes.plot(part.percent, at, marker=marks[part.dataset], markersize=2.6, zorder=3, **look)
            percents.append(part.percent)
        axes.plot([overall.percent] * 2, [place - DODGE, place + DODGE], color=colour, linewidth=1.3, zorder=2)
        if overall.low is not None and overall.high is not None:
            axes.fill_betweenx(
                [place - DODGE, place + DODGE],
                overall.low,
                overall.high,
                color=colour,
                alpha=0.25,
                linewidth=0,
                zorder=1,
            )
        if place % 2:
            axes.axhspan(place - 0.5, place + 0.5, color=dots.BAND, linewidth=0, zorder=-1)
    axes.set_yticks(range(len(others)), [_named(change) for change, _ in others])
    axes.set_ylim(len(others) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, **drawing.BASE, zorder=0)
    _percent_scale(axes, percents, "x")
    axes.set_xlabel(label)


def _named(change: Change) -> str:
    """What a row changes, in words: the method, and each setting with its value."""
    values = {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in change.settings.items()}
    told = ", ".join(f"{symbols.plain(name).replace('_', '')} = {value}" for name, value in values.items())
    return f"{looks.label(change.method)}: {told or change.changed}"


def _methods(part: SubFigure, curves: Curves) -> None:
    names = dict.fromkeys(method for methods in curves.values() for method in methods)
    handles = [Line2D([], [], color=looks.colour(name), label=looks.label(name)) for name in names]
    part.legend(handles=handles, loc="outside upper center", ncols=len(handles), handlelength=1.4)


def _legend(figure: Figure, marks: dict[str, str]) -> None:
    look = {"linestyle": "none", "markersize": 3, "markerfacecolor": "none", "markeredgecolor": "#444444"}
    handles: list[Artist] = [
        Line2D([], [], marker=mark, label=looks.dataset(name), markeredgewidth=0.5, **look)
        for name, mark in marks.items()
    ]
    handles.append(Line2D([], [], color="#444444", linestyle="none", marker="|", markersize=8, label="mean"))
    handles.append(Patch(color="#444444", alpha=0.25, linewidth=0, label="its interval"))
    handles.append(Line2D([], [], **DEFAULT, label="default"))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), handlelength=1.2)
