"""The band in which one more seed of a cell falls, by the spread of the seeds that are there: a prediction interval."""

from dataclasses import dataclass

import numpy as np

from regbench import metrics

ENOUGH_SEEDS = 4  # with three the band is 32 standard deviations wide to either side, and with two 637
LEVEL = 0.999
ROUNDING = 1e-5  # relative: what is computed in float32 is not told apart closer than this


@dataclass(frozen=True)
class Band:
    """The lowest and the highest value that are likely, by this number of seeds."""

    low: float
    high: float
    seeds: int

    def holds(self, value: float) -> bool:
        """Whether a value lies in the band."""
        return self.low <= value <= self.high


def band(values: np.ndarray, metric: str, level: float = LEVEL) -> Band | None:
    """Where a further seed lies with probability `level`, by the values (N,) of others; None for fewer than enough.

    Student's t with N - 1 degrees of freedom times the standard deviation times √(1 + 1/N): exact for normal values.
    Errors are taken by their logarithms.
    """
    if len(values) < ENOUGH_SEEDS:
        return None
    from scipy.special import stdtrit  # here: what starts a worker needs no scipy

    by_log = metrics.about(metric).is_error and bool((values > 0).all())
    apart = np.log(values) if by_log else values
    centre, deviation, count = float(apart.mean()), float(apart.std(ddof=1)), len(apart)
    least = ROUNDING if by_log else ROUNDING * abs(centre)
    half = max(float(stdtrit(count - 1, (1 + level) / 2)) * deviation * float(np.sqrt(1 + 1 / count)), least)
    low, high = centre - half, centre + half
    return Band(float(np.exp(low)), float(np.exp(high)), count) if by_log else Band(low, high, count)
