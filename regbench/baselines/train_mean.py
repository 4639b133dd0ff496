"""The mean of the training targets, whatever the inputs.

The simplest case of least squares; a model that does not beat it has learnt nothing. Its RMSE is the standard deviation
of the targets on the training rows, and √(variance + bias²) on other rows.
"""

from collections.abc import Iterator

import numpy as np

from regbench.baselines.baseline import Baseline, Candidate, Static
from regbench.data.table import Float64


def fit(_x: Float64, y: Float64, _static: Static, _seed: int) -> Iterator[Candidate]:
    """A single candidate, as there is nothing to tune."""
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
