"""From numbers to words: which method is better, for which datasets this holds, and what would settle it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from regbench.analysis.scale import PERCENT, Scale
from regbench.analysis.signed_rank import Shares

A_BETTER, B_BETTER, EQUAL, UNDECIDED = "A is better", "B is better", "practically equal", "undecided"
GENERAL, HERE = "datasets like these", "these datasets"
ENOUGH_DATASETS = 6  # the fewest with which an exact test over datasets can give p < 0.05: 2 / 2^6 = 0.031
MOST_SEEDS = 100  # advice never asks for more
MOST_DATASETS = 1000


@dataclass(frozen=True)
class Overall:
    """A against B over all datasets, each counted once. Percentages are of B's error; negative is better for A.

    With six or more datasets, `low` to `p_clearly_worse` are about datasets like these, of which these are a sample.
    With fewer there is too little to judge others by, so they are about these datasets trained with other seeds; None
    where a dataset has a single seed. All are read from one distribution, `p` and `detectable` too.
    """

    datasets: int
    pairs: int
    wins: int  # datasets on which A's mean is lower
    percent: float
    low: float | None
    high: float | None
    seeds_low: float | None  # the same datasets trained with other seeds, however many there are
    seeds_high: float | None
    p_better: float | None
    p_clearly_better: float | None  # by more than the margin
    p_equal: float | None  # within it
    p_clearly_worse: float | None
    wilcoxon_p: float
    sign_p: float
    smallest_p: float  # that either test can give with that many datasets
    p: float | None = None  # of no difference, two-sided
    detectable: float | None = None  # the difference that would be found with a probability of 0.8
    won: int = 0  # datasets whose interval, corrected for all of them, lies below zero
    tied: int = 0
    lost: int = 0
    signed_rank: Shares | None = None  # of datasets: A mostly better by more than the margin, within it, or worse


@dataclass(frozen=True)
class Judgement:
    """A verdict, what it is about, and the sentences that explain it."""

    verdict: str
    scope: str
    sentence: str
    advice: str
    more_seeds: int = 0  # that the advice asks for on each dataset


class Advice(NamedTuple):
    """What would settle it, and the seeds it asks for on each dataset; none if seeds would not."""

    text: str
    more_seeds: int = 0


def judge(
    overall: Overall,
    logs: list[np.ndarray],
    *,
    names: tuple[str, str],
    measure: Scale,
    rope: float,
    level: float,
    deciding: float | None = None,
    comparisons: int = 1,
    looks: bool = False,
) -> Judgement:
    """The verdict: about datasets like these with six or more datasets, else only about these datasets.

    The interval decides. Wholly within ±rope means practically equal; else wholly on one side of zero, better.

    deciding: the level of that interval by itself, which is corrected for comparisons and looks; by default `level`.
    looks: whether it holds at several looks at once.
    """
    general = overall.datasets >= ENOUGH_DATASETS
    margin = measure.margin(rope)
    found = _verdict(overall.low, overall.high, *measure.limits(rope))
    sentence = f"{_claim(found, names)}: {_numbers(overall, names, measure, level, comparisons, looks=looks)}."
    if not general:
        sentence += f" {_limits(overall)}"
    corrected = level if deciding is None else deciding
    advice = Advice("") if found != UNDECIDED else _advice(logs, general=general, margin=margin, level=corrected)
    return Judgement(found, GENERAL if general else HERE, sentence, *advice)


def _verdict(low: float | None, high: float | None, least: float, most: float) -> str:
    if low is None or high is None:
        return UNDECIDED
    if least <= low and high <= most:
        return EQUAL
    if high < 0:
        return A_BETTER
    return B_BETTER if low > 0 else UNDECIDED


def _claim(verdict: str, names: tuple[str, str]) -> str:
    a, b = names
    match verdict:
        case "A is better":
            return f"{a} is better than {b}"
        case "B is better":
            return f"{b} is better than {a}"
        case "practically equal":
            return f"{a} and {b} are practically equal"
        case _:
            return f"the data cannot decide between {a} and {b}"


def _numbers(
    overall: Overall, names: tuple[str, str], measure: Scale, level: float, comparisons: int, *, looks: bool
) -> str:
    unit = " %" if measure.unit == PERCENT else ""
    size = f"{abs(overall.percent):.2g}{unit} {_side(measure, better=overall.percent < 0)}"
    low, high = overall.low, overall.high
    at_once = f", for {comparisons} comparisons at once," if comparisons > 1 else ", at all looks at once," * looks
    within = (
        "no interval: a dataset with one seed shows no spread"
        if low is None or high is None
        else f"{100 * level:g} % interval{at_once} {low:+.2g} to {high:+.2g}{unit}{_negative(measure)}"
    )
    over = "on the one dataset" if overall.datasets == 1 else f"on average over {overall.datasets} datasets"
    side = _side(measure, better=True)
    label = measure.about.label
    return f"{label} of {names[0]} is {size} {over} ({within}), {side} on {overall.wins} of {overall.datasets}"


def _side(measure: Scale, *, better: bool) -> str:
    """The word for a better or a worse value: lower, higher, nearer or further."""
    match measure.about.better:
        case "low":
            return "lower" if better else "higher"
        case "high":
            return "higher" if better else "lower"
        case best:
            return f"{'nearer to' if better else 'further from'} {best:g}"


def _negative(measure: Scale) -> str:
    return "" if measure.about.better == "low" else ", negative is better"


def _limits(overall: Overall) -> str:
    if overall.datasets == 1:
        return "This is about that dataset alone: one dataset says nothing about others."
    return (
        f"This is about these {overall.datasets} datasets alone: with {overall.datasets} no test over datasets can "
        f"give p below {overall.smallest_p:.3g}, so nothing follows for others."
    )


def _advice(logs: list[np.ndarray], *, general: bool, margin: float, level: float) -> Advice:
    """How many seeds, or else datasets, would narrow the interval enough, if the mean stays where it is."""
    sizes = [len(log) for log in logs]
    if not general and min(sizes) < 2:
        return Advice("what would settle it: first a second seed on each dataset", 1)
    means = np.array([log.mean() for log in logs])
    # The half-width that tells the mean from zero, or that fits inside the margin: whichever is easier to reach.
    target = max(abs(means.mean()), margin - abs(means.mean()))
    within = float(np.mean([log.var(ddof=1) for log in logs if len(log) > 1] or [0.0]))
    between = _between(logs, within) if general else 0.0
    now, count = min(sizes), len(logs)
    for seeds in range(now + 1, MOST_SEEDS + 1):
        freedom = count - 2 if general else count * (seeds - 1)
        if _half(between + within / seeds, count, freedom, level) < target:
            more = f"{seeds - now} more seed{'s' * (seeds - now > 1)}"
            return Advice(f"what would settle it: about {more} per dataset ({seeds} in all)", seeds - now)
    if not general:
        return Advice(f"more than {MOST_SEEDS} seeds would be needed: the difference is too small to matter or to find")
    for datasets in range(count + 1, MOST_DATASETS + 1):
        if _half(between + within / now, datasets, datasets - 2, level) < target:
            return Advice(
                "more seeds would not settle it, because the datasets disagree; "
                f"about {datasets - count} more datasets like these might ({datasets} in all)"
            )
    return Advice("neither more seeds nor any likely number of datasets would settle it: the datasets disagree")


def _between(logs: list[np.ndarray], within: float) -> float:
    """Variance of the datasets' true means: the observed variance minus the part due to seeds."""
    observed = float(np.var([log.mean() for log in logs], ddof=1))
    return max(0.0, observed - within * float(np.mean([1 / len(log) for log in logs])))


def _half(variance: float, datasets: int, freedom: int, level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(freedom, (1 + level) / 2) * np.sqrt(variance / datasets))
