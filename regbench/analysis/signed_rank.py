"""The Bayesian signed-rank test: over datasets like these, is A mostly better, mostly equal, or mostly worse?

Which of the three has the largest share of pairs of datasets, under a Dirichlet process with a prior weight of one half
on no difference: Benavoli et al. (2014), https://proceedings.mlr.press/v32/benavoli14.html. It asks for ranks and not
for the mean, so that one dataset with a large difference does not decide; it does not see seeds, only datasets' means.
"""

from dataclasses import dataclass

import numpy as np

DRAWS = 20_000
PRIOR = 0.5  # weight of the difference that is assumed beforehand, 0, relative to one dataset
BLOCK = 1 << 20  # numbers at a time


@dataclass(frozen=True)
class Shares:
    """The probabilities that A is better than B by more than the margin, within it, and worse by more."""

    better: float
    equal: float
    worse: float


def signed_rank(differences: np.ndarray, margin: float, *, draws: int = DRAWS) -> Shares:
    """The posterior of datasets' mean differences (N,), negative where A is better; the draws are the same each time.

    A pair of datasets counts by the mean of its two differences; one on the margin counts half on either side.
    """
    values = np.concatenate([[0.0], differences])
    pairs = (values[:, None] + values[None, :]) / 2
    better, worse = (np.heaviside(sign * pairs - margin, 0.5) for sign in (-1, 1))
    generator = np.random.Generator(np.random.PCG64(0))
    alpha = np.concatenate([[PRIOR], np.ones(len(differences))])
    won = np.zeros(3)
    left = draws
    while left:
        count = min(left, max(1, BLOCK // len(values)))
        weights = generator.dirichlet(alpha, count)
        shares = [((weights @ kind) * weights).sum(1) for kind in (better, worse)]
        found = np.stack([shares[0], 1 - shares[0] - shares[1], shares[1]], axis=1)
        best = found >= found.max(1, keepdims=True) - 1e-12  # shared by what is equal, so that swapping mirrors
        won += (best / best.sum(1, keepdims=True)).sum(0)
        left -= count
    return Shares(*(won / draws).tolist())
