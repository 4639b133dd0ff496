"""Figure 6 of "Improving Deep Regression with Tightness": how features move between one epoch and the next."""

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from regbench.errors import NothingMeasured
from regbench.reports.report import Options, Recorded, Report, Table
from regbench.reports.shared import drawing
from regbench.reports.tightness import moves, runs
from regbench.reports.tightness.moves import Move
from regbench.reports.tightness.runs import Run

MOST = 9  # pairs of epochs, as the paper has
ACROSS = 3


@dataclass(frozen=True, eq=False)
class Numbers:
    """The moves between adjoining epochs of one run."""

    run: Run
    moves: list[Move]
    source: str
    notes: tuple[str, ...]


def compute(given: Recorded, options: Options) -> Numbers:
    """The first nine pairs of adjoining epochs of the baseline."""
    found = runs.shown(given, options, "features", least=2)
    run = moves.baseline(found)
    pairs = [(epoch, epoch + 1) for epoch in run.epochs if epoch + 1 in run.kept][:MOST]
    if not pairs:
        raise NothingMeasured("no two adjoining epochs with features: `keep_features: [1-10]` keeps some")
    remarks = ("the paper's are of depth in images (NYUD2-DIR), ours of a table", *runs.notes(given, [run]))
    return Numbers(run, [moves.between(run, *pair) for pair in pairs], runs.source([run], options), remarks)


def table(numbers: Numbers) -> Table:
    """A row per pair of epochs."""
    rows = [
        (
            f"{move.first} to {move.last}",
            f"{move.numbers['length']:.3f}",
            f"{move.numbers['distance_pca']:.4f}",
            f"{move.numbers['distance_line']:.4f}",
            f"{move.numbers['width_before']:.4f}",
            f"{move.numbers['width_after']:.4f}",
        )
        for move in numbers.moves
    ]
    caption = (
        "How far features move between epochs, mean over rows; cosine distance 1 - |cos| from θ of the first principal "
        "direction of these moves, about their mean (PCA) and about no move at all; and the share of the features' "
        f"variance that is orthogonal to θ, before and after. {numbers.source}, least squares."
    )
    header = ("epochs", "length", "PCA from θ", "line from θ", "across, before", "after")
    return Table(caption, header, tuple(rows), numbers.notes)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The table, and every point."""
    return {"rows": moves.frame(numbers.moves), "points": moves.points(numbers.moves)}


def draw(numbers: Numbers) -> Figure:
    """A panel per pair of epochs, each at a scale of its own; arrows of one row in eight."""
    across = min(ACROSS, len(numbers.moves))
    down = -(-len(numbers.moves) // across)
    with drawing.figure(drawing.TEXT, 0.4 + 2.0 * down) as figure:
        panels = drawing.panels(figure, len(numbers.moves), across)
        for axes, move in zip(panels, numbers.moves, strict=True):
            moves.draw(axes, move, every=8)
            axes.set_title(f"epoch {move.first} to {move.last}")
        for place, axes in enumerate(panels):
            if place % across == 0:
                axes.set_ylabel("z$_2$")
            if place + across >= len(panels):
                axes.set_xlabel("z$_1$")
        handles = moves.handles("earlier epoch", "later epoch")
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), handlelength=1.8)
    return figure


REPORT = Report(
    title="Figure 6: how features move between epochs",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="features",
    benchmark="tightness-directions",
    or_last=False,
)
