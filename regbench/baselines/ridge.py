"""Linear least squares with a penalty α ‖w‖² on the weights, but not on the intercept.

A model that beats it uses something that is not linear in the inputs. Solved by singular value decomposition, which
handles constant and linearly dependent columns.
"""

from collections.abc import Iterator

from regbench.baselines.baseline import Baseline, Candidate, Static, targets
from regbench.data.table import Float64

ALPHAS = (
    1e-4,
    1e-3,
    1e-2,
    1e-1,
    1.0,
    10.0,
    100.0,
)  # relative to squared errors summed over rows, with inputs in [0, 1]


def fit(x: Float64, y: Float64, _static: Static, _seed: int) -> Iterator[Candidate]:
    """A candidate for each α."""
    from sklearn.linear_model import Ridge

    for alpha in ALPHAS:
        yield Candidate({"alpha": alpha}, Ridge(alpha=alpha, solver="svd").fit(x, targets(y)).predict)


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=3e-7,
    requires="scikit-learn",
    label="ridge",
    colour="#CDB59B",
    place=3,
    reference="Hoerl, Kennard (1970), https://doi.org/10.1080/00401706.1970.10488634",
)
