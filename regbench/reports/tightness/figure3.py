"""Figure 3 of "Improving Deep Regression with Tightness": the features of each method in space, through training."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from regbench.analysis import directions, order
from regbench.reports.report import Options, Recorded, Report, Table
from regbench.reports.shared import drawing
from regbench.reports.tightness import runs, space
from regbench.reports.tightness.runs import Array, Run

COLUMNS = 4  # epochs drawn
COMPARED = 500  # points whose distances are ranked
SPACE = 3


@dataclass(frozen=True, eq=False)
class Numbers:
    """The runs, the epochs that are drawn, and the numbers of all epochs kept."""

    runs: list[Run]
    drawn: list[int]
    rows: pd.DataFrame
    source: str
    notes: tuple[str, ...]


def compute(given: Recorded, options: Options) -> Numbers:
    """The features of each run on the first dataset at every epoch that all of them kept."""
    found = runs.of_one_dataset(runs.shown(given, options, "features"))
    common = sorted(set.intersection(*(set(run.epochs) for run in found)))
    drawn = [common[place] for place in sorted({*np.linspace(0, len(common) - 1, COLUMNS).round().astype(int)})]
    rows = pd.DataFrame([_row(run, epoch) for run in found for epoch in common])
    remarks = ["the paper's features are of depth in images (NYUD2-DIR), at one epoch", *runs.notes(given, found)]
    return Numbers(found, drawn, rows, runs.source(found, options), tuple(remarks))


def _row(run: Run, epoch: int) -> dict[str, object]:
    features, targets = run.kept[epoch]["features"], run.kept[epoch]["targets"]
    _, shares = directions.principal(features)
    padded = np.pad(shares[:SPACE], (0, max(0, SPACE - len(shares))))
    return {
        **run.about(),
        "epoch": epoch,
        "rmse": float(np.sqrt(((run.kept[epoch]["predictions"] - targets) ** 2).mean())),
        **{f"share_{axis + 1}": float(share) for axis, share in enumerate(padded)},
        "spread": float(np.sqrt(features.var(0).sum())),
        "spearman": directions.rank_correlation(features[:COMPARED], targets[:COMPARED]),
    }


def table(numbers: Numbers) -> Table:
    """A row per method and epoch drawn."""
    rows = []
    for _, row in numbers.rows[numbers.rows["epoch"].isin(numbers.drawn)].iterrows():
        shares = (f"{row[f'share_{axis + 1}']:.4f}" for axis in range(SPACE))
        values = (f"{row['rmse']:.4f}", *shares, f"{row['spread']:.3g}", f"{row['spearman']:.3f}")
        rows.append((str(row["variant"]), str(row["epoch"]), *values))
    caption = (
        "Features of the test rows that were kept: RMSE of the prediction in the units of training, share of the "
        "features' variance along each principal axis (a thin line has all along the first), their standard "
        "deviation over all axes, and Spearman's ρ between distances of features and of targets. "
        f"{numbers.source}; {order.alias(numbers.runs[0].dataset)}."
    )
    header = ("method", "epoch", "RMSE", "1st axis", "2nd", "3rd", "spread", "ρ")
    return Table(caption, header, tuple(rows), numbers.notes, index=2)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The numbers at every epoch kept, and the points drawn."""
    names = [f"feature_{axis + 1}" for axis in range(SPACE)]
    drawn = []
    for run in numbers.runs:
        for epoch, points in _turned(run, numbers.drawn).items():
            about = {"variant": run.variant, "epoch": epoch, "target": runs.colours(run.kept[epoch]["targets"])[0]}
            drawn.append(pd.DataFrame(points, columns=names).assign(**about))
    return {"rows": numbers.rows, "points": pd.concat(drawn, ignore_index=True)}


def _turned(run: Run, epochs: list[int]) -> dict[int, Array]:
    """The features (N, 3) along the principal axes of the last of these epochs, so that epochs can be compared."""
    axes, _ = directions.principal(run.kept[epochs[-1]]["features"])
    found = {}
    for epoch in epochs:
        turned = run.kept[epoch]["features"] @ axes[:SPACE].T
        found[epoch] = np.pad(turned, ((0, 0), (0, SPACE - turned.shape[1])))
    return found


def draw(numbers: Numbers) -> Figure:
    """A row of panels per method, a panel per epoch; points have the colour of their target."""
    down, across = len(numbers.runs), len(numbers.drawn)
    first = numbers.runs[0].kept[numbers.drawn[-1]]["targets"]
    colour, name, cyclic = runs.colours(first)
    span = space.limits(colour, cyclic=cyclic)
    with drawing.figure(drawing.TEXT, 0.3 + 1.2 * down) as figure:
        grid = figure.add_gridspec(down, across)
        every = []
        for row, run in enumerate(numbers.runs):
            for column, (epoch, points) in enumerate(_turned(run, numbers.drawn).items()):
                axes = space.panel(figure, grid[row, column])
                mine, *_ = runs.colours(run.kept[epoch]["targets"])
                space.points(axes, points, mine, cyclic=cyclic, limits=span)
                if row == 0:
                    axes.set_title(f"epoch {epoch}", pad=0)
                if column == 0:
                    look = {"rotation": 90, "ha": "center", "va": "center", "fontsize": 7}
                    axes.text2D(-0.06, 0.5, run.label, transform=axes.transAxes, **look)
                every.append(axes)
        space.bar(figure, every, name, span, cyclic=cyclic)
    return figure


REPORT = Report(
    title="Figure 3: features in space through training",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="features",
    benchmark="tightness-manifold",
    or_last=False,
)
