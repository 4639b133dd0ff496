"""What a file in `baselines/` defines, and how one of its models is chosen: by validation error alone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from regbench.data.table import Float64

Static = Mapping[str, int | str | bool]
Predict = Callable[[Float64], Float64]


class Candidate(NamedTuple):
    """A fitted model, and what tells it from the others of its grid."""

    settings: Mapping[str, float]
    predict: Predict  # inputs (R, D) -> (R, M)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """A model that is not trained by us.

    fit: (x (N, D), y (N, M), static, seed) -> candidates, one for each point of a small grid; it sees training rows
        alone. All in float64, x in [0, 1] or, of images, standardised (N, C, H, W).
    deterministic: whether the seed makes no difference; such a baseline is run once.
    cost: seconds on one core for each training row and input, the whole grid together; a guess for plans, which holds
        until the store has seen it run.
    images: whether it can make something of pictures.
    requires: the distribution it is made of, whose version is part of what made a number.
    static: what a benchmark may set.
    label, colour (#RRGGBB): how figures show it; without them, its name and a colour that follows from the name.
    place: where it stands among reference models, from the least that a model must do to the most that is done without
        a network; without one, behind them.
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
    """The candidate of lowest RMSE over validation rows and target dimensions; the first on ties."""
    best, lowest = None, np.inf
    for each in candidates:  # one at a time, for a forest is large
        error = float(np.sqrt(np.mean((predictions(each, x_val) - y_val) ** 2)))
        if best is None or error < lowest:
            best, lowest = each, error if np.isfinite(error) else np.inf
    assert best is not None, "a baseline has at least one candidate"
    return best


def predictions(candidate: Candidate, x: Float64) -> Float64:
    """Predictions (R, M) for inputs (R, D), whatever shape and precision a library gives."""
    return np.array(candidate.predict(x), dtype=np.float64).reshape(len(x), -1)


def targets(y: Float64) -> Float64:
    """Targets as scikit-learn wants them: (N,) where there is one dimension, else (N, M)."""
    return y[:, 0] if y.shape[1] == 1 else y


def each_dimension(models: Sequence[Predict]) -> Predict:
    """One model per target dimension as one: (R, D) -> (R, M)."""
    return lambda x: np.stack([predict(x) for predict in models], axis=1)


def stages(trees: int) -> Iterator[int]:
    """How many of its trees a boosted model is tried with: a sixteenth of them, an eighth, ... all.

    >>> list(stages(400))
    [25, 50, 100, 200, 400]
    """
    return (max(1, trees >> shift) for shift in (4, 3, 2, 1, 0))
