"""The picture of several methods: a critical-difference diagram above a matrix of win rates."""

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from regbench import metrics, variants
from regbench.reports.shared import drawing, looks

if TYPE_CHECKING:
    from regbench.analysis import Several
    from regbench.analysis.ranks import Ranks

DIAGONAL = "#E6E6E6"
WORSE, EVEN, BETTER = "#E69F00", "#FFFFFF", "#56B4E9"  # told apart under any common colour blindness
LINE = 0.17  # inches between two names
NAMES = 0.45  # width of the names on either side, relative to the axis
AXIS = 0.75  # inches above the names: the axis, the critical difference, the bars of groups


def draw(several: "Several") -> Figure:
    """Mean ranks on a line with bars over methods that are not told apart; below, who beats whom how often."""
    ranks = several.ranks
    count = len(ranks.names)
    if count < 3 or not ranks.datasets:
        return Figure()
    above = AXIS + LINE * (-(-count // 2)) + 0.08 * len(ranks.groups)
    below = 0.25 * count + 1.1
    with drawing.figure(drawing.TEXT, above + below) as figure:
        top, bottom = figure.subplots(2, 1, height_ratios=[above, below])
        _ranks(top, ranks, above, metrics.about(several.comparisons[0].metric).label)
        _rates(bottom, several)
    return figure


def _ranks(axes: Axes, ranks: "Ranks", height: float, metric: str) -> None:
    """The axis runs from the best rank, left, to the worst; names stand below, their lines never cross."""
    count = len(ranks.names)
    beside = NAMES * (count - 1)
    axes.set_xlim(1 - beside, count + beside)
    axes.set_ylim(-height, 0.35)
    axes.set_axis_off()
    axes.plot([1, count], [0, 0], color="black", linewidth=0.8)
    for rank in range(1, count + 1):
        axes.plot([rank, rank], [0, 0.05], color="black", linewidth=0.8)
        axes.text(rank, 0.08, f"{rank}", ha="center", va="bottom")
    bars = 0.08 * len(ranks.groups) + 0.1
    half = -(-count // 2)
    for place, (name, rank) in enumerate(zip(ranks.names, ranks.mean_ranks, strict=True)):
        left = place < half
        line = place if left else count - 1 - place
        y = -bars - 0.12 - LINE * line
        end = 1 if left else count
        axes.plot([rank, rank, end], [0, y, y], color=looks.colour(_method(name)), linewidth=0.9)
        said = f"{_label(name)}  {rank:.2f} " if left else f" {rank:.2f}  {_label(name)}"
        axes.text(end, y, said, ha="right" if left else "left", va="center", fontsize=6.5)
    for number, (first, last) in enumerate(ranks.groups):
        y = -0.1 - 0.08 * number
        axes.plot(
            [ranks.mean_ranks[first] - 0.03, ranks.mean_ranks[last] + 0.03], [y, y],
            color="black", linewidth=2.2, solid_capstyle="butt",
        )  # fmt: skip
    said = f"mean rank by test {metric} over {len(ranks.datasets)} datasets, 1 is best"
    if ranks.critical_difference is not None:
        said += f";\nbars join methods that differ by less than {ranks.critical_difference:.2f} (Nemenyi)"
    axes.set_title(said)


def _rates(axes: Axes, several: "Several") -> None:
    names = several.ranks.names
    rates = np.array([[np.nan if rate is None else 100 * rate for rate in line] for line in several.win_rates])
    colours = LinearSegmentedColormap.from_list("rates", [WORSE, EVEN, BETTER]).with_extremes(bad=DIAGONAL)
    axes.imshow(rates, cmap=colours, vmin=0, vmax=100, aspect="auto")
    for row, column in np.argwhere(~np.isnan(rates)):
        axes.text(column, row, f"{rates[row, column]:.0f}", ha="center", va="center", fontsize=6.5)
    axes.set_xticks(range(len(names)), [_label(name) for name in names], rotation=30, ha="right")
    axes.set_yticks(range(len(names)), [_label(name) for name in names])
    axes.tick_params(length=0)
    axes.set_title("% of runs, seeds within datasets, in which the row beats the column")


def _method(name: str) -> str:
    return variants.read(name)[0].name


def _label(name: str) -> str:
    return looks.label(_method(name), name)
