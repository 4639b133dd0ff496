"""Ordinary least squares: the linear function of the inputs with the smallest squared error on the training rows.

Where several fit equally well, as with more columns than rows, it is the one of the smallest weights. It solves a task
that is linear without noise, such as coordinate prediction, exactly: a network's error there is all its own.
"""

from collections.abc import Iterator

import numpy as np

from regbench.baselines.baseline import Baseline, Candidate, Static
from regbench.data.table import Float64


def fit(x: Float64, y: Float64, _static: Static, _seed: int) -> Iterator[Candidate]:
    """The one candidate, by singular value decomposition of the centred inputs."""
    x_mean, y_mean = x.mean(0), y.mean(0)
    weights, *_ = np.linalg.lstsq(x - x_mean, y - y_mean, rcond=1e-6)  # of inputs in single precision
    yield Candidate({}, lambda rows: (rows - x_mean) @ weights + y_mean)


BASELINE = Baseline(
    fit=fit,
    deterministic=True,
    cost=1e-7,
    label="OLS",
    colour="#B0A08A",
    place=2,
    reference="Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes",
)
