"""Figures 6 and 7 of the first paper: ψ(·)_i of one encoder over the plane, for each bin i."""

from dataclasses import dataclass
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from pandas import DataFrame

from regbench.analysis.aggregate import records
from regbench.reports.bridges import bins, encoder_pair, maps
from regbench.reports.bridges.encoder_pair import Encoder
from regbench.reports.report import Encoders, Options, Table
from regbench.reports.shared import drawing
from regbench.reports.text import words

WIDTH = 5.0  # inches, of three panels and the colour bar
BORDER = (0, (3, 2))  # dashes around where a bin has the largest share


@dataclass(frozen=True, eq=False)
class Numbers:
    """The encoder shown, and what both figures have in common: the plane and the numbers of the bins."""

    common: encoder_pair.Numbers
    shown: Encoder


def fixed(given: Encoders, options: Options) -> Numbers:
    common = encoder_pair.compute(given, options)
    return Numbers(common, common.fixed)


def learnt(given: Encoders, options: Options) -> Numbers:
    common = encoder_pair.compute(given, options)
    return Numbers(common, common.learnt)


def table(numbers: Numbers) -> Table:
    """A row per bin: what it decodes to, its mean share, and how many targets have their largest share there."""
    common, shown = numbers.common, numbers.shown
    of = f" of the {len(common.targets)} training targets" if len(common.targets) else ""
    caption = (
        f"The bins of {bins.described(shown)}, k = {len(common.bins)}: what each decodes to, in units of "
        f"the target scaled to [0, 1], its mean share ψ, and how many{of} have their largest share there. "
        f"{common.source}."
    )
    header = ("bin", *(f"{bins.letter(shown)} {name}" for name in common.names), "mean ψ", "targets")
    rows = []
    for row in records(bins.bin_frame(common, shown)):
        found = (f"{row['mean_psi']:.3f}", f"{row['targets']}") if of else (words.MISSING, words.MISSING)
        rows.append((str(row["bin"]), *(f"{row[f'mu_{name}']:.3f}" for name in common.names), *found))
    return Table(caption, header, tuple(rows), common.notes(shown))


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """Every share over the plane, the bins, and the targets drawn."""
    common, shown = numbers.common, numbers.shown
    shares = {f"psi_{number}": shown.of_grid[:, bin_] for number, bin_ in enumerate(common.bins, start=1)}
    return {
        "rows": bins.grid_frame(common, shares),
        "bins": bins.bin_frame(common, shown),
        "targets": bins.target_frame(common),
    }


def draw(numbers: Numbers) -> Figure:
    """A panel per bin: contours of its share, the border of its region, and what it decodes to."""
    common, shown = numbers.common, numbers.shown
    columns = encoder_pair.across(len(common.bins))
    rows = -(-len(common.bins) // columns)
    with drawing.figure(WIDTH, 0.7 + 1.5 * rows * 3 / columns, layout="compressed") as figure:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        filled = [
            _panel(axes, numbers, place) for place, axes in zip(range(len(common.bins)), panels.flat, strict=False)
        ]
        for axes in panels.flat[len(filled) :]:
            axes.set_axis_off()
        for axes in panels[-1]:
            axes.set_xlabel(common.names[0])
        for axes in panels[:, 0]:
            axes.set_ylabel(common.names[1])
        bar = figure.colorbar(filled[0], ax=panels, shrink=0.6, aspect=30, ticks=(*maps.LEVELS, 1))
        bar.set_label("ψ(·)$_i$")
        figure.suptitle(maps.title(shown), fontsize=8)
        border = Line2D([], [], color="black", linewidth=0.9, linestyle=BORDER, label="where ψ(·)$_i$ is the largest")
        figure.legend(handles=[*maps.marks(common, shown), border], loc="outside lower center", ncols=3)
    return figure


def _panel(axes: Axes, numbers: Numbers, place: int) -> Any:
    """Draw the panel of one bin; returns its contours for the colour bar."""
    common, shown, bin_ = numbers.common, numbers.shown, numbers.common.bins[place]
    maps.base(axes, common)
    filled = maps.shares(axes, common, shown, bin_)
    maps.outline(axes, common, shown, bin_, linestyle=BORDER, linewidth=0.9, edgecolor="black")
    maps.dots(axes, common, shown, [bin_])
    axes.set_title(f"i = {place + 1}")
    return filled
