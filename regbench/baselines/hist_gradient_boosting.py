"""Trees that each mend what those before them got wrong, grown on inputs in 255 bins; scikit-learn's.

On tables of this size the model to beat.
"""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from regbench.baselines._baseline import Baseline, Candidate, Static, each_dimension, stages
from regbench.data.table import Float64

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

RATE = 0.1  # half of it and twice the trees gain a hundredth at most, for twice the time
LEAVES = (15, 31, 63)


def fit(x: Float64, y: Float64, static: Static, _seed: int) -> Iterator[Candidate]:
    """Candidates by leaves a tree and number of trees; one model per target dimension."""
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
        early_stopping=False,  # type: ignore[arg-type] - it would take rows from training; trees are chosen on ours
        random_state=0,  # places the bins of tables above 200,000 rows, and nothing else
    ).fit(x, target)


def _after(model: "HistGradientBoostingRegressor", trees: int, x: Float64) -> Float64:
    """What the first so many trees predict: (R,)."""
    return next(islice(model.staged_predict(x), trees - 1, None))


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=3e-5,
    requires="scikit-learn",
    static={"trees": 800},
    label="gradient boosting",
    colour="#8D6D4B",
    place=5,
    reference="Friedman (2001), https://doi.org/10.1214/aos/1013203451",
)
