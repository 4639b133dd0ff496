"""Statistics of paired differences, seeds nested in datasets: the spread of seeds, of datasets, and exact tests.

Everything is on the scale of `scale.Scale.apart`, where swapping the two methods only changes the sign: for errors one
array per dataset of log(error of A / error of B), one number per seed.
"""

from collections.abc import Sequence
from math import comb

import numpy as np

from regbench.analysis.confidence import Confidence, of_sample, of_sum

Part = tuple[float, float]  # a variance and its degrees of freedom


def of_seeds(
    logs: Sequence[np.ndarray], *, rows: Sequence[Part | None] = (), overlap: Sequence[float] = ()
) -> Confidence | None:
    """The mean over exactly these datasets, if all were trained again with other seeds.

    Student's t with Welch and Satterthwaite's degrees of freedom; with one dataset, the paired t interval. None where a
    dataset has a single seed, which has no spread.

    rows: of each dataset the variance of its mean if other test rows were drawn, where that is known.
    overlap: of each dataset test rows / training rows where every seed draws its own split, else 0: the training rows
        of two splits overlap, so their errors are alike, and the variance of a mean of n is that of one times
        1 / n + overlap (Nadeau, Bengio (2003), https://doi.org/10.1023/A:1024068626366).
    """
    if any(len(log) < 2 for log in logs):
        return None
    shared = overlap or [0.0] * len(logs)
    parts: list[Part] = [
        (float(log.var(ddof=1)) * (1 / len(log) + alike), len(log) - 1.0)
        for log, alike in zip(logs, shared, strict=True)
    ]
    parts += [part for part in rows if part is not None]
    return of_sum(parts, float(np.mean([log.mean() for log in logs])), len(logs))


def of_datasets(logs: Sequence[np.ndarray]) -> Confidence:
    """The mean over all datasets like these, of which these are a sample; at least two.

    The spread of the datasets' means holds both the datasets' own differences and what is left of the seeds' noise, so
    seeds enter once, through the means, and are never counted as datasets. It also holds the luck of each dataset's
    test rows and split. The means may be skewed.
    """
    return of_sample(np.array([log.mean() for log in logs]))


def sign_test(differences: np.ndarray) -> float:
    """Two-sided p of the exact sign test; zeros are left out.

    >>> sign_test(np.array([-1.0] * 8))
    0.0078125
    """
    used = differences[differences != 0]
    fewer = min((used < 0).sum(), (used > 0).sum())
    return min(1.0, sum(comb(len(used), i) for i in range(fewer + 1)) / 2 ** (len(used) - 1)) if len(used) else 1.0


def wilcoxon(differences: np.ndarray) -> float:
    """Two-sided p of the exact signed-rank test; ties get their mean rank, and zeros are left out.

    >>> wilcoxon(np.array([-1.0, -2.0, -3.0, -4.0, -5.0, -6.0, -7.0, -8.0]))
    0.0078125
    """
    used = differences[differences != 0]
    doubled = (2 * mean_ranks(np.abs(used))).round().astype(int)  # whole numbers, so that sums can be counted
    ways = [1] + [0] * int(doubled.sum())  # ways[s]: choices of signs whose positive doubled ranks sum to s
    for rank in doubled:
        ways = [have + (ways[s - rank] if s >= rank else 0) for s, have in enumerate(ways)]
    positive = int(doubled[used > 0].sum())
    extreme = min(positive, len(ways) - 1 - positive)
    return min(1.0, 2 * sum(ways[: extreme + 1]) / 2 ** len(used))


def smallest_p(datasets: int) -> float:
    """The smallest two-sided p that either test can give with that many datasets."""
    return min(1.0, 2 / 2**datasets)


def mean_ranks(values: np.ndarray) -> np.ndarray:
    return np.array([(values < value).sum() + ((values == value).sum() + 1) / 2 for value in values])
