"""The mean target of the nearest training rows, unweighted or weighted by 1 / distance.

It memorises the training rows; where it does well, test rows have close neighbours among them.
"""

from collections.abc import Iterator
from itertools import product

from regbench.baselines.baseline import Baseline, Candidate, Static, targets
from regbench.data.table import Float64

NEIGHBOURS = (1, 3, 5, 10, 20, 40)
WEIGHTS = ("uniform", "distance")  # the stored setting is the index in this tuple


def fit(x: Float64, y: Float64, _static: Static, _seed: int) -> Iterator[Candidate]:
    """Candidates for each number of neighbours up to the number of rows, unweighted and weighted by 1 / distance."""
    from sklearn.neighbors import KNeighborsRegressor

    for neighbours, weighted in product(NEIGHBOURS, range(len(WEIGHTS))):
        if neighbours <= len(x):
            model = KNeighborsRegressor(neighbours, weights=WEIGHTS[weighted], n_jobs=1).fit(x, targets(y))
            yield Candidate({"neighbours": neighbours, "weighted": weighted}, model.predict)


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=3e-6,
    requires="scikit-learn",
    label="nearest neighbours",
    colour="#BC9D7D",
    place=4,
    reference="Cover, Hart (1967), https://doi.org/10.1109/TIT.1967.1053964",
)
