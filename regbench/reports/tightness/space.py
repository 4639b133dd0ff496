"""Panels of points in three dimensions, and the colours of targets in them."""

from typing import Any, cast

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import SubplotSpec
from mpl_toolkits.mplot3d.axes3d import Axes3D

from regbench.reports.tightness.runs import Array

SIZE = 2.2  # of a point, in square points
VIEW: dict[str, Any] = {"elev": 22, "azim": -58}
EDGE = (0.72, 0.72, 0.72, 1.0)
LINE = "viridis"  # of a target of one dimension: dark is low, light is high
# A closed round of hues, none of them near white: of an angle, which has no beginning.
ROUND = LinearSegmentedColormap.from_list("round", ["#0072B2", "#009E73", "#D9A400", "#D55E00", "#A4478F", "#0072B2"])


def panel(figure: Figure, place: SubplotSpec, *, zoom: float = 1.45) -> Axes3D:
    """An empty cube without numbers."""
    axes: Any = figure.add_subplot(place, projection="3d")  # its types say too little
    axes.set_box_aspect((1, 1, 1), zoom=zoom)
    axes.view_init(**VIEW)
    axes.grid(visible=False)
    for axis in (axes.xaxis, axes.yaxis, axes.zaxis):
        axis.set_ticks([])
        axis.set_pane_color((1, 1, 1, 0))
        axis.line.set_color(EDGE)
        axis.line.set_linewidth(0.5)
        axis.pane.set_edgecolor(EDGE)
        axis.pane.set_linewidth(0.4)
    return axes


def points(axes: Axes3D, found: Array, colour: Array, *, cyclic: bool, limits: tuple[float, float]) -> None:
    """Points (N, 3) in a cube around them, each axis at one scale."""
    look: dict[str, Any] = {"s": SIZE, "linewidths": 0, "depthshade": False, "rasterized": True}
    axes.scatter(*found.T, c=colour, cmap=shades(cyclic=cyclic), vmin=limits[0], vmax=limits[1], **look)
    cube(axes, found)


def cube(axes: Axes3D, found: Array) -> None:
    """The smallest cube around all points (N, 3)."""
    middle, half = (found.max(0) + found.min(0)) / 2, max(np.ptp(found, axis=0).max() / 2, 1e-12)
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)
    axes.set_zlim(middle[2] - half, middle[2] + half)


def limits(colour: Array, *, cyclic: bool) -> tuple[float, float]:
    """The range of colours: a whole turn, or from the 1st to the 99th percentile of the targets."""
    if cyclic:
        return -np.pi, np.pi
    low, high = np.percentile(colour, [1, 99])
    return float(low), float(high)


def bar(figure: Figure, panels: list[Any], words: str, span: tuple[float, float], *, cyclic: bool) -> None:
    """The bar that says which colour is which target."""
    mappable = ScalarMappable(Normalize(*span), shades(cyclic=cyclic))
    added = figure.colorbar(mappable, ax=cast("list[Axes]", panels), shrink=0.5, aspect=22, pad=0.02)
    added.set_label(words)
    if cyclic:
        added.set_ticks([-np.pi, 0, np.pi], labels=["-π", "0", "π"])


def shades(*, cyclic: bool) -> Colormap | str:
    """The colours of an angle, or of a number."""
    return ROUND if cyclic else LINE
