"""The mean of many trees, each grown on its own bootstrap sample and on a third of the inputs at each split.

Averaging removes the variance of single trees, so there is little to tune.
"""

from collections.abc import Iterator

from regbench.baselines.baseline import Baseline, Candidate, Static, targets
from regbench.data.table import Float64

FRACTION = 1 / 3  # of the inputs considered at each split, as in R's randomForest for regression
LEAVES = (1, 5)  # minimum rows per leaf: fully grown, and slightly smaller trees


def fit(x: Float64, y: Float64, static: Static, seed: int) -> Iterator[Candidate]:
    """A candidate for each minimum leaf size."""
    from sklearn.ensemble import RandomForestRegressor

    for leaf in LEAVES:
        forest = RandomForestRegressor(
            int(static["trees"]), max_features=FRACTION, min_samples_leaf=leaf, n_jobs=1, random_state=seed
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
    place=5,
    reference="Breiman (2001), https://doi.org/10.1023/A:1010933404324",
)
