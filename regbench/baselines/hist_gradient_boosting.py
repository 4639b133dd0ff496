"""Gradient boosting by scikit-learn: each tree fits the errors of those before it, on inputs binned into 255 values.

A strong baseline on tables of this size.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from regbench.baselines.baseline import Baseline, Candidate, Static, each_dimension, stages
from regbench.data.table import Float64

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

RATE = 0.1  # half the rate and twice the trees improve the error by 1 % at most, in twice the time
LEAVES = (15, 31, 63)


def fit(x: Float64, y: Float64, static: Static, _seed: int) -> Iterator[Candidate]:
    """Candidates by leaves per tree and number of trees; one model per target dimension."""
    trees = int(static["trees"])
    for leaves in LEAVES:
        models = [_grown(x, target, trees, leaves) for target in y.T]
        for count in stages(trees):
            settings = {"leaves": leaves, "trees": count}
            yield Candidate(settings, each_dimension([partial(_after, model, count) for model in models]))


def _grown(x: Float64, target: Float64, trees: int, leaves: int) -> "HistGradientBoostingRegressor":
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(
        max_iter=trees,
        learning_rate=RATE,
        max_leaf_nodes=leaves,
        early_stopping=False,  # type: ignore[arg-type] - it would hold out training rows; we select the number of trees on our validation rows
        random_state=0,  # only affects the bins of tables above 200,000 rows
    ).fit(x, target)


def _after(model: "HistGradientBoostingRegressor", trees: int, x: Float64) -> Float64:
    """Predictions of the first `trees` trees: (R,)."""
    return next(islice(model.staged_predict(x), trees - 1, None))


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=3e-5,
    requires="scikit-learn",
    static={"trees": 800},
    label="gradient boosting",
    colour="#8D6D4B",
    place=6,
    reference="Friedman (2001), https://doi.org/10.1214/aos/1013203451",
)
