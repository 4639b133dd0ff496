"""The picture of encoders and decoders: a row of panels per dataset, a panel per diagnostic."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from pandas import DataFrame

from regbench.reports.shared import drawing, epochs, looks
from regbench.reports.text import words

DASHES = ((0, (4, 1.2)), (0, (1, 1)), (0, (4, 1, 1, 1)))  # of the variants of a method, which differ in shade too


def draw(curves: DataFrame, datasets: Sequence[str], diagnostics: Mapping[str, str]) -> Figure:
    """Median and range over seeds after every epoch; no panel where no run has every epoch."""
    if curves.empty:
        return Figure()
    styles = _styles(curves)
    height = 0.5 + 1.5 * len(datasets) + 0.13 * -(-len(styles) // 3)
    with drawing.figure(drawing.TEXT, height) as figure:
        panels = figure.subplots(len(datasets), len(diagnostics), squeeze=False, sharex=True)
        for row, dataset in zip(panels, datasets, strict=True):
            for axes, name in zip(row, diagnostics, strict=True):
                _panel(axes, curves[(curves["dataset"] == dataset) & (curves["name"] == name)], styles)
            row[0].set_ylabel(looks.dataset(dataset))
        for axes, label in zip(panels[0], diagnostics.values(), strict=True):
            axes.set_title(label)
        for axes in panels[-1]:
            axes.set_xlabel("epoch")
        handles = epochs.handles(curves, styles)
        figure.legend(handles=handles, loc="outside upper center", ncols=3, handlelength=2.6)
    return figure


def _panel(axes: Axes, rows: DataFrame, styles: epochs.Styles) -> None:
    if rows.empty:
        axes.text(0.5, 0.5, words.MISSING, transform=axes.transAxes, ha="center", va="center")
    epochs.draw(axes, rows, styles)
    axes.set_ylim(0, 1.08 * (rows["high"].max() if len(rows) else 1) or 1)


def _styles(rows: DataFrame) -> dict[looks.Line, dict[str, Any]]:
    """The method's colour for each line; variants of one method are shades of it, dark to light, with dashes."""
    lines = epochs.lines(rows)
    styles: dict[looks.Line, dict[str, Any]] = {}
    for method in dict.fromkeys(method for method, _ in lines):
        mine = [line for line in lines if line[0] == method]
        plain, *others = sorted(mine, key=lambda line: lines[line]["variant"] != lines[line]["method"])
        styles[plain] = {"color": looks.colour(method), "linestyle": "-"}
        for place, line in enumerate(others):
            light = place / (len(others) - 1) - 0.5 if len(others) > 1 else -0.5
            styles[line] = {"color": looks.mixed(looks.colour(method), light), "linestyle": DASHES[place % len(DASHES)]}
    return {line: styles[line] for line in lines}
