"""How far a difference would move if other test rows had been drawn, from kept predictions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from regbench import metrics
from regbench.analysis.paired import Part
from regbench.analysis.scale import Scale

DRAWS = 500
AGREES = 1e-3  # relative difference of the recorded error and that of the kept float32 predictions
FEWEST_ROWS = 10
MEANS = {"rmse": np.square, "mae": np.abs}  # the metrics that are a mean over rows, but for a root


class Rows(NamedTuple):
    """Test predictions and targets (N, M) of one run, in the units of its protocol."""

    predicted: NDArray[np.float32]
    y: NDArray[np.float32]


class Kept(Protocol):
    """Gives what was kept of a job: a row of the frame of cells -> its test rows; None if nothing was kept."""

    def __call__(self, job: Mapping[str, Any], /) -> Rows | None: ...


def can_resample(about: metrics.About) -> bool:
    """Whether the metric is a mean over all test rows, but for a root."""
    return about.name in MEANS


def variance(pairs: Sequence[tuple[Rows, Rows]], errors: np.ndarray, measure: Scale) -> Part | None:
    """The variance of the mean difference over seeds that comes from the draw of test rows.

    Rows are resampled for all runs at once, because all were tested on the same ones. What seeds and rows do together
    is part of the seeds' own variance already, and is taken off.

    Args:
        pairs: of each seed the rows of A and of B.
        errors: the recorded values (seeds, 2).
        measure: the scale of the differences.

    Returns:
        The variance and its degrees of freedom; None for other rows in one run than in another, for too few rows, and
        for predictions that do not give the recorded values.
    """
    runs = [rows for pair in pairs for rows in pair]
    y = runs[0].y
    alike = all(run.y.shape == y.shape == run.predicted.shape and np.array_equal(run.y, y) for run in runs)
    if not alike or len(y) < FEWEST_ROWS or not can_resample(measure.about):
        return None
    predicted = np.stack([run.predicted for run in runs]).astype(np.float64)  # (2 S, N, M)
    generator = np.random.Generator(np.random.PCG64(0))
    counts = generator.multinomial(len(y), np.full(len(y), 1 / len(y)), size=DRAWS)
    found = _resampled(measure.about.name, predicted, y.astype(np.float64), np.vstack([np.ones(len(y), int), counts]))
    found = found.reshape(-1, len(pairs), 2)
    if not np.allclose(found[0], errors, rtol=AGREES):
        return None
    apart = np.stack([measure.apart(drawn) for drawn in found[1:]])  # (draws, seeds)
    if not np.isfinite(apart).all():
        return None
    own = float(np.var(apart.mean(1), ddof=1))
    if len(pairs) > 1:
        own -= float(np.var(apart - apart.mean(1, keepdims=True), axis=0, ddof=1).sum()) / (
            len(pairs) * (len(pairs) - 1)
        )
    return max(0.0, own), len(y) - 1.0


def _resampled(name: str, predicted: np.ndarray, y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The metric of each run (2 S) on each draw, whose rows are given by how often each is drawn: (draws, 2 S)."""
    losses = MEANS[name](predicted - y).mean(2)
    means = counts @ losses.T / len(y)
    return np.sqrt(means) if name == "rmse" else means
