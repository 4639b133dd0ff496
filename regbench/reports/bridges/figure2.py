"""Figure 2 of "Building Bridges": nine bins of targets in the plane, by a fixed encoder and by a learnt one."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from regbench.analysis.aggregate import records
from regbench.reports.bridges import bins, encoder_pair, maps
from regbench.reports.bridges.encoder_pair import Encoder, Numbers
from regbench.reports.report import Report, Table
from regbench.reports.shared import drawing, looks

HARD = {"facecolor": "none", "edgecolor": "black", "linewidth": 0.8}  # the bar of the one-hot


def table(numbers: Numbers) -> Table:
    """A row per bin: what it decodes to and its share of y, fixed and learnt."""
    first, second = numbers.names
    sides = [records(bins.bin_frame(numbers, encoder)) for encoder in numbers.both]
    rows = []
    for pair in zip(*sides, strict=True):
        cells = [(f"{row[f'mu_{first}']:.3f}, {row[f'mu_{second}']:.3f}", f"{row['psi_y']:.3f}") for row in pair]
        rows.append((str(pair[0]["bin"]), *cells[0], *cells[1]))
    y = ", ".join(f"{value:.3f}" for value in numbers.y)
    fixed, learnt = map(bins.described, numbers.both)
    caption = (
        f"Two encoders of a target in the plane, k = {len(numbers.bins)}: {fixed} and {learnt}; centre c or decoder μ "
        f"({first}, {second}) of each bin in units of the target scaled to [0, 1], and shares ψ of y = ({y}), the "
        f"training target of median entropy under the fixed encoder. {numbers.source}."
    )
    header = (
        "bin",
        *(f"{name}, {side.role}" for side in numbers.both for name in (bins.letter(side), "ψ(y)")),
    )
    return Table(caption, header, tuple(rows), numbers.notes(*numbers.both))


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """Every bin, the share of y's own bin over the plane, the regions of the bins, and the targets drawn."""
    own = {f"psi_{encoder.role}": encoder.of_grid[:, encoder.own] for encoder in numbers.both}
    return {
        "rows": pd.concat([bins.bin_frame(numbers, encoder) for encoder in numbers.both], ignore_index=True),
        "grid": bins.grid_frame(numbers, own),
        "regions": pd.concat([_regions(numbers, encoder) for encoder in numbers.both], ignore_index=True),
        "targets": bins.target_frame(numbers),
    }


def _regions(numbers: Numbers, encoder: Encoder) -> pd.DataFrame:
    """The corners of each bin's region, in order."""
    found = []
    for number, bin_ in enumerate(numbers.bins, start=1):
        corners = pd.DataFrame(bins.region(numbers, encoder, bin_), columns=list(numbers.names))
        found.append(corners.assign(encoder=encoder.role, bin=number, corner=range(1, len(corners) + 1)))
    return pd.concat(found, ignore_index=True)[["encoder", "bin", "corner", *numbers.names]]


def draw(numbers: Numbers) -> Figure:
    """Above the fixed encoder, below the learnt one.

    From left to right: regions of hard binning, ψ(·)_i of y's own bin, ψ(·)_i of every bin, and ψ(y).
    """
    with drawing.figure(drawing.TEXT, 4.6) as figure:
        halves: np.ndarray = np.asarray(figure.subfigures(2, 1))
        for part, encoder in zip(halves, numbers.both, strict=True):
            left, right = part.subfigures(1, 2, width_ratios=(1, 0.95))
            plane, own = left.subplots(1, 2)
            _hard(plane, numbers, encoder)
            _soft(own, numbers, encoder)
            every, encoded = right.subfigures(1, 2)
            _every(every, numbers, encoder)
            _bars(encoded.subplots(), numbers, encoder)
            part.suptitle(maps.title(encoder), fontsize=8)
        _legend(figure, numbers)
        drawing.settle(figure)
    return figure


def _every(part: SubFigure, numbers: Numbers, encoder: Encoder) -> None:
    """A small map for each bin, without the targets: contours of its share."""
    columns = encoder_pair.across(len(numbers.bins))
    panels = part.subplots(-(-len(numbers.bins) // columns), columns, sharex=True, sharey=True, squeeze=False).flat
    for number, axes in enumerate(panels):
        axes.set_axis_off()
        if number < len(numbers.bins):
            maps.frame(axes, numbers)
            maps.shares(axes, numbers, encoder, numbers.bins[number])
            maps.dots(axes, numbers, encoder, [numbers.bins[number]])
            axes.set_title(f"i = {number + 1}", fontsize=drawing.SMALLEST, pad=1)
    part.suptitle("ψ(·)$_i$ of every bin", fontsize=7)


def _hard(axes: Axes, numbers: Numbers, encoder: Encoder) -> None:
    """The regions of the bins, that of y filled."""
    maps.base(axes, numbers)
    for bin_ in numbers.bins:
        maps.outline(axes, numbers, encoder, bin_)
    maps.outline(axes, numbers, encoder, encoder.own, facecolor=maps.tint(encoder), zorder=0)
    maps.dots(axes, numbers, encoder, numbers.bins, larger=encoder.own)
    maps.cross(axes, numbers)
    axes.set_title("hard binning")
    axes.set_ylabel(numbers.names[1])
    axes.set_xlabel(numbers.names[0])


def _soft(axes: Axes, numbers: Numbers, encoder: Encoder) -> None:
    """Contours of the share that y's bin has all over the plane."""
    maps.base(axes, numbers)
    maps.shares(axes, numbers, encoder, encoder.own, labelled=True)
    maps.dots(axes, numbers, encoder, numbers.bins, larger=encoder.own)
    maps.cross(axes, numbers)
    axes.set_title(f"soft binning: ψ(·)$_i$, i = {numbers.bins.index(encoder.own) + 1}")
    axes.set_xlabel(numbers.names[0])


def _bars(axes: Axes, numbers: Numbers, encoder: Encoder) -> None:
    """The distribution ψ(y) over the bins, and the one-hot of hard binning as an outline."""
    places = range(1, len(numbers.bins) + 1)
    shown = list(numbers.bins)
    axes.bar(places, encoder.of_y[shown], 0.8, color=looks.colour(encoder.method), zorder=2)
    axes.bar([shown.index(encoder.own) + 1], [1], 0.8, zorder=3, **HARD)
    axes.set_xticks(places)
    axes.tick_params(axis="x", length=0)
    axes.set_ylim(0, 1.02)
    axes.set_xlabel("bin i")
    axes.set_title("encoded target ψ(y)$_i$")


def _legend(figure: Figure, numbers: Numbers) -> None:
    fixed, learnt = numbers.both
    handles = [
        *maps.marks(numbers, fixed, learnt),
        Line2D([], [], linestyle="none", marker="x", markersize=4.5, color="black", label="target y, in bin i"),
        Patch(color="#666666", label="soft: ψ(y)"),
        Patch(label="hard: one-hot", **HARD),
        Line2D(
            [], [], color=maps.EDGE, linewidth=0.6, label=f"ψ(·)$_i$ = {', '.join(f'{each:g}' for each in maps.LEVELS)}"
        ),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=4, handlelength=1.0, columnspacing=1.2)


REPORT = Report(
    title="Figure 2: a fixed and a learnt encoder",
    compute=encoder_pair.compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="encoders",
    benchmark="bridges-figure2",
    or_last=False,
)
