"""What a file in `baselines/` defines, and how one of its models is selected: by validation error alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from regbench.data.table import Float64

Static = Mapping[str, int | str | bool]
Predict = Callable[[Float64], Float64]


class Candidate(NamedTuple):
    """A fitted model, and its settings within the grid."""

    settings: Mapping[str, float]
    predict: Predict  # inputs (R, D) -> (R, M)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A model fitted by another library.

    fit: (x (N, D), y (N, M), static, seed) -> candidates, one for each point of a small grid; it receives training
        rows only. All in float64, x in [0, 1], or for images standardised (N, C, H, W).
    deterministic: whether the seed makes no difference; such a baseline is run once.
    cost: seconds on one core per training row and input, for the whole grid; an estimate for plans, used until the
        store has measured a run.
    images: whether it accepts images.
    requires: the distribution (Python package) it needs; its version is part of a result's code digest.
    static: settings that a benchmark may change.
    label, colour (#RRGGBB): how figures show it; by default its name, and a colour derived from the name.
    place: its position among reference models, from the simplest to the strongest; by default at the end.
    """

    fit: Callable[[Float64, Float64, Static, int], Iterable[Candidate]]
    deterministic: bool
    cost: float
    reference: str
    images: bool = False
    requires: str = ""
    static: Static = field(default_factory=dict)
    label: str = ""
    colour: str = ""
    place: int | None = None


def choose(candidates: Iterable[Candidate], x_val: Float64, y_val: Float64) -> Candidate:
    """The candidate with the lowest RMSE over validation rows and target dimensions; the first on ties."""
    best, lowest = None, np.inf
    for candidate in candidates:  # one at a time, because a forest needs much memory
        error = float(np.sqrt(np.mean((predictions(candidate, x_val) - y_val) ** 2)))
        if best is None or error < lowest:
            best, lowest = candidate, error if np.isfinite(error) else np.inf
    assert best is not None, "a baseline has at least one candidate"
    return best


def predictions(candidate: Candidate, x: Float64) -> Float64:
    """Predictions (R, M) for inputs (R, D), float64, whatever shape and precision the library returns."""
    return np.array(candidate.predict(x), dtype=np.float64).reshape(len(x), -1)


def targets(y: Float64) -> Float64:
    """Targets as scikit-learn expects them: (N,) for one dimension, else (N, M)."""
    return y[:, 0] if y.shape[1] == 1 else y


def each_dimension(models: Sequence[Predict]) -> Predict:
    """Combine one model per target dimension: (R, D) -> (R, M)."""
    return lambda x: np.stack([predict(x) for predict in models], axis=1)


def stages(trees: int) -> Iterator[int]:
    """Numbers of trees to try for a boosted model: a sixteenth of all trees, an eighth, ... all.

    >>> list(stages(400))
    [25, 50, 100, 200, 400]
    """
    return (max(1, trees >> shift) for shift in (4, 3, 2, 1, 0))
