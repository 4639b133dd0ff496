"""What Figures 2, 6 and 7 of the first paper share: a fixed and a learnt encoder of targets in the plane, of one seed.

The fixed one is soft binning, the learnt one `end2end`; `--method pretrained_encoder` takes that instead. Both are of
the first seed at which both have finished, at its best epoch. All is in units of the target scaled to [0, 1].
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pandas import DataFrame

from regbench import catalog
from regbench.analysis import encoders, order, select
from regbench.analysis.aggregate import records
from regbench.analysis.encoders import Array
from regbench.errors import NothingMeasured, UsageError
from regbench.reports.report import Encoders, Options
from regbench.reports.shared import units
from regbench.reports.text import words

BENCHMARK = "bridges-figure2"
USUAL_K = 9  # of the paper's figures
ROLES = {"fixed": ("soft_binning", "hard_binning"), "learnt": ("end2end", "pretrained_encoder")}  # the first run
GRID = 61  # points along each side of the plane: the CSV stays below a megabyte
MARGIN = 0.08  # of the plane beyond targets and decoders
FARTHEST = 0.3  # how far beyond the targets the plane may reach to show decoders
MOST_POINTS = 1000  # targets that are drawn; more would hide each other


@dataclass(frozen=True, eq=False)
class Encoder:
    """One of the two encoders: its method and its probabilities ψ of the bins.

    of_grid: (GRID², K) over the plane, row by row. of_y: (K,). of_targets: (N, K), of all training targets.
    mu: (K, 2), where the bins decode to. own: the bin of y.
    """

    role: str
    method: str
    variant: str
    epoch: int
    parameters: encoders.Parameters
    of_grid: Array
    of_y: Array
    of_targets: Array
    mu: Array
    own: int


@dataclass(frozen=True, eq=False)
class Numbers:
    """Both encoders, the plane, and what captions and notes need.

    bins: all of them as stored, in the order in which they are numbered and shown.
    axis: (2, GRID), where the grid's lines lie.
    targets: (N, 2), of the training rows; none where the data are not here.
    """

    fixed: Encoder
    learnt: Encoder
    bins: tuple[int, ...]
    axis: Array
    y: Array
    targets: Array
    names: tuple[str, str]
    source: str
    made_up: tuple[str, ...]
    remarks: Mapping[str, tuple[str, ...]]

    def notes(self, *shown: Encoder) -> tuple[str, ...]:
        """The notes about these encoders, without repetition."""
        return tuple(dict.fromkeys([*self.made_up, *(note for one in shown for note in self.remarks[one.role])]))

    @property
    def both(self) -> tuple[Encoder, Encoder]:
        """The fixed one first."""
        return self.fixed, self.learnt

    def shows(self, point: Array) -> bool:
        """Whether a point (2,) lies in the plane."""
        return bool(((point >= self.axis[:, 0]) & (point <= self.axis[:, -1])).all())

    @property
    def points(self) -> Array:
        """The targets that are drawn, evenly thinned."""
        return self.targets[:: -(-len(self.targets) // MOST_POINTS) or 1]


def compute(given: Encoders, options: Options) -> Numbers:
    """Both encoders over the plane; y is the training target of median entropy under the fixed one."""
    if options.units != "scaled":
        raise UsageError("encoders are drawn in units of the scaled target: leave --units as it is")
    chosen = _choose(given, options)
    parameters = [given.parameters(int(row["run_id"])) for row in chosen]
    row, centres = chosen[0], encoders.decoder(parameters[0])
    found = given.targets(row["dataset"], row["digest"])
    targets = np.empty((0, 2)) if found is None else found.astype(np.float64)
    axis = _axis(*map(encoders.decoder, parameters))
    y = _typical(parameters[0], targets)
    fixed, learnt = (
        _encoder(role, cell, own, axis, y, targets) for role, cell, own in zip(ROLES, chosen, parameters, strict=True)
    )
    return Numbers(
        fixed=fixed,
        learnt=learnt,
        bins=_as_read(centres),
        axis=axis,
        y=y,
        targets=targets,
        names=_names(row["dataset"]),
        source=f"Seed {row['seed']}, the first with both, {words.source(given.cells, options).replace('B', 'b', 1)}",
        made_up=tuple(words.synthetic(given.cells, [row["dataset"]])),
        remarks=_remarks(fixed, learnt, axis, targets),
    )


def _choose(given: Encoders, options: Options) -> list[dict[str, Any]]:
    """The cells of the fixed and of the learnt run."""
    cells = select(given.cells, k=options.k, datasets=options.datasets)
    flat = cells["digest"].map(given.dimensions) == 2
    drawable = flat & ~units.is_raw(cells)  # the plane is that of scaled targets
    rows = cells[drawable & cells["run_id"].notna() & ~cells["diverged"] & cells["k"].notna()]
    if not rows.empty:
        dataset = min(set(rows["dataset"]), key=order.dataset_key)
        rows = rows[rows["dataset"] == dataset]
        rows = rows[rows["k"] == (USUAL_K if (rows["k"] == USUAL_K).any() else rows["k"].min())]
    asked = select(rows, methods=options.methods) if options.methods and len(rows) else rows
    variants = [_first(asked, methods) or _first(rows, methods) for methods in ROLES.values()]
    runs = [{row["seed"]: row for row in records(rows[rows["variant"] == name])} for name in variants]
    seeds = [seed for seed in sorted(set(runs[0]) & set(runs[1])) if _usable(given, runs[0][seed], runs[1][seed])]
    if not seeds:
        raise NothingMeasured(
            "no seed with a finished fixed and a finished learnt encoder of a target of two dimensions; "
            f"`regbench run {BENCHMARK}` trains some"
        )
    return [by_seed[seeds[0]] for by_seed in runs]


def _first(rows: DataFrame, methods: tuple[str, ...]) -> str | None:
    """The variant to show: of the first of these methods that was run its default, or the first in the table."""
    for method in methods:
        labels = list(rows.loc[rows["method"] == method, "variant"])
        if labels:
            return method if method in labels else labels[0]
    return None


def _usable(given: Encoders, *rows: dict[str, Any]) -> bool:
    """Whether the parameters of the encoders are stored; in an older database they are not."""
    return all(encoders.encodes(given.parameters(int(row["run_id"]))) for row in rows)


def _encoder(
    role: str, row: dict[str, Any], own: encoders.Parameters, axis: Array, y: Array, targets: Array
) -> Encoder:
    return Encoder(
        role=role,
        method=row["method"],
        variant=row["variant"],
        epoch=int(row["best_epoch"]),
        parameters=own,
        of_grid=encoders.psi(own, plane(axis)),
        of_y=encoders.psi(own, y[None])[0],
        of_targets=encoders.psi(own, targets) if len(targets) else np.empty((0, len(encoders.decoder(own)))),
        mu=encoders.decoder(own),
        own=int(encoders.bins(own, y[None])[0]),
    )


def _axis(*decoders: Array) -> Array:
    """The grid's lines along both dimensions, (2, GRID): over [0, 1], decoders that are not far off, and a margin."""
    every = np.concatenate(decoders)
    low = np.clip(every.min(0), -FARTHEST, 0) - MARGIN
    high = np.clip(every.max(0), 1, 1 + FARTHEST) + MARGIN
    return np.linspace(low, high, GRID, axis=1)


def plane(axis: Array) -> Array:
    """Every point of the grid, row by row: (GRID², 2)."""
    return np.stack(np.meshgrid(*axis), axis=-1).reshape(-1, 2)


def _typical(fixed: encoders.Parameters, targets: Array) -> Array:
    """The training target whose ψ has the median entropy; without targets, the middle of all centres."""
    if not len(targets):
        return encoders.decoder(fixed).mean(0)
    by_entropy = np.argsort(encoders.entropy(fixed, targets), kind="stable")
    return targets[by_entropy[len(targets) // 2]]


def _as_read(centres: Array) -> tuple[int, ...]:
    """The bins from top to bottom and from left to right, so that panels are arranged roughly as the bins are."""
    down = np.argsort(-centres[:, 1], kind="stable")
    rows = [down[start : start + across(len(down))] for start in range(0, len(down), across(len(down)))]
    return tuple(int(bin_) for row in rows for bin_ in row[np.argsort(centres[row, 0], kind="stable")])


def across(k: int) -> int:
    """The number of panels in a row, in a block of k panels that is as square as possible.

    >>> across(9), across(5)
    (3, 3)
    """
    return int(np.ceil(np.sqrt(k)))


def _names(dataset: str) -> tuple[str, str]:
    """The names of the two dimensions of the target."""
    known = catalog.entry("datasets", dataset).arguments if dataset in catalog.names("datasets") else {}
    first, second = known.get("targets") or ("first target", "second target")
    return first, second


def _remarks(fixed: Encoder, learnt: Encoder, axis: Array, targets: Array) -> dict[str, tuple[str, ...]]:
    """By role, what differs from the paper's figures and what is not shown."""
    k, inside = len(fixed.mu), ((learnt.mu >= axis[:, 0]) & (learnt.mu <= axis[:, -1])).all(1)
    outside = "" if inside.all() else f"; {k - int(inside.sum())} of {k} lie outside the plane shown"
    absent = () if len(targets) else ("without training targets, for the data are not here: `regbench data fetch`",)
    return {
        fixed.role: (
            f"the fixed encoder is no grid of 3 × 3, as the paper draws it, but {k} centres by k-means++, as it "
            "proposes where targets have more than one dimension (section 2.5) and as was trained",
            *absent,
        ),
        learnt.role: (
            f"a learnt encoder has affine logits and no centres: its marks are what its bins decode to, μ{outside}",
            *absent,
        ),
    }
