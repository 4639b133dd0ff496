"""What Figures 7 and 8 of the second paper show: the several θs of one run, their updates and how they turn."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from regbench.analysis import directions
from regbench.reports.report import Options, Recorded, Table
from regbench.reports.shared import drawing, looks
from regbench.reports.tightness import heads, runs, space
from regbench.reports.tightness.heads import Heads
from regbench.reports.tightness.runs import PLAIN, Array

SPACE = 3
ROUNDING = 1e-11  # smaller distances of weights in single precision are not drawn
LEAST = 4  # epochs, for three increments


@dataclass(frozen=True, eq=False)
class Numbers:
    """The heads, and beside them the one θ of least squares where the benchmark has it.

    single: (epochs (E,), cosine distance to the last (E,)).
    step: what one increment is over.
    """

    heads: Heads
    single: tuple[Array, Array] | None
    step: str
    source: str
    notes: tuple[str, ...]


def by_epoch(given: Recorded, options: Options) -> Numbers:
    """Of a run whose weights were kept after every epoch."""
    remark = "the paper's are of depth in images (NYUD2-DIR); here of a table, each increment over one epoch"
    return _compute(given, options, "epoch", remark)


def by_step(given: Recorded, options: Options) -> Numbers:
    """Of a run whose weights were kept after every step."""
    return _compute(given, options, "step", "the paper's are of depth in images (NYUD2-DIR), ours of a table")


def _compute(given: Recorded, options: Options, step: str, remark: str) -> Numbers:
    found = runs.shown(given, options, "weight", least=LEAST)
    several = Heads.of(heads.several(found))
    plain = [run for run in found if run.variant == PLAIN and run.dataset == several.run.dataset]
    single = None
    if plain:
        weights = np.stack(list(plain[0].several("weight").values()))[:, 0]
        single = np.array(plain[0].epochs, dtype=float), directions.cosine_distance(weights, weights[-1])
    notes = (remark, *runs.notes(given, [several.run]))
    return Numbers(several, single, step, runs.source([several.run], options), notes)


def table(numbers: Numbers) -> Table:
    """A row per pair of heads, and one per head."""
    pairs = [
        (
            f"θ{row['first']:.0f}, θ{row['second']:.0f}",
            f"{row['increments']:.2g}",
            f"{row['theta_first']:.3f}",
            f"{row['theta_last']:.3f}",
        )
        for _, row in numbers.heads.pairs().iterrows()
    ]
    each = [
        (f"θ{row['head']:.0f}", f"{row['furthest']:.2g}", f"{row['share']:.4f}")
        for _, row in numbers.heads.each().iterrows()
    ]
    if numbers.single:
        each.append(("θ of least squares alone", f"{numbers.single[1].max():.2g}", ""))
    first, last = numbers.heads.epochs[[0, -1]].astype(int)
    caption = (
        f"Several θs from {numbers.step} {first} to {last}: cosine distance 1 - |cos| between the first principal "
        "directions of their increments, and 1 - cos between θs themselves, at first and at last; below, of each θ, "
        "the largest distance from its last direction, and the share of its increments' variance along their first "
        f"principal direction. {numbers.source}, {numbers.heads.run.variant}."
    )
    header = ("pair", "increments", f"{numbers.step} {first}", f"{numbers.step} {last}")
    alone = Table("", ("head", "furthest", "share"), tuple(each), title="each θ")
    return Table(caption, header, tuple(pairs), numbers.notes, more=(alone,), title="pairs")


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """Pairs, heads, distances to the last direction, and every increment."""
    far = numbers.heads.to_last()
    turns = pd.DataFrame({numbers.step: numbers.heads.epochs.astype(int)})
    turns = turns.assign(**{f"theta_{head + 1}": far[:, head] for head in range(far.shape[1])})
    if numbers.single is not None and len(numbers.single[1]) == len(turns):
        turns = turns.assign(least_squares=numbers.single[1])
    increments = numbers.heads.long().rename(columns={"epoch": numbers.step})
    return {"rows": numbers.heads.pairs(), "heads": numbers.heads.each(), "turns": turns, "increments": increments}


def draw(numbers: Numbers) -> Figure:
    """Increments in space, along their common line through training, and how far each θ is from its last direction."""
    with drawing.figure(drawing.TEXT, 2.5) as figure:
        grid = figure.add_gridspec(1, 3, width_ratios=(1.05, 1, 1))
        _space(figure, grid[0], numbers.heads)
        _common(figure.add_subplot(grid[1]), numbers)
        _turns(figure.add_subplot(grid[2]), numbers)
        figure.legend(handles=_handles(numbers), loc="outside lower center", ncols=5, handlelength=1.4)
        drawing.settle(figure)
    return figure


def _space(figure: Figure, place: Any, several: Heads) -> None:
    """The increments as they are, with the line of each θ's."""
    axes = space.panel(figure, place, zoom=1.2)
    every = several.increments[..., :SPACE]
    every = np.pad(every, ((0, 0), (0, 0), (0, SPACE - every.shape[-1])))
    lines = np.pad(several.axes[:, :SPACE], ((0, 0), (0, SPACE - several.axes[:, :SPACE].shape[-1])))
    for head in range(every.shape[1]):
        points, line, colour = every[:, head], lines[head], heads.colour(head)
        axes.scatter(*points.T, s=4, color=colour, marker=heads.MARKERS[head % 3], linewidths=0, depthshade=False)
        ends = np.array([(points @ line).min(), (points @ line).max()])[:, None] * line
        axes.plot(*ends.T, color=colour, linewidth=0.7)
    space.cube(axes, np.vstack([every.reshape(-1, SPACE), np.zeros((1, SPACE))]))
    axes.set_title("(a) increments of θ", pad=0)


def _common(axes: Axes, numbers: Numbers) -> None:
    """The part of every increment along the common line."""
    several = numbers.heads
    flat = several.increments.reshape(-1, several.increments.shape[-1])
    line = directions.principal(flat)[0][0]
    for head in range(several.increments.shape[1]):
        size = several.increments[:, head] @ line
        axes.plot(several.epochs[1:], size, color=heads.colour(head), linewidth=0.6, alpha=0.85)
    axes.axhline(0, color="black", linewidth=0.4, zorder=0)
    axes.set_xlabel(numbers.step)
    axes.set_ylabel("increment along the common line")
    axes.set_title("(b) increments through training")


def _turns(axes: Axes, numbers: Numbers) -> None:
    """The cosine distance of each θ to its last direction, but for the last, where it is 0."""
    far = numbers.heads.to_last()
    if numbers.single is not None:
        epochs, single = numbers.single
        axes.plot(epochs[:-1], single[:-1], color=looks.colour(PLAIN), linewidth=1.4)
    for head in range(far.shape[1]):
        axes.plot(numbers.heads.epochs[:-1], far[:-1, head], color=heads.colour(head), linewidth=0.9)
    axes.set_yscale("log")
    axes.set_ylim(bottom=max(axes.get_ylim()[0], ROUNDING))
    axes.set_xlabel(numbers.step)
    axes.set_ylabel(f"cosine distance to the last {numbers.step}")
    axes.set_title("(c) turns of θ")


def _handles(numbers: Numbers) -> list[Line2D]:
    many = numbers.heads.increments.shape[1]
    found = [
        Line2D([], [], color=heads.colour(head), marker=heads.MARKERS[head % 3], markersize=3, label=f"θ$^{head + 1}$")
        for head in range(many)
    ]
    if numbers.single is not None:
        found.append(Line2D([], [], color=looks.colour(PLAIN), linewidth=1.4, label="θ of least squares alone"))
    return found
