"""The several θs of one run: how far each is from its last direction, and whether all move alike.

An increment is the difference of one θ between an epoch and the next one kept; where an epoch is a step, it is the
step's update.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from regbench.analysis import directions
from regbench.errors import NothingMeasured
from regbench.reports.tightness.runs import PLAIN, Array, Run

COLOURS = ("#0072B2", "#D55E00", "#009E73")
MARKERS = "o^s"
MANY = 2  # heads at least


@dataclass(frozen=True, eq=False)
class Heads:
    """The heads of one run.

    weights: (E, m, H), at each epoch kept. increments: (E - 1, m, H). axes: (m, H), the first principal direction of
    each head's increments, and its share of their variance (m,).
    """

    run: Run
    epochs: Array
    weights: Array
    increments: Array
    axes: Array
    shares: Array

    @classmethod
    def of(cls, run: Run) -> "Heads":
        """The heads of a run with an output for each."""
        weights = np.stack(list(run.several("weight").values()))
        steps = np.diff(weights, axis=0)
        found = [directions.principal(steps[:, head]) for head in range(weights.shape[1])]
        return cls(
            run,
            np.array(run.epochs, dtype=float),
            weights,
            steps,
            np.stack([axes[0] for axes, _ in found]),
            np.array([shares[0] for _, shares in found]),
        )

    def to_last(self) -> Array:
        """The cosine distance of each θ to the last one: (E, m)."""
        return directions.cosine_distance(self.weights, self.weights[-1])

    def pairs(self) -> pd.DataFrame:
        """A row per pair of heads: the distances of the lines of their increments, and between θs first and last."""
        rows = [
            {
                "first": a + 1,
                "second": b + 1,
                "increments": float(directions.line_distance(self.axes[a], self.axes[b])),
                "theta_first": float(directions.cosine_distance(self.weights[0, a], self.weights[0, b])),
                "theta_last": float(directions.cosine_distance(self.weights[-1, a], self.weights[-1, b])),
            }
            for a, b in combinations(range(self.weights.shape[1]), 2)
        ]
        return pd.DataFrame(rows, columns=["first", "second", "increments", "theta_first", "theta_last"])

    def each(self) -> pd.DataFrame:
        """A row per head: how far it turned at most, the share of its increments' variance along their line."""
        far = self.to_last().max(0)
        return pd.DataFrame({"head": range(1, len(far) + 1), "furthest": far, "share": self.shares})

    def long(self) -> pd.DataFrame:
        """Every increment: a row per head and epoch."""
        count, heads, width = self.increments.shape
        data = {"epoch": np.repeat(self.epochs[1:], heads).astype(int), "head": np.tile(range(1, heads + 1), count)}
        flat = self.increments.reshape(-1, width)
        return pd.DataFrame({**data, **{f"change_{axis + 1}": flat[:, axis] for axis in range(width)}})


def several(found: list[Run]) -> Run:
    """The run of least squares with several targets, each of one dimension, and the fewest parts besides."""
    for run in found:
        one = all(arrays["targets"].shape[1] == 1 for arrays in run.kept.values() if "targets" in arrays)
        if run.method == PLAIN and one and all(len(arrays["weight"]) >= MANY for arrays in run.kept.values()):
            return run
    raise NothingMeasured("no run of least squares with several targets (lsq+multi_target[m=3]) kept its weights")


def colour(head: int) -> str:
    """The colour of a head."""
    return COLOURS[head % len(COLOURS)]
