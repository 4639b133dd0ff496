"""Gradient boosting by XGBoost, on histograms of the inputs."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from regbench.baselines.baseline import Baseline, Candidate, Static, each_dimension, stages
from regbench.data.table import Float64

RATE = 0.1  # half the rate and twice the trees improve the error by 1 % at most, in twice the time
DEPTHS = (4, 6, 8)


def fit(x: Float64, y: Float64, static: Static, _seed: int) -> Iterator[Candidate]:
    """Candidates by depth of trees and number of trees; one model per target dimension."""
    trees = int(static["trees"])
    for depth in DEPTHS:
        models = [_grown(x, target, trees, depth) for target in y.T]
        for count in stages(trees):
            settings = {"depth": depth, "trees": count}
            first = [partial(model.predict, iteration_range=(0, count)) for model in models]
            yield Candidate(settings, each_dimension(first))


def _grown(x: Float64, target: Float64, trees: int, depth: int) -> Any:
    from xgboost import XGBRegressor  # type: ignore[attr-defined] - if it is not installed, pyright resolves this file

    return XGBRegressor(
        n_estimators=trees,
        learning_rate=RATE,
        max_depth=depth,
        tree_method="hist",
        n_jobs=1,
        verbosity=0,
        random_state=0,  # nothing is sampled
    ).fit(x, target)


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=3e-5,
    requires="xgboost",
    static={"trees": 800},
    label="XGBoost",
    colour="#735639",
    place=7,
    reference="Chen, Guestrin (2016), https://doi.org/10.1145/2939672.2939785",
)
