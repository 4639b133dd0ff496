"""Figures for paper: sizes, type, and lines over an axis."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator, NullLocator

from regbench.visible import visible

COLUMN, TEXT = 3.25, 6.75  # inches: one column, and the whole text, of a conference paper in two columns
DPI = 300
SMALLEST = 6.0  # points: smaller type cannot be read on paper
STYLE: dict[Any, Any] = {
    "font.size": 7,
    "axes.titlesize": 7,
    "axes.labelsize": 7,
    "xtick.labelsize": 7,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "hatch.linewidth": 0.5,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # TrueType: journals refuse Type 3
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "regbench",  # the same identifiers every time
}
BASE: dict[str, Any] = {"color": "black", "linewidth": 0.6, "linestyle": (0, (4, 2))}  # the line of the reference


@contextmanager
def figure(
    width: float, height: float, layout: Literal["constrained", "compressed"] = "constrained"
) -> Iterator[Figure]:
    """An empty figure of that size in inches, as a context in which it is drawn in the style of every figure."""
    with mpl.rc_context(STYLE):
        yield Figure(figsize=(width, height), layout=layout)


def encode(figure: Figure, form: str) -> bytes:
    """The figure as `svg`, `pdf` or `png`, without a date in it."""
    for text in cast("list[Text]", figure.findobj(Text)):
        text.set_text(visible(text.get_text()))
    date = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(form)
    buffer = io.BytesIO()
    with mpl.rc_context(STYLE):
        figure.savefig(buffer, format=form, dpi=DPI, metadata=date)
    return buffer.getvalue()


def settle(figure: Figure) -> None:
    """Fix the layout at rounded places: with parts of a figure its last digits differ from one drawing to the next."""
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for part in parts(figure):
        part.bbox_relative.p0, part.bbox_relative.p1 = np.round(part.bbox_relative.get_points(), 4)
    for axes in figure.axes:
        left, bottom, width, height = (round(float(part), 4) for part in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))


def parts(figure: Figure | SubFigure) -> Iterator[SubFigure]:
    """The parts of a figure, and theirs."""
    for part in figure.subfigs:
        yield part
        yield from parts(part)


def line(axes: Axes, x: Any, y: Any, *, low: Any = None, high: Any = None, bars: bool = False, **look: Any) -> None:
    """A line over an axis, with its interval as a band, or as `bars` where bands would hide other lines."""
    look = {"linewidth": 0.9, **look}
    axes.plot(x, y, **look)
    if low is not None and bars:
        axes.errorbar(x, y, (y - low, high - y), fmt="none", ecolor=look["color"], elinewidth=0.6)
    elif low is not None:
        axes.fill_between(x, low, high, color=look["color"], alpha=0.2, linewidth=0)


def panels(figure: Figure, count: int, across: int) -> list[Axes]:
    """`count` panels in rows of `across`."""
    every = figure.subplots(-(-count // across), across, squeeze=False).ravel()
    for axes in every[count:]:
        axes.set_axis_off()
    return list(every[:count])


def scale_errors(axes: Axes) -> None:
    """A logarithmic axis of errors, labelled also where it spans less than a decade."""
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high < 10 * low:
        axes.yaxis.set_major_locator(MaxNLocator(4))
        axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter("{x:.3g}")


def tick_values(axes: Axes, values: list[Any]) -> None:
    axes.set_xticks(values, [f"{value:g}" for value in values])
    axes.xaxis.set_minor_locator(NullLocator())
