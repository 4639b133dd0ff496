"""What the seeds of one cell say: the mean difference with its uncertainty, and the runs that diverged."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from regbench.analysis import paired
from regbench.analysis.confidence import Confidence
from regbench.analysis.scale import Scale

SMALLEST = 1e-12  # an error below counts as this one, so that ratios exist
DETERMINISTIC = 1.0  # degrees of freedom of an error that is 0: any


@dataclass(frozen=True)
class Pairs:
    """The errors of one cell before and after a change, on the same seeds; NaN where a run diverged.

    before, after: (N,), one number per seed.
    seeded: whether the seed matters; if not, one pair says everything.
    """

    before: np.ndarray
    after: np.ndarray
    seeded: bool = True

    def __add__(self, more: "Pairs") -> "Pairs":
        """These seeds and others."""
        joined = [np.concatenate(both) for both in ((self.before, more.before), (self.after, more.after))]
        return Pairs(joined[0], joined[1], self.seeded)


@dataclass(frozen=True)
class Evidence:
    """The difference of a cell; positive is worse.

    seeds: the number of pairs in which both runs are finite.
    same: whether all numbers are equal bit for bit, diverged ones included.
    difference: of the mean over seeds; None where it cannot be estimated, as from one seed.
    lost, gained: the number of runs that diverge only after the change, and only before it.
    p_lost: the probability of at least so many, if the change has nothing to do with it.
    """

    seeds: int
    same: bool
    difference: Confidence | None
    lost: int = 0
    gained: int = 0
    p_lost: float = 1.0

    @classmethod
    def of(cls, pairs: Pairs, scale: Scale, rate: float = 0.0) -> "Evidence":
        """The evidence of a cell; `rate` is the usual share of runs that diverge, see `divergence_rate`."""
        before, after = np.isfinite(pairs.before), np.isfinite(pairs.after)
        both, lost = before & after, int((before & ~after).sum())
        differences = apart(pairs.after[both], pairs.before[both], scale)
        return cls(
            seeds=int(both.sum()),
            same=bool(np.array_equal(pairs.before, pairs.after, equal_nan=True)),
            difference=_mean(differences, seeded=pairs.seeded),
            lost=lost,
            gained=int((~before & after).sum()),
            p_lost=_at_least(lost, int(before.sum()), rate),
        )

    @property
    def p(self) -> float:
        """One-sided p of "not worse"; 1 where nothing can be said. With diverged runs, twice the smaller of two."""
        p = 1.0 if self.difference is None else self.difference.below(0.0)
        return min(1.0, 2 * min(p, self.p_lost)) if self.lost else p

    def within(self, margin: float, level: float) -> bool:
        """Whether the cell is worse by less than a margin, with confidence `level`."""
        if self.lost or self.difference is None:
            return not self.lost and not self.seeds and self.gained > 0  # every run diverged, and none does now
        return self.difference.below(margin) >= level


def apart(one: np.ndarray, other: np.ndarray, scale: Scale) -> np.ndarray:
    """How much worse each of `one` is than its partner (N,); exactly 0 where they are equal."""
    if not len(one):
        return np.zeros(0)
    pairs = np.stack([one, other], axis=1)
    if scale.about.is_error:
        pairs = np.maximum(pairs, SMALLEST)
    return np.where(one == other, 0.0, scale.apart(pairs))


def divergence_rate(before: Iterable[np.ndarray]) -> float:
    """The share of diverged runs before the change, over all cells; pulled towards a half as by one run of each sort.

    >>> divergence_rate([np.array([0.1, np.nan]), np.array([0.1, 0.2, 0.3, 0.4])])
    0.25
    """
    diverged = np.concatenate([~np.isfinite(values) for values in before])
    return float((diverged.sum() + 1) / (len(diverged) + 2))


def _mean(differences: np.ndarray, *, seeded: bool) -> Confidence | None:
    if not seeded and len(differences):
        return Confidence(float(differences[0]), 0.0, DETERMINISTIC)
    return paired.of_seeds([differences]) if len(differences) else None


def _at_least(lost: int, runs: int, rate: float) -> float:
    """The probability that at least `lost` of the runs diverge."""
    from scipy.special import bdtrc

    return float(bdtrc(lost - 1, runs, rate)) if lost else 1.0
