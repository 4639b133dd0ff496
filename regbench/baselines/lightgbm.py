"""Gradient boosting by LightGBM, whose trees grow leaf by leaf."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from regbench.baselines.baseline import Baseline, Candidate, Static, each_dimension, stages
from regbench.data.table import Float64

RATE = 0.1  # half the rate and twice the trees improve the error by 1 % at most, in twice the time
LEAVES = (15, 31, 63)


def fit(x: Float64, y: Float64, static: Static, _seed: int) -> Iterator[Candidate]:
    """Candidates by leaves per tree and number of trees; one model per target dimension."""
    trees = int(static["trees"])
    for leaves in LEAVES:
        models = [_grown(x, target, trees, leaves) for target in y.T]
        for count in stages(trees):
            settings = {"leaves": leaves, "trees": count}
            first = [partial(model.predict, num_iteration=count) for model in models]
            yield Candidate(settings, each_dimension(first))


def _grown(x: Float64, target: Float64, trees: int, leaves: int) -> Any:
    from lightgbm import LGBMRegressor  # type: ignore[attr-defined] - if it is not installed, pyright resolves this file

    return LGBMRegressor(
        n_estimators=trees,
        learning_rate=RATE,
        num_leaves=leaves,
        deterministic=True,
        force_row_wise=True,  # otherwise it times two algorithms and uses the faster one, which sums in another order
        n_jobs=1,
        verbosity=-1,
        random_state=0,  # only affects the bins of tables above 200,000 rows
    ).fit(x, target)


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=3e-5,
    requires="lightgbm",
    static={"trees": 800},
    label="LightGBM",
    colour="#594129",
    place=8,
    reference="Ke et al. (2017), https://papers.nips.cc/paper/6907",
)
