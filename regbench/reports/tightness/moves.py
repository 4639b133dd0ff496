"""How the features of the baseline move between epochs, against θ: for Figures 4(a) and 6 of the second paper.

θ is the last layer's weight of a model with one output. Were features free to move, they would follow it exactly: the
gradient of any loss of θᵀz is parallel to θ.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from regbench.analysis import directions
from regbench.errors import NothingMeasured
from regbench.reports.tightness.runs import PLAIN, Array, Run

BEFORE, AFTER, THETA = "#0072B2", "#D55E00", "black"
ARROW = "#4D4D4D"
AXES = 2
LINE = {"linewidth": 0.7, "linestyle": (0, (4, 2))}  # along θ


@dataclass(frozen=True, eq=False)
class Move:
    """The features of the same rows at two epochs, in the plane.

    before, after: (N, 2). theta: (2,), the weight at the later epoch.
    numbers: how far they move, and the distances of the directions in which they do from θ.
    """

    first: int
    last: int
    before: Array
    after: Array
    theta: Array
    numbers: dict[str, float]


def baseline(found: list[Run]) -> Run:
    """The run of least squares with one target and no part added; `NothingMeasured` if there is none."""
    for run in found:
        if run.variant == PLAIN and all(len(run.kept[epoch]["weight"]) == 1 for epoch in run.epochs):
            return run
    raise NothingMeasured(
        f"no run of {PLAIN} with a target of one dimension kept its features: `--benchmark` names another"
    )


def between(run: Run, first: int, last: int) -> Move:
    """What moved between two epochs; where there are more than two features, along the two main axes of the later."""
    before, after, theta = run.kept[first]["features"], run.kept[last]["features"], run.kept[last]["weight"][0]
    moved = after - before
    centred, shares = directions.principal(moved)
    straight, along = directions.principal(moved, centred=False)
    numbers = {
        "length": float(np.linalg.norm(moved, axis=1).mean()),
        "distance_pca": float(directions.line_distance(centred[0], theta)),
        "share_pca": float(shares[0]),
        "distance_line": float(directions.line_distance(straight[0], theta)),
        "share_line": float(along[0]),
        "distance_mean": float(directions.line_distance(moved.mean(0), theta)),
        "width_before": _across(before, run.kept[first]["weight"][0]),
        "width_after": _across(after, theta),
    }
    axes = np.eye(AXES) if len(theta) == AXES else directions.principal(after)[0][:AXES]
    return Move(first, last, before @ axes.T, after @ axes.T, axes @ theta, numbers)


def _across(features: Array, theta: Array) -> float:
    """The share of the features' variance that is orthogonal to θ."""
    shifted = features - features.mean(0)
    along = shifted @ (theta / np.linalg.norm(theta))
    total = (shifted**2).sum()
    return float(1 - (along**2).sum() / total) if total > 0 else float("nan")


def frame(moves: list[Move]) -> pd.DataFrame:
    """A row per pair of epochs."""
    return pd.DataFrame([{"from": move.first, "to": move.last, **move.numbers} for move in moves])


def points(moves: list[Move]) -> pd.DataFrame:
    """Every point at both epochs."""
    return pd.concat(
        [
            pd.DataFrame(
                np.hstack([move.before, move.after]), columns=["before_1", "before_2", "after_1", "after_2"]
            ).assign(**{"from": move.first, "to": move.last})
            for move in moves
        ],
        ignore_index=True,
    )


def draw(axes: Axes, move: Move, *, every: int = 1) -> None:
    """Points before and after, joined by arrows for one row in `every`, and a line along θ; both axes at one scale."""
    shown = slice(None, None, every)
    start, change = move.before[shown], move.after[shown] - move.before[shown]
    arrow: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.002, "color": ARROW}
    axes.quiver(*start.T, *change.T, alpha=0.6, headwidth=5, headlength=6, zorder=3, rasterized=True, **arrow)
    for points, colour in ((move.before, BEFORE), (move.after, AFTER)):
        axes.scatter(*points.T, s=1.6, color=colour, linewidths=0, zorder=2, rasterized=True)
    square(axes, np.vstack([move.before, move.after]))
    axes.axline(tuple(move.after.mean(0)), tuple(move.after.mean(0) + move.theta), color=THETA, zorder=4, **LINE)
    axes.tick_params(length=2)


def square(axes: Axes, points: Array) -> None:
    """A square panel around points (N, 2), with both axes at one scale."""
    middle, half = (points.max(0) + points.min(0)) / 2, max(0.54 * np.ptp(points, axis=0).max(), 1e-12)
    axes.set_xlim(middle[0] - half, middle[0] + half)
    axes.set_ylim(middle[1] - half, middle[1] + half)
    axes.set_aspect("equal")
    for spine in axes.spines.values():
        spine.set_visible(True)


def handles(before: str, after: str) -> list[Line2D]:
    """The entries of a legend."""
    dot = {"linestyle": "none", "marker": "o", "markersize": 3}
    return [
        Line2D([], [], color=BEFORE, label=before, **dot),
        Line2D([], [], color=AFTER, label=after, **dot),
        Line2D([], [], color=ARROW, linewidth=0.8, label="move of a row"),
        Line2D([], [], color=THETA, label="direction of θ", **LINE),
    ]
