"""Sequences of looks at two methods whose true difference is known, to count how often their verdict is wrong."""

from typing import NamedTuple

import numpy as np

from regbench.analysis import allocation, paired
from regbench.analysis.sequential import SHARE, Looks, spendable
from regbench.analysis.verdict import ENOUGH_DATASETS

ALPHA = 0.05


class Ends(NamedTuple):
    """Over simulated sequences: the share that found a winner, and the mean looks and pairs until the end.

    Without a shift every winner is a false one. With fewer than six datasets, whose own mean is asked for, a sequence
    finds one where its interval excludes that mean.
    """

    winners: float
    looks: float
    pairs: float


def false_verdicts(
    *,
    datasets: int,
    seeds: int,
    pairs: int,
    count: int,
    between: float = 0.0,
    shift: float = 0.0,
    planned: int = 5,
    correct: bool = True,
) -> Ends:
    """Datasets with unlike noise and unlike costs, `seeds` pairs each, and `pairs` more, in looks at equal distances.

    Args:
        datasets, seeds, pairs: the sizes.
        count: of sequences.
        between: standard deviation of the datasets' true differences.
        shift: mean of the true differences, in units of the mean noise; 0 for no difference.
        planned: looks.
        correct: False for the interval of a single look at each of them.
    """
    draw = np.random.default_rng([datasets, seeds, pairs])
    noise = np.geomspace(0.5, 2.0, datasets) if datasets > 1 else np.ones(1)
    costs = {str(number): float(1 + number % 3) for number in range(datasets)}
    about = None if datasets < ENOUGH_DATASETS and not shift else 0.0
    ends = []
    for _ in range(count):
        truth = shift + between * draw.standard_normal(datasets)
        ends.append(_sequence(draw, noise, truth, costs, seeds, pairs, about, planned=planned, correct=correct))
    winners, looks, used = zip(*ends, strict=True)
    return Ends(float(np.mean(winners)), float(np.mean(looks)), float(np.mean(used)))


def _sequence(
    draw: np.random.Generator,
    noise: np.ndarray,
    truth: np.ndarray,
    costs: dict[str, float],
    seeds: int,
    pairs: int,
    about: float | None,
    *,
    planned: int,
    correct: bool,
) -> tuple[bool, int, int]:
    """Whether a winner was found, at which look, and with how many pairs; `about` is the truth, by default these."""
    logs = {str(number): truth[number] + noise[number] * draw.standard_normal(seeds) for number in range(len(noise))}
    about = float(truth.mean()) if about is None else about
    most, general = len(noise) * seeds + pairs, len(noise) >= ENOUGH_DATASETS
    have, fractions = 0, tuple[float, ...]()
    for look in range(1, planned + 1):
        have = sum(map(len, logs.values()))
        fractions = (*fractions, have / most)
        found = paired.of_datasets([*logs.values()]) if general else paired.of_seeds([*logs.values()])
        assert found is not None
        rate = Looks(fractions, planned, SHARE * spendable(len(logs))).rate(ALPHA) if correct else ALPHA
        low, high = found.interval(1 - rate)
        if low > about or high < about:
            return True, look, have
        if look < planned:
            more = allocation.first(allocation.of_logs(logs), costs, round((most - have) / (planned - look)))
            for name in more:
                number = int(name)
                logs[name] = np.append(logs[name], truth[number] + noise[number] * draw.standard_normal())
    return False, planned, have
