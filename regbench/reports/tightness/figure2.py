"""Figure 2 of "Improving Deep Regression with Tightness": targets in space, and the features learnt of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from regbench.analysis import directions, order
from regbench.reports.report import Options, Recorded, Report, Table
from regbench.reports.shared import drawing, looks
from regbench.reports.text import words
from regbench.reports.tightness import runs, space
from regbench.reports.tightness.runs import Array, Run

COMPARED = 500  # points whose distances are ranked: 124,750 pairs


@dataclass(frozen=True, eq=False)
class Panel:
    """The features (N, 3) of one run at its last epoch, and the same points in target space (N, 3).

    colour: (N,), the angle of each target, or the target itself where it has one dimension.
    numbers: what the table says of them.
    """

    run: Run
    epoch: int
    features: Array
    targets: Array
    colour: Array
    numbers: Mapping[str, float]


@dataclass(frozen=True, eq=False)
class Numbers:
    """A panel of each run, and what the caption and the notes say."""

    panels: tuple[Panel, ...]
    cyclic: bool
    colour: str  # what colours mean
    source: str
    notes: tuple[str, ...]


def compute(given: Recorded, options: Options) -> Numbers:
    """The features of each run at the last epoch that has them."""
    found = runs.shown(given, options, "features")
    panels = tuple(map(_panel, found))
    _, name, cyclic = runs.colours(found[0].kept[found[0].epochs[-1]]["targets"])
    wide = max(run.kept[run.epochs[-1]]["features"].shape[1] for run in found)
    turned = (
        "features are shown along their first three principal axes"
        if wide > 3
        else "features are turned to their principal axes, which keeps their shape"
    )
    remarks = ["the paper shows PH-Reg beside ROT, on the mammoth", turned, *runs.notes(given, found)]
    return Numbers(panels, cyclic, name, runs.source(found, options), tuple(remarks))


def _panel(run: Run) -> Panel:
    epoch = run.epochs[-1]
    features, targets = run.kept[epoch]["features"], run.kept[epoch]["targets"]
    predictions = run.kept[epoch]["predictions"]
    _, shares = directions.principal(features)
    numbers = {
        "rmse": float(np.sqrt(((predictions - targets) ** 2).mean())),
        "disparity": directions.unlike(features, targets),
        "spearman": directions.rank_correlation(features[:COMPARED], targets[:COMPARED]),
        **{f"share_{axis + 1}": float(share) for axis, share in enumerate(shares[:3])},
    }
    colour, _, _ = runs.colours(targets)
    return Panel(run, epoch, directions.along_axes(features), directions.along_axes(targets), colour, numbers)


def table(numbers: Numbers) -> Table:
    """A row per run: its error, how unlike its features are to the targets, and along which axes they spread."""
    rows = []
    for panel in numbers.panels:
        found = panel.numbers
        shares = " ".join(f"{found[name]:.3f}" for name in sorted(found) if name.startswith("share"))
        values = (f"{found['disparity']:.4f}", f"{found['spearman']:.3f}", shares)
        error = words.number(found["rmse"], "#.3g")
        rows.append((order.alias(panel.run.dataset), panel.run.variant, str(panel.epoch), error, *values))
    caption = (
        "Features and targets of the test rows that were kept: RMSE of the prediction in the units of training, "
        "disparity of the features from the targets after the best shift, rotation and scale (Procrustes: 0 is the "
        "same shape), Spearman's ρ between distances of features and of targets, and the share of variance along each "
        f"principal axis of the features. {numbers.source}."
    )
    header = ("dataset", "method", "epoch", "RMSE", "disparity", "ρ", "variance along axes")
    return Table(caption, header, tuple(rows), numbers.notes, index=2)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The table, and every point drawn."""
    rows = [{**panel.run.about(), "epoch": panel.epoch, **panel.numbers} for panel in numbers.panels]
    drawn = [
        pd.DataFrame(panel.features, columns=["feature_1", "feature_2", "feature_3"]).assign(
            **{f"target_{axis + 1}": panel.targets[:, axis] for axis in range(3)},
            colour=panel.colour,
            dataset=panel.run.dataset,
            variant=panel.run.variant,
        )
        for panel in numbers.panels
    ]
    return {"rows": pd.DataFrame(rows), "points": pd.concat(drawn, ignore_index=True)}


def draw(numbers: Numbers) -> Figure:
    """Two rows of panels per dataset, the first panel its targets; points have the colour of their target."""
    datasets = list(dict.fromkeys(panel.run.dataset for panel in numbers.panels))
    shown = {name: [panel for panel in numbers.panels if panel.run.dataset == name] for name in datasets}
    across = min(4, 1 + max(map(len, shown.values())))
    down = {name: -(-(1 + len(panels)) // across) for name, panels in shown.items()}
    with drawing.figure(drawing.TEXT, 0.2 + 1.4 * sum(down.values())) as figure:
        grid = figure.add_gridspec(sum(down.values()), across)
        every, first = [], 0
        for name, panels in shown.items():
            items: list[tuple[str, Array, Panel]] = [(f"targets, {looks.dataset(name)}", panels[0].targets, panels[0])]
            items += [(panel.run.label, panel.features, panel) for panel in panels]
            for place, (title, points, panel) in enumerate(items):
                axes = space.panel(figure, grid[first + place // across, place % across])
                span = space.limits(panel.colour, cyclic=numbers.cyclic)
                space.points(axes, points, panel.colour, cyclic=numbers.cyclic, limits=span)
                axes.set_title(title, pad=-2)
                every.append(axes)
            first += down[name]
        span = space.limits(numbers.panels[0].colour, cyclic=numbers.cyclic)
        space.bar(figure, every, numbers.colour, span, cyclic=numbers.cyclic)
    return figure


REPORT = Report(
    title="Figure 2: targets in space and learnt features",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="features",
    benchmark="tightness-figures",
    or_last=False,
)
