"""Gradient boosting by CatBoost, with one split per tree level and random row orders."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from regbench.baselines.baseline import Baseline, Candidate, Static, each_dimension, stages
from regbench.data.table import Float64

RATE = 0.1
DEPTHS = (6, 8)


def fit(x: Float64, y: Float64, static: Static, seed: int) -> Iterator[Candidate]:
    """Candidates by depth of trees and number of trees; one model per target dimension."""
    trees = int(static["trees"])
    for depth in DEPTHS:
        models = [_grown(x, target, trees, depth, seed) for target in y.T]
        for count in stages(trees):
            first = [partial(model.predict, ntree_end=count) for model in models]
            yield Candidate({"depth": depth, "trees": count}, each_dimension(first))


def _grown(x: Float64, target: Float64, trees: int, depth: int, seed: int) -> Any:
    from catboost import CatBoostRegressor  # type: ignore[attr-defined] - if it is not installed, pyright resolves this file

    return CatBoostRegressor(
        iterations=trees,
        learning_rate=RATE,
        depth=depth,
        thread_count=1,
        verbose=False,
        allow_writing_files=False,
        random_seed=seed,
    ).fit(x, target)


BASELINE = Baseline(
    fit=fit,
    deterministic=False,
    cost=3e-5,
    requires="catboost",
    static={"trees": 400},
    label="CatBoost",
    colour="#3F2D1B",
    place=9,
    reference="Prokhorenkova et al. (2018), https://arxiv.org/abs/1706.09516",
)
