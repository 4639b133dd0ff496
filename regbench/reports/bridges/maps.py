"""How the maps of Figures 2, 6 and 7 of the first paper are drawn: targets, regions and shares of bins in the plane."""

from collections.abc import Collection
from functools import cache
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.lines import Line2D

from regbench.reports.bridges import bins
from regbench.reports.bridges.encoder_pair import Encoder, Numbers
from regbench.reports.shared import drawing, looks

LEVELS = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
POINT, EDGE = "#2B2B2B", "#5A5A5A"  # of targets, which must be seen on every fill, and of regions
LIGHTEST = 0.3  # how much white the darkest fill has
LABELLED = (0.05, 0.2, 0.5, 0.8)  # the levels whose value is written on their contour


def frame(axes: Axes, numbers: Numbers) -> None:
    """An empty map of the plane, without ticks."""
    axes.set_axis_on()
    axes.set_xlim(*numbers.axis[0, [0, -1]])
    axes.set_ylim(*numbers.axis[1, [0, -1]])
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set_visible(True)
    axes.set_xticks([])
    axes.set_yticks([])


def base(axes: Axes, numbers: Numbers) -> None:
    """A map of the plane with the training targets as faint points."""
    frame(axes, numbers)
    axes.scatter(*numbers.points.T, s=0.9, color=POINT, alpha=0.45, linewidths=0, zorder=2, rasterized=True)
    axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    axes.tick_params(length=2)


def shares(axes: Axes, numbers: Numbers, encoder: Encoder, bin_: int, *, labelled: bool = False) -> Any:
    """Draw filled contours of ψ(·)_i, `labelled` with their levels; returns them for a colour bar."""
    values = encoder.of_grid[:, bin_].reshape(len(numbers.axis[1]), -1)
    filled = axes.contourf(
        *numbers.axis, values, levels=(*LEVELS, 1), cmap=_shades(looks.colour(encoder.method)), zorder=0
    )
    if values.max() > LEVELS[0]:
        lines = axes.contour(*numbers.axis, values, levels=LEVELS, colors=EDGE, linewidths=0.3, zorder=1)
        if labelled:
            axes.clabel(lines, LABELLED, fontsize=drawing.SMALLEST, fmt="%g", inline_spacing=1, zorder=3)
    return filled


def outline(axes: Axes, numbers: Numbers, encoder: Encoder, bin_: int, **look: Any) -> None:
    """The border of where a bin has the largest share."""
    corners = bins.region(numbers, encoder, bin_)
    if len(corners):
        axes.fill(*corners.T, **{"facecolor": "none", "edgecolor": EDGE, "linewidth": 0.5, "zorder": 1, **look})


def dots(axes: Axes, numbers: Numbers, encoder: Encoder, bins: Collection[int], larger: int | None = None) -> None:
    """What bins decode to, one of them larger; those outside the plane are left out."""
    for bin_ in bins:
        if numbers.shows(encoder.mu[bin_]):
            axes.plot(*encoder.mu[bin_], markersize=5.5 if bin_ == larger else 3.2, zorder=4, **_marker(encoder))


def _marker(encoder: Encoder) -> dict[str, Any]:
    """A centre is round, a decoder that was trained a diamond."""
    look = {
        "linestyle": "none",
        "color": looks.mixed(looks.colour(encoder.method), -0.5),
        "markeredgecolor": "white",
        "markeredgewidth": 0.5,
    }
    return {"marker": {"c": "o", "μ": "D"}[bins.letter(encoder)], **look}


def marks(numbers: Numbers, *shown: Encoder) -> list[Artist]:
    """The entries of a legend for what is drawn in the plane."""
    named = {"o": "centre c$_i$", "D": "decoder μ$_i$"}
    point = "training target (synthetic)" if numbers.made_up else "training target"
    return [
        *(Line2D([], [], markersize=4, label=named[look["marker"]], **look) for look in map(_marker, shown)),
        Line2D([], [], linestyle="none", marker=".", markersize=3, color=POINT, label=point),
    ]


def cross(axes: Axes, numbers: Numbers) -> None:
    axes.plot(*numbers.y, "x", markersize=6, markeredgewidth=2.6, color="white", zorder=5)
    axes.plot(*numbers.y, "x", markersize=5, markeredgewidth=1.2, color="black", zorder=6)


def title(encoder: Encoder) -> str:
    """The name of an encoder in figures, with the settings that it was trained with."""
    return f"{encoder.role} encoder ({looks.label(encoder.method, encoder.variant)})"


def tint(encoder: Encoder) -> Any:
    """A light shade of its colour, for areas behind points."""
    return _shades(looks.colour(encoder.method))(0.4)


@cache
def _shades(colour: str) -> Colormap:
    """White towards the method's colour, and never so dark that points on it could not be seen."""
    return LinearSegmentedColormap.from_list(colour, ["white", looks.mixed(colour, LIGHTEST)])
