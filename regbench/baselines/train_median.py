"""The median of the training targets, in each dimension, whatever the inputs.

The constant with the lowest absolute error, as the mean has the lowest squared error; the baseline to beat in MAE.
"""

from collections.abc import Iterator

import numpy as np

from regbench.baselines.baseline import Baseline, Candidate, Static
from regbench.data.table import Float64


def fit(_x: Float64, y: Float64, _static: Static, _seed: int) -> Iterator[Candidate]:
    """A single candidate, as there is nothing to tune."""
    constant = np.median(y, axis=0)
    yield Candidate({}, lambda x: np.broadcast_to(constant, (len(x), len(constant))))


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    images=True,
    cost=1e-9,
    label="training median",
    colour="#DCCBB8",
    place=1,
    reference="Laplace (1818), Deuxième supplément à la théorie analytique des probabilités",
)
