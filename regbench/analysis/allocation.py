"""On which datasets further seeds narrow the interval of a comparison most, for what they cost."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

FEWEST = 3  # pairs of a dataset, before its own spread says anything
PRIOR = 10  # degrees of freedom with which the spread of a dataset is drawn to that of all
MOST = 100  # pairs of a dataset


@dataclass(frozen=True)
class Noise:
    """The pairs of seeds that a dataset has, and the variance of their differences; None with fewer than two."""

    pairs: int
    variance: float | None


def of_logs(logs: Mapping[str, np.ndarray]) -> dict[str, Noise]:
    """The noise of each dataset by its paired differences."""
    return {name: Noise(len(log), float(log.var(ddof=1)) if len(log) > 1 else None) for name, log in logs.items()}


def shrunk(noise: Mapping[str, Noise]) -> dict[str, float]:
    """The variance of each dataset, drawn to the mean of all: that of a few seeds is often far too small."""
    known = [(each.pairs - 1, each.variance) for each in noise.values() if each.variance is not None]
    freedom = sum(count for count, _ in known)
    pooled = sum(count * variance for count, variance in known) / freedom if freedom else 1.0
    return {
        name: pooled
        if each.variance is None
        else ((each.pairs - 1) * each.variance + PRIOR * pooled) / (each.pairs - 1 + PRIOR)
        for name, each in noise.items()
    }


def in_order(noise: Mapping[str, Noise], costs: Mapping[str, float]) -> Iterator[str]:
    """The dataset of the next pair of seeds, and of the one after it, ...

    First those with the fewest pairs, the cheapest of them first; then where a pair takes most from the variance of the
    mean over datasets, v / n - v / (n + 1), per second.
    """
    counts, variances = {name: each.pairs for name, each in noise.items()}, shrunk(noise)
    while open_ := [name for name in counts if counts[name] < MOST]:
        few = [name for name in open_ if counts[name] < FEWEST]
        if few:
            chosen = min(few, key=lambda name: (counts[name], costs[name], name))
        else:
            gains = {name: variances[name] / (counts[name] * (counts[name] + 1)) / costs[name] for name in open_}
            chosen = min(open_, key=lambda name: (-gains[name], costs[name], name))
        counts[chosen] += 1
        yield chosen


def affordable(noise: Mapping[str, Noise], costs: Mapping[str, float], seconds: float) -> list[str]:
    """The pairs, by their datasets, that fit into the seconds."""
    found = []
    for name in in_order(noise, costs):
        seconds -= costs[name]
        if seconds < 0:
            break
        found.append(name)
    return found


def first(noise: Mapping[str, Noise], costs: Mapping[str, float], pairs: int) -> list[str]:
    """The next pairs, by their datasets."""
    return list(islice(in_order(noise, costs), pairs))
