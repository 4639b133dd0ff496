"""Gradient boosting by XGBoost, on histograms of the inputs."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

from regbench.baselines._baseline import Baseline, Candidate, Static, each_dimension, stages
from regbench.data.table import Float64

RATES = (0.05, 0.1)
DEPTHS = (4, 6, 8)


def fit(x: Float64, y: Float64, static: Static, _seed: int) -> Iterator[Candidate]:
    """Candidates by learning rate, depth of trees, and number of trees; one model per target dimension."""
    trees = int(static["trees"])
    for rate, depth in product(RATES, DEPTHS):
        models = [_grown(x, target, trees, rate, depth) for target in y.T]
        for count in stages(trees):
            settings = {"learning_rate": rate, "depth": depth, "trees": count}
            first = [partial(model.predict, iteration_range=(0, count)) for model in models]
            yield Candidate(settings, each_dimension(first))


def _grown(x: Float64, target: Float64, trees: int, rate: float, depth: int) -> Any:
    from xgboost import XGBRegressor  # type: ignore[attr-defined] - where it is missing, this file is taken for it

    return XGBRegressor(
        n_estimators=trees,
        learning_rate=rate,
        max_depth=depth,
        tree_method="hist",
        n_jobs=1,
        verbosity=0,
        random_state=0,  # nothing is sampled
    ).fit(x, target)


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=2e-5,
    requires="xgboost",
    static={"trees": 400},
    reference="Chen, Guestrin (2016), https://doi.org/10.1145/2939672.2939785",
)
