"""Looking at the data several times while seeds are added, without more false verdicts than stated.

Group-sequential: a number of looks is planned, and each may spend a part of the rate of false verdicts, by the share of
the planned pairs that it sees (Lan, DeMets (1983), https://doi.org/10.1093/biomet/70.3.659). The intervals of all looks
then hold the truth at once, whenever one stops (repeated confidence intervals: Jennison, Turnbull (1989),
https://doi.org/10.1111/j.2517-6161.1989.tb01433.x).
"""

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from regbench.analysis.verdict import ENOUGH_DATASETS

LOOKS = 5  # planned
SPENDING = "O'Brien-Fleming-like"
SHARE = 0.9  # of what is left of the rate, that a plan spends; the rest is for plans after it
OF_FEW = 0.75  # of the rate, where seeds alone are noise: see `spendable`
LEAST = 1e-8  # rate of one look: a smaller one has no interval in double precision, and adds nothing to the whole
NODES = 256  # of an integral over the continuation region
PRECISION = 1e-9  # of a boundary


@dataclass(frozen=True)
class Looks:
    """The looks of a plan that were made, by the share of the planned pairs that each of them saw.

    planned: how many there are to be.
    share: the part of the rate of false verdicts that the plan spends.
    """

    fractions: tuple[float, ...]
    planned: int = LOOKS
    share: float = 1.0

    def rate(self, alpha: float) -> float:
        """The two-sided rate of the last look, with which all looks together have at most `alpha`."""
        return max(LEAST, _rates(self.fractions, self.share * alpha)[-1])

    def at_end(self) -> "Looks":
        """The same plan after its last look, if those to come are at equal distances."""
        left = self.planned - len(self.fractions)
        last = self.fractions[-1] if self.fractions else 0.0
        ahead = [last + (1 - last) * (number + 1) / left for number in range(left)]
        return replace(self, fractions=(*self.fractions, *ahead))


def spendable(datasets: int) -> float:
    """The part of the rate of false verdicts that the looks at so many datasets may spend by their boundaries.

    With few, the spread of their seeds is the noise. Where it seems small by chance, few seeds are added, and it
    goes on to seem small; by simulation that makes false verdicts up to 1.4 times as frequent.
    """
    return 1.0 if datasets >= ENOUGH_DATASETS else OF_FEW


def spent(fraction: float, alpha: float) -> float:
    """The part of `alpha` that may be spent until a share of the planned pairs was seen: little early, all at the end.

    Each side spends 2 - 2 Φ(z / √fraction), z such that it is `alpha` / 2 at the end.

    >>> [round(spent(fraction, 0.05), 5) for fraction in (0.3, 0.5, 1.0)]
    [9e-05, 0.00305, 0.05]
    """
    from scipy.special import ndtr, ndtri

    return float(4 * ndtr(ndtri(alpha / 4) / np.sqrt(fraction)))


@cache
def _rates(fractions: tuple[float, ...], alpha: float) -> tuple[float, ...]:
    """The two-sided rate of each look, for a normal statistic with independent increments (Armitage et al. (1969)).

    Statistics that are more alike than that from look to look, as means over the same datasets are, reject less often.
    """
    from scipy.special import ndtr

    rates: list[float] = []
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    points, mass = np.zeros(1), np.ones(1)  # of the sum of increments, where no earlier look has stopped
    before, used = 0.0, 0.0
    for fraction in fractions:
        step, now = np.sqrt(fraction - before), max(spent(fraction, alpha), used)
        edge = _edge(points, mass, step, now - used)
        rates.append(float(2 * ndtr(-edge / np.sqrt(fraction))))
        new = edge * nodes
        density = np.exp(-0.5 * ((new[:, None] - points[None, :]) / step) ** 2) / (np.sqrt(2 * np.pi) * step)
        points, mass = new, edge * weights * (density @ mass)
        before, used = fraction, now
    return tuple(rates)


def _edge(points: np.ndarray, mass: np.ndarray, step: float, rate: float) -> float:
    """The edge that a sum with these points and masses, after a normal step, leaves with probability `rate`."""
    from scipy.special import ndtr

    low, high = 0.0, float(np.abs(points).max()) + 40 * step
    while high - low > PRECISION:
        middle = (low + high) / 2
        left = float((ndtr((-middle - points) / step) + ndtr((points - middle) / step)) @ mass)
        low, high = (middle, high) if left > rate else (low, middle)
    return high
