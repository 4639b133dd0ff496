"""Statistics of paired log ratios, seeds nested in datasets: intervals, resampling, exact tests.

Everything is on the log scale, where swapping the two methods only changes the sign. `logs` is one array per dataset:
log(error of A / error of B), one number per seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

Interval = tuple[float, float]

BLOCK = 1 << 17  # numbers drawn at a time


@dataclass(frozen=True)
class Estimate:
    """An interval of the mean log ratio, and the probabilities that it lies below, within or above ±margin."""

    interval: Interval
    lower: float  # A's error below B's
    clearly_lower: float  # ... by more than the margin
    equal: float  # within it
    clearly_higher: float


def seed_estimate(logs: Sequence[np.ndarray], *, level: float, margin: float) -> Estimate | None:
    """The mean over exactly these datasets, if all were trained again with other seeds.

    Student's t with Welch and Satterthwaite's degrees of freedom; with one dataset, the paired t interval. None where a
    dataset has a single seed, which has no spread.
    """
    from scipy.special import stdtr, stdtrit  # here: reports that compare nothing start a tenth faster

    if any(len(log) < 2 for log in logs):
        return None
    variances = np.array([log.var(ddof=1) / len(log) for log in logs])
    mean, total = float(np.mean([log.mean() for log in logs])), float(variances.sum())
    if total == 0:
        return _estimate(np.array([mean]), (mean, mean), margin)
    freedom = total**2 / sum(v**2 / (len(log) - 1) for v, log in zip(variances, logs, strict=True))
    error = np.sqrt(total) / len(logs)
    half = float(stdtrit(freedom, (1 + level) / 2) * error)
    below = [float(stdtr(freedom, (edge - mean) / error)) for edge in (-margin, 0.0, margin)]
    return Estimate((mean - half, mean + half), below[1], below[0], below[2] - below[0], 1 - below[2])


def bootstrap(logs: Sequence[np.ndarray], *, level: float, margin: float, resamples: int) -> Estimate:
    """Resample datasets, and seeds within each dataset; the statistic is the mean of the datasets' means.

    A percentile interval with tails widened for few datasets, so that for a normal mean it is Student's (the "expanded
    percentile" of Hesterberg (2015), https://doi.org/10.1080/00031305.2015.1089789). The generator's seed is fixed:
    the same frame gives the same numbers.
    """
    from scipy.special import ndtr, stdtrit

    means = _resampled_means(logs, resamples)
    count = len(logs)
    tail = (1 - level) / 2
    if count > 1:
        tail = float(ndtr(stdtrit(count - 1, tail) * np.sqrt(count / (count - 1))))
    low, high = np.quantile(means, [tail, 1 - tail])
    return _estimate(means, (float(low), float(high)), margin)


def _estimate(means: np.ndarray, interval: Interval, margin: float) -> Estimate:
    return Estimate(
        interval=interval,
        lower=float(np.mean(means < 0) + np.mean(means == 0) / 2),
        clearly_lower=float(np.mean(means < -margin)),
        equal=float(np.mean(np.abs(means) <= margin)),
        clearly_higher=float(np.mean(means > margin)),
    )


def _resampled_means(logs: Sequence[np.ndarray], resamples: int) -> np.ndarray:
    generator = np.random.Generator(np.random.PCG64(0))
    count, sizes = len(logs), np.array([len(log) for log in logs])
    padded = np.zeros((count, sizes.max()))
    for row, log in zip(padded, logs, strict=True):
        row[: len(log)] = log
    total = np.zeros(resamples)
    for _ in range(count):
        chosen = generator.integers(count, size=resamples)
        size = sizes[chosen]
        for rows in _blocks(resamples, padded.shape[1]):
            picks = (generator.random((len(size[rows]), padded.shape[1])) * size[rows, None]).astype(int)
            counted = np.arange(padded.shape[1]) < size[rows, None]
            total[rows] += (padded[chosen[rows, None], picks] * counted).sum(1) / size[rows]
    return total / count


def _blocks(rows: int, columns: int) -> list[slice]:
    """Rows in blocks that stay in cache and small in memory; the generator gives the same numbers in blocks."""
    step = max(1, BLOCK // columns)
    return [slice(start, start + step) for start in range(0, rows, step)]


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
    doubled = (2 * _mean_ranks(np.abs(used))).round().astype(int)  # whole numbers, so that sums can be counted
    ways = [1] + [0] * int(doubled.sum())  # ways[s]: choices of signs whose positive doubled ranks sum to s
    for rank in doubled:
        ways = [have + (ways[s - rank] if s >= rank else 0) for s, have in enumerate(ways)]
    positive = int(doubled[used > 0].sum())
    extreme = min(positive, len(ways) - 1 - positive)
    return min(1.0, 2 * sum(ways[: extreme + 1]) / 2 ** len(used))


def smallest_p(datasets: int) -> float:
    """The smallest two-sided p that either test can give with that many datasets."""
    return min(1.0, 2 / 2**datasets)


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    return np.array([(values < value).sum() + ((values == value).sum() + 1) / 2 for value in values])
