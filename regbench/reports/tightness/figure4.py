"""Figure 4 of "Improving Deep Regression with Tightness": moves of features, turns of θ, and its updates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from regbench.analysis import directions
from regbench.errors import NothingMeasured
from regbench.reports.report import Options, Recorded, Report, Table
from regbench.reports.shared import drawing, looks
from regbench.reports.tightness import heads, moves, runs
from regbench.reports.tightness.heads import Heads
from regbench.reports.tightness.moves import Move
from regbench.reports.tightness.runs import Array, Run

LATER = 10  # the last epoch of the paper, which is compared with the first
CLASSES = "hard_binning"
ROUNDING = 1e-11  # smaller distances of weights in single precision are not drawn


@dataclass(frozen=True, eq=False)
class Numbers:
    """Moves of the baseline's features, turns of θ and of the classes' θ_k, and the several θs.

    moves: to the paper's tenth epoch, and to the last.
    epochs, theta: (E,), cosine distance of θ to the last one. classes: (E, K) of the classifier.
    """

    moves: list[Move]
    epochs: Array
    theta: Array
    classes: Array
    heads: Heads
    source: str
    notes: tuple[str, ...]


def compute(given: Recorded, options: Options) -> Numbers:
    """All three of one benchmark of a target of one dimension; `NothingMeasured` where one is not there."""
    featured = runs.shown(given, options, "features", least=2)
    plain = moves.baseline(featured)
    later = LATER if LATER in plain.kept else plain.epochs[-1]
    pairs = [(plain.epochs[0], last) for last in dict.fromkeys([later, plain.epochs[-1]])]
    weighted = runs.shown(given, options, "weight", least=3)
    own, classes = _named(weighted, "lsq"), _named(weighted, CLASSES)
    several = Heads.of(heads.several(weighted))
    remarks = [
        "the paper's are of depth in images (NYUD2-DIR), ours of a table, whose epochs have far fewer steps: the first "
        "ends nearer to the random start",
        "(a) arrows of one row in eight",
        "(c) the paper plots single updates, one in 500; here each is the change over one epoch",
        *runs.notes(given, [plain, classes, several.run]),
    ]
    theta, each = (_to_last(run) for run in (own, classes))
    return Numbers(
        moves=[moves.between(plain, *pair) for pair in pairs],
        epochs=np.array(own.epochs, dtype=float),
        theta=theta[:, 0],
        classes=each,
        heads=several,
        source=runs.source([plain], options),
        notes=tuple(remarks),
    )


def _named(found: list[Run], variant: str) -> Run:
    for run in found:
        if run.variant == variant:
            return run
    raise NothingMeasured(f"no run of {variant} kept its weights: `--benchmark` names another benchmark")


def _to_last(run: Run) -> Array:
    """The cosine distance of each row of the weight to its last direction: (E, K)."""
    weights = np.stack(list(run.several("weight").values()))
    return directions.cosine_distance(weights, weights[-1])


def table(numbers: Numbers) -> Table:
    """What the three panels show in numbers, with those that the paper states."""
    rows = []
    for move in numbers.moves:
        what = f"moves of features, epoch {move.first} to {move.last}"
        paper = "0.03" if move is numbers.moves[-1] else ""
        rows += [
            (f"(a) {what}: PCA from θ", f"{move.numbers['distance_pca']:.4f}", paper),
            (f"(a) {what}: line from θ", f"{move.numbers['distance_line']:.4f}", ""),
        ]
    turned = numbers.classes.max(0)
    apart = numbers.heads.pairs()
    rows += [
        ("(b) θ, furthest from its last", f"{numbers.theta.max():.2g}", "0.0004"),
        ("(b) θ_k, the one that turns least", f"{turned.min():.2g}", "larger"),
        ("(b) θ_k, the one that turns most", f"{turned.max():.2g}", "larger"),
        ("(c) lines of updates, furthest apart", f"{apart['increments'].max():.2g}", "below 0.0001"),
        ("(c) share of variance along the line, least", f"{numbers.heads.shares.min():.4f}", ""),
    ]
    caption = (
        "Cosine distances: 1 - |cos| between the principal direction of the moves of features and θ, of which PCA "
        "subtracts the mean move and the line through no move does not; 1 - cos between θ at an epoch and at the "
        f"last; and 1 - |cos| between the lines along which several θs are updated. {numbers.source}."
    )
    return Table(caption, ("", "ours", "paper"), tuple(rows), numbers.notes)


def frames(numbers: Numbers) -> dict[str, pd.DataFrame]:
    """The moves, the points, the turns by epoch, and the updates of the several θs."""
    turns = pd.DataFrame({"epoch": numbers.epochs.astype(int), "theta": numbers.theta})
    classes = {f"theta_{number + 1}": numbers.classes[:, number] for number in range(numbers.classes.shape[1])}
    return {
        "rows": moves.frame(numbers.moves),
        "points": moves.points(numbers.moves),
        "turns": turns.assign(**classes),
        "updates": numbers.heads.long(),
        "pairs": numbers.heads.pairs(),
    }


def draw(numbers: Numbers) -> Figure:
    """Three panels, as in the paper."""
    with drawing.figure(drawing.TEXT, 2.55) as figure:
        left, middle, right = figure.subplots(1, 3)
        move = numbers.moves[-1]
        moves.draw(left, move, every=8)
        left.set_title("(a) moves of features z")
        left.set_xlabel("z$_1$")
        left.set_ylabel("z$_2$")
        handles = moves.handles(f"epoch {move.first}", f"epoch {move.last}")
        left.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=2, handlelength=1.6)
        _turns(middle, numbers)
        _updates(right, numbers.heads)
    return figure


def _turns(axes: Axes, numbers: Numbers) -> None:
    """The cosine distance to the last epoch of θ and of every θ_k, but for the last, where it is 0."""
    look = {"linewidth": 0.5, "color": looks.colour(CLASSES)}
    axes.plot(numbers.epochs[:-1], numbers.classes[:-1], **look)
    axes.plot(numbers.epochs[:-1], numbers.theta[:-1], color="black", linewidth=1.1)
    axes.set_yscale("log")
    axes.set_ylim(bottom=max(axes.get_ylim()[0], ROUNDING))
    axes.set_xlabel("epoch")
    axes.set_ylabel("cosine distance to the last epoch")
    axes.set_title("(b) turns of θ")
    handles = [
        Line2D([], [], color="black", linewidth=1.1, label="θ of least squares"),
        Line2D([], [], **look, label=f"θ$_k$ of {numbers.classes.shape[1]} classes"),
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.22), handlelength=1.6)


def _updates(axes: Axes, several: Heads) -> None:
    """The updates of every θ, and the line through the origin of each."""
    for head in range(several.increments.shape[1]):
        points, colour = several.increments[:, head, :2], heads.colour(head)
        axes.scatter(*points.T, s=5, color=colour, marker=heads.MARKERS[head % 3], linewidths=0, alpha=0.7, zorder=2)
    moves.square(axes, several.increments[..., :2].reshape(-1, 2))
    for head, direction in enumerate(several.axes):
        axes.axline((0, 0), tuple(direction[:2]), color=heads.colour(head), linewidth=0.5, zorder=1)
    axes.set_title("(c) updates of several θs")
    axes.set_xlabel("change of θ$_1$")
    axes.set_ylabel("change of θ$_2$")
    dot = {"linestyle": "none", "markersize": 3}
    handles = [
        Line2D([], [], marker=heads.MARKERS[head % 3], color=heads.colour(head), label=f"θ$^{head + 1}$", **dot)
        for head in range(several.increments.shape[1])
    ]
    axes.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.22), ncols=3, handlelength=1)


REPORT = Report(
    title="Figure 4: how features move and θ turns",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="features",
    benchmark="tightness-directions",
    or_last=False,
)
