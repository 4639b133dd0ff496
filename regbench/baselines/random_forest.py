"""The mean of many trees, each grown on its own bootstrap sample and on a third of the inputs at each split.

Averaging takes away the variance of single trees, so that there is little to tune.
"""

from collections.abc import Iterator

from regbench.baselines._baseline import Baseline, Candidate, Static, targets
from regbench.data.table import Float64

SHARE = 1 / 3  # of the inputs that a split may look at, R's randomForest has the same for regression
LEAVES = (1, 5)  # the fewest rows of a leaf: grown fully, and a little less


def fit(x: Float64, y: Float64, static: Static, seed: int) -> Iterator[Candidate]:
    """A candidate for each size of leaves."""
    from sklearn.ensemble import RandomForestRegressor

    for leaf in LEAVES:
        forest = RandomForestRegressor(
            int(static["trees"]), max_features=SHARE, min_samples_leaf=leaf, n_jobs=1, random_state=seed
        )
        yield Candidate({"leaf": leaf}, forest.fit(x, targets(y)).predict)


BASELINE = Baseline(
    fit=fit,
    deterministic=False,
    cost=3e-5,
    requires="scikit-learn",
    static={"trees": 100},
    label="random forest",
    colour="#A88662",
    place=4,
    reference="Breiman (2001), https://doi.org/10.1023/A:1010933404324",
)
