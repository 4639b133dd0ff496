"""Dots with error bars on an axis zoomed to them, so that differences of a percent and their spread can be seen.

An axis of bars must begin at 0, where both vanish; one of dots need not. What lies far from everything else would
flatten it again, and is an arrow at the edge with its value.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from regbench.reports.shared import drawing
from regbench.reports.text import words

FAR = 4.0  # times the deviation that nine in ten values do not exceed: what lies farther does not set the axis
LEAST = 0.02  # deviation from the reference that an axis shows at least
ROOM = 0.08  # of the axis, beyond what it shows
BAND = "#F3F3F3"  # behind every second group


class Window(NamedTuple):
    """The ends of a zoomed axis."""

    low: float
    high: float

    def shows(self, value: Any) -> bool:
        """Whether a value lies on the axis."""
        return words.has(value) and self.low <= value <= self.high


def window(values: Iterable[Any], spreads: Iterable[Any], reference: float = 1.0, far: float = FAR) -> Window:
    """The part of an axis that holds the reference and all values with their spread, but for those far off.

    >>> window([1.0, 0.9, 1.02, 5.0], [0.0, 0.02, 0.01, 0.0]).high < 1.1
    True
    """
    middle = np.array([value if words.has(value) else np.nan for value in values], dtype=float)
    around = np.array([spread if words.has(spread) else 0.0 for spread in spreads], dtype=float)
    apart = np.abs(middle - reference)
    known = apart[np.isfinite(apart)]
    usual = float(np.quantile(known, 0.9, method="lower")) if len(known) else 0.0
    near = apart <= far * max(usual, LEAST / far)
    shown = _around(middle[near], around[near], reference)
    near |= np.array([shown.shows(value) for value in middle], dtype=bool)  # at the very edge, where it would be cut
    return _around(middle[near], around[near], reference)


def _around(middle: np.ndarray, spreads: np.ndarray, reference: float) -> Window:
    """The window of these values with their spread, and room beyond them."""
    low = float(min([reference - LEAST, *(middle - spreads)]))
    high = float(max([reference + LEAST, *(middle + spreads)]))
    room = ROOM * (high - low)
    return Window(low - room, high + room)


def upright(axes: Axes, x: float, y: Any, spread: Any, shown: Window, **look: Any) -> None:
    """A dot with its error bar, or an arrow and the value at the edge where it lies beyond the window."""
    if not words.has(y):
        return
    if not shown.shows(y):
        beyond(axes, x, y, shown, look["color"])
        return
    spread = spread if words.has(spread) and spread > 0 else None
    axes.errorbar(x, y, spread, **{"linestyle": "none", "elinewidth": 0.8, "ecolor": look["color"], **look})


def beyond(axes: Axes, x: float, y: float, shown: Window, colour: str, said: str = "") -> None:
    """An arrow at the edge of a window for a value above or below it, which is written beside it, or what is `said`."""
    above = y > shown.high
    edge = shown.high if above else shown.low
    axes.plot(x, edge, marker="^" if above else "v", markersize=4, color=colour, clip_on=False, zorder=6)
    beside = (5, -2 if above else 2)
    axes.annotate(
        said or f"{y:.2f}", (x, edge), beside, textcoords="offset points", va="top" if above else "bottom",
        fontsize=drawing.SMALLEST, annotation_clip=False, zorder=6,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 0.5},
    )  # fmt: skip


def level(axes: Axes, x: Any, y: float, spread: Any, shown: Window, **look: Any) -> None:
    """As `upright` along a horizontal axis."""
    if not words.has(x):
        return
    if shown.shows(x):
        spread = spread if words.has(spread) and spread > 0 else None
        axes.errorbar(x, y, xerr=spread, **{"linestyle": "none", "elinewidth": 0.8, "ecolor": look["color"], **look})
        return
    right = x > shown.high
    edge = shown.high if right else shown.low
    axes.plot(edge, y, marker=">" if right else "<", markersize=4, color=look["color"], clip_on=False, zorder=6)


def bands(axes: Axes, count: int) -> None:
    """A faint band behind every second of the groups along x."""
    for place in range(1, count, 2):
        axes.axvspan(place - 0.5, place + 0.5, color=BAND, linewidth=0, zorder=-1)
