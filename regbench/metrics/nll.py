"""Negative log-likelihood of the targets under the predicted density, in nats.

-log f(y) for all target dimensions together; negative if the density is above 1. Only distributions with a density have
it.
"""

import math

from torch import Tensor

from regbench.types import Metric


def of_gaussian(mean_BM: Tensor, variance_BM: Tensor, y_BM: Tensor) -> Tensor:
    """NLL (B,) of Gaussians: ½ Σ_m [log 2πv + (y - mean)² / v]."""
    return 0.5 * ((2 * math.pi * variance_BM).log() + (y_BM - mean_BM).square() / variance_BM).sum(-1)


METRIC = Metric(
    label="NLL",
    symbol="NLL",
    better="low",
    unit="nats",
    needs="distribution",
    reference="Good (1952), Rational decisions, https://doi.org/10.1111/j.2517-6161.1952.tb00104.x",
)
