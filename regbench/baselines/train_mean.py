"""The mean of the training targets, whatever the inputs.

The simplest case of least squares, and what a model must beat to have learnt anything: its RMSE is the standard
deviation of the targets and, on other rows than it was fitted on, √(variance + bias²).
"""

from collections.abc import Iterator

import numpy as np

from regbench.baselines._baseline import Baseline, Candidate, Static
from regbench.data.table import Float64


def fit(_x: Float64, y: Float64, _static: Static, _seed: int) -> Iterator[Candidate]:
    """One candidate, for there is nothing to choose."""
    constant = y.mean(0)
    yield Candidate({}, lambda x: np.broadcast_to(constant, (len(x), len(constant))))


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    images=True,
    cost=1e-9,
    label="training mean",
    colour="#EADFD3",
    place=0,
    reference="Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes",
)
