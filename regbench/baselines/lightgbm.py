"""Gradient boosting by LightGBM, whose trees grow leaf by leaf."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from typing import Any

from regbench.baselines._baseline import Baseline, Candidate, Static, each_dimension, stages
from regbench.data.table import Float64

RATES = (0.05, 0.1)
LEAVES = (15, 31, 63)


def fit(x: Float64, y: Float64, static: Static, _seed: int) -> Iterator[Candidate]:
    """Candidates by learning rate, leaves a tree, and number of trees; one model per target dimension."""
    trees = int(static["trees"])
    for rate, leaves in product(RATES, LEAVES):
        models = [_grown(x, target, trees, rate, leaves) for target in y.T]
        for count in stages(trees):
            settings = {"learning_rate": rate, "leaves": leaves, "trees": count}
            first = [partial(model.predict, num_iteration=count) for model in models]
            yield Candidate(settings, each_dimension(first))


def _grown(x: Float64, target: Float64, trees: int, rate: float, leaves: int) -> Any:
    from lightgbm import LGBMRegressor  # type: ignore[attr-defined] - where it is missing, this file is taken for it

    return LGBMRegressor(
        n_estimators=trees,
        learning_rate=rate,
        num_leaves=leaves,
        deterministic=True,
        force_row_wise=True,  # else it times both ways and takes the faster, and sums in another order
        n_jobs=1,
        verbosity=-1,
        random_state=0,  # nothing is sampled but the rows that place the bins of tables above 200,000 rows
    ).fit(x, target)


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=2e-5,
    requires="lightgbm",
    static={"trees": 400},
    reference="Ke et al. (2017), https://papers.nips.cc/paper/6907",
)
