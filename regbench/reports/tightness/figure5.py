"""Figure 5 of "Improving Deep Regression with Tightness": distances of features, rows ordered by their target."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from regbench.analysis import directions, order
from regbench.reports.report import Options, Recorded, Report, Table
from regbench.reports.shared import drawing
from regbench.reports.tightness import runs
from regbench.reports.tightness.runs import Array, Run

ROWS = 500  # drawn and compared, evenly along the ordered targets
BLOCKS = 25  # of the CSV, along each side
ACROSS = 3


@dataclass(frozen=True, eq=False)
class Matrix:
    """The distances (N, N) of one run's features at its last epoch, or of targets; rows ordered by their target."""

    name: str
    run: Run | None
    epoch: int
    distances: Array
    spearman: float

    @property
    def relative(self) -> Array:
        """In units of the 99th percentile, so that one outlier does not hide the rest."""
        largest = np.percentile(self.distances, 99)
        return self.distances / largest if largest > 0 else self.distances


@dataclass(frozen=True, eq=False)
class Numbers:
    """The matrix of targets first, then one per run."""

    matrices: list[Matrix]
    ordered: str  # what rows are ordered by
    source: str
    notes: tuple[str, ...]


def compute(given: Recorded, options: Options) -> Numbers:
    """The distances on the first dataset, at the last epoch that each run kept."""
    found = runs.of_one_dataset(runs.shown(given, options, "features"))
    targets = found[0].kept[found[0].epochs[-1]]["targets"]
    by, name, _ = runs.colours(targets)
    chosen = _chosen(by)
    of_targets = directions.distances(targets[chosen])
    matrices = [Matrix("targets", None, 0, of_targets, 1.0)]
    for run in found:
        features = run.kept[run.epochs[-1]]["features"][chosen]
        between = directions.distances(features)
        ranked = directions.rank_correlation(features, targets[chosen])
        matrices.append(Matrix(run.label, run, run.epochs[-1], between, ranked))
    remarks = ["the paper's are of depth in images (NYUD2-DIR)", *runs.notes(given, found)]
    return Numbers(matrices, name, runs.source(found, options), tuple(remarks))


def _chosen(by: Array) -> np.ndarray:
    """The rows shown, in order."""
    ordered = np.argsort(by, kind="stable")
    return ordered[np.unique(np.linspace(0, len(ordered) - 1, ROWS).round().astype(int))]


def table(numbers: Numbers) -> Table:
    """A row per run."""
    rows = []
    for matrix in numbers.matrices[1:]:
        assert matrix.run is not None
        mean, most = matrix.distances.mean(), np.percentile(matrix.distances, 99)
        values = (f"{matrix.spearman:.3f}", f"{mean:.3g}", f"{most:.3g}")
        rows.append((order.alias(matrix.run.dataset), matrix.run.variant, str(matrix.epoch), *values))
    caption = (
        "Euclidean distances of features: Spearman's ρ with those of targets, their mean and their 99th percentile, "
        f"which is 1 in the figure. {numbers.source}; {len(numbers.matrices[0].distances)} test rows."
    )
    return Table(caption, ("dataset", "method", "epoch", "ρ", "mean", "99 %"), tuple(rows), numbers.notes, index=2)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The table, and the matrices as means over blocks."""
    rows = [
        {**matrix.run.about(), "epoch": matrix.epoch, "spearman": matrix.spearman, "mean": matrix.distances.mean()}
        for matrix in numbers.matrices
        if matrix.run is not None
    ]
    blocks = [
        {"shown": matrix.run.variant if matrix.run else matrix.name, "row": row, "column": column, "distance": value}
        for matrix in numbers.matrices
        for (row, column), value in np.ndenumerate(_blocks(matrix.relative))
    ]
    return {"rows": pd.DataFrame(rows), "blocks": pd.DataFrame(blocks)}


def _blocks(matrix: Array) -> Array:
    """The means over a grid of blocks: (N, N) -> (B, B)."""
    groups = np.array_split(np.arange(len(matrix)), min(BLOCKS, len(matrix)))
    rows = np.stack([matrix[group].mean(0) for group in groups])
    return np.stack([rows[:, group].mean(1) for group in groups], axis=1)


def draw(numbers: Numbers) -> Figure:
    """A panel per matrix."""
    count = len(numbers.matrices)
    across = min(ACROSS, count)
    with drawing.figure(drawing.TEXT, 0.5 + 2.05 * -(-count // across)) as figure:
        panels = drawing.panels(figure, count, across)
        for axes, matrix in zip(panels, numbers.matrices, strict=True):
            _panel(axes, matrix)
        added = figure.colorbar(panels[0].images[0], ax=panels, shrink=0.5, aspect=22, pad=0.02)
        added.set_label("distance (99th percentile = 1)")
        ordered = f"test rows, by {numbers.ordered}"
        figure.supxlabel(ordered, fontsize=7)
        figure.supylabel(ordered, fontsize=7)
    return figure


def _panel(axes: Axes, matrix: Matrix) -> None:
    axes.imshow(matrix.relative, cmap="magma", vmin=0, vmax=1, interpolation="antialiased", rasterized=True)
    ranked = f", ρ = {matrix.spearman:.2f}" if matrix.run else ""
    axes.set_title(f"{matrix.name}{ranked}")
    axes.set_xticks([])
    axes.set_yticks([])


REPORT = Report(
    title="Figure 5: distances of features",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="features",
    benchmark="tightness-manifold",
    or_last=False,
)
