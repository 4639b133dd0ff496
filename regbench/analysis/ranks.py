"""Ranks of several methods over datasets: Friedman's test and what may follow it, or why it may not.

Friedman's test with Iman and Davenport's F, Nemenyi's critical difference, and signed-rank tests of all pairs with
Holm's correction, as in Demšar (2006), https://jmlr.org/papers/v7/demsar06a.html. The unit is the dataset: a method's
number on one is its mean over seeds.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from regbench.analysis import paired, power

FEWEST = 3  # methods


@dataclass(frozen=True)
class Ranks:
    """Mean ranks over datasets, 1 the best, and the tests that these datasets allow.

    Attributes:
        names: methods, the best mean rank first; everything below is in this order.
        datasets: those on which every method has a number.
        mean_ranks: one per method; tied methods share theirs.
        friedman_chi2: Friedman's statistic, corrected for ties; None where it is refused, like its p.
        friedman_p: by the chi-squared distribution.
        iman_davenport_p: by the F distribution, which is nearer for few datasets; it decides.
        critical_difference: of two mean ranks, by Nemenyi; None where it is refused.
        nemenyi_p: of each pair, None on the diagonal; None where it is refused.
        holm_p: exact signed-rank tests, corrected by Holm; None where it is refused.
        groups: places (first, last) of methods that Nemenyi does not tell apart, none inside another.
        refused: what is not given, with the reason.
    """

    names: tuple[str, ...]
    datasets: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    friedman_chi2: float | None
    friedman_p: float | None
    iman_davenport_p: float | None
    critical_difference: float | None
    nemenyi_p: tuple[tuple[float | None, ...], ...] | None
    holm_p: tuple[tuple[float | None, ...], ...] | None
    groups: tuple[tuple[int, int], ...]
    refused: tuple[str, ...]


def rank(losses: np.ndarray, names: tuple[str, ...], datasets: tuple[str, ...], *, level: float) -> Ranks:
    """The ranks of methods by losses (datasets, methods) on the scale of differences, lower is better."""
    ranks = np.array([paired.mean_ranks(row) for row in losses]).reshape(len(datasets), len(names))
    order = sorted(range(len(names)), key=lambda place: (ranks[:, place].mean() if len(ranks) else 0, names[place]))
    losses, ranks, names = losses[:, order], ranks[:, order], tuple(names[place] for place in order)
    means = ranks.mean(0) if len(ranks) else np.full(len(names), np.nan)
    refused: list[str] = []
    friedman = _friedman(ranks, refused)
    critical = _critical_difference(len(names), len(datasets), level, refused) if friedman else None
    return Ranks(
        names=names,
        datasets=datasets,
        mean_ranks=tuple(means.tolist()),
        friedman_chi2=friedman and friedman[0],
        friedman_p=friedman and friedman[1],
        iman_davenport_p=friedman and friedman[2],
        critical_difference=critical,
        nemenyi_p=_nemenyi(means, len(datasets)) if critical else None,
        holm_p=_holm(losses, level, refused),
        groups=_groups(means, critical) if critical else (),
        refused=tuple(refused),
    )


def _friedman(ranks: np.ndarray, refused: list[str]) -> tuple[float, float, float] | None:
    """The statistic and its p by the chi-squared and by the F distribution."""
    from scipy.special import chdtrc, fdtrc

    count, methods = ranks.shape
    if methods < FEWEST:
        refused.append(f"Friedman's test: it is for {FEWEST} or more methods, here are {methods}")
        return None
    fewest = power.datasets_for(0.95)
    if count < fewest:
        here = f"here {'is' if count == 1 else 'are'} {count}"
        refused.append(f"Friedman's test and Nemenyi's: they need {fewest} datasets that have every method, {here}")
        return None
    apart = ranks - (methods + 1) / 2
    total = float((apart**2).sum())
    if total == 0:
        return 0.0, 1.0, 1.0
    chi2 = (methods - 1) * float((apart.sum(0) ** 2).sum()) / total
    most = count * (methods - 1)
    f_p = (
        0.0
        if chi2 >= most
        else float(fdtrc(methods - 1, (methods - 1) * (count - 1), (count - 1) * chi2 / (most - chi2)))
    )
    return chi2, float(chdtrc(methods - 1, chi2)), f_p


def _error(methods: int, datasets: int) -> float:
    """The standard error of one mean rank, as Nemenyi's test has it."""
    return float(np.sqrt(methods * (methods + 1) / (12 * datasets)))


def _critical_difference(methods: int, datasets: int, level: float, refused: list[str]) -> float | None:
    from scipy.stats import studentized_range

    critical = float(studentized_range.ppf(level, methods, np.inf)) * _error(methods, datasets)
    if critical > methods - 1:
        refused.append(
            f"Nemenyi's test: with {datasets} datasets mean ranks would have to differ by {critical:.2f}, "
            f"more than the {methods - 1} that {methods} methods can"
        )
        return None
    return critical


def _nemenyi(means: np.ndarray, datasets: int) -> tuple[tuple[float | None, ...], ...]:
    from scipy.stats import studentized_range

    apart = np.abs(means[:, None] - means) / _error(len(means), datasets)
    p = studentized_range.sf(apart, len(means), np.inf)
    return _square({pair: float(p[pair]) for pair in combinations(range(len(means)), 2)}, len(means))


def _holm(losses: np.ndarray, level: float, refused: list[str]) -> tuple[tuple[float | None, ...], ...] | None:
    """Exact signed-rank tests of all pairs; refused where even the smallest p would be too large after correction."""
    datasets, methods = losses.shape
    pairs = list(combinations(range(methods), 2))
    needed = power.datasets_for(level, len(pairs))
    if datasets < needed:
        of_pairs = f"{len(pairs)} pairs" if len(pairs) > 1 else "one pair"
        here = f"here {'is' if datasets == 1 else 'are'} {datasets}"
        smallest = min(1.0, len(pairs) * paired.smallest_p(datasets))
        refused.append(
            f"Wilcoxon's tests with Holm's correction: for {of_pairs} {needed} datasets are needed, {here} "
            f"(smallest p {smallest:.2g})"
        )
        return None
    return _square(holm({pair: paired.wilcoxon(losses[:, pair[0]] - losses[:, pair[1]]) for pair in pairs}), methods)


def holm(p: dict[tuple[int, int], float]) -> dict[tuple[int, int], float]:
    """The p of each test, corrected for all of them by Holm's step-down method.

    >>> holm({(0, 1): 0.01, (0, 2): 0.04, (1, 2): 0.03})
    {(0, 1): 0.03, (1, 2): 0.06, (0, 2): 0.06}
    """
    corrected, highest = {}, 0.0
    for place, (pair, value) in enumerate(sorted(p.items(), key=lambda item: item[1])):
        highest = max(highest, min(1.0, (len(p) - place) * value))
        corrected[pair] = highest
    return corrected


def _square(p: dict[tuple[int, int], float], size: int) -> tuple[tuple[float | None, ...], ...]:
    return tuple(tuple(p.get((min(i, j), max(i, j))) for j in range(size)) for i in range(size))


def _groups(means: np.ndarray, critical: float) -> tuple[tuple[int, int], ...]:
    """Of sorted mean ranks, the longest runs that span at most the critical difference, of two or more methods."""
    found: list[tuple[int, int]] = []
    for first in range(len(means)):
        last = max(place for place in range(first, len(means)) if means[place] - means[first] <= critical)
        if last > first and (not found or last > found[-1][1]):
            found.append((first, last))
    return tuple(found)
