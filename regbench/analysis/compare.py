"""Does A beat B? Errors are paired by seed within each dataset; the unit over datasets is the dataset, not the seed."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regbench import metrics
from regbench.analysis import drawn_rows, paired, power, scale, verdict
from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import comparable
from regbench.analysis.confidence import Confidence
from regbench.analysis.drawn_rows import Kept
from regbench.analysis.pairing import Paired, pair
from regbench.analysis.scale import Scale
from regbench.analysis.select import pick
from regbench.analysis.sequential import Looks
from regbench.analysis.signed_rank import signed_rank
from regbench.analysis.unlike import trained_unlike
from regbench.analysis.verdict import Overall
from regbench.errors import NothingMeasured, UsageError
from regbench.job import differs_by_seed, folds_of

if TYPE_CHECKING:
    from pandas import DataFrame

ALL_ROWS = "all"


@dataclass(frozen=True)
class DatasetDifference:
    """A against B on one dataset: means over the paired seeds, A's error in percent above B's, seeds A wins.

    For a metric that is not an error `percent` is the difference itself, negative where A is better.
    """

    dataset: str
    n: int
    wins: int
    ties: int
    a_mean: float
    b_mean: float
    percent: float  # geometric mean of the paired ratios minus one
    low: float | None  # its paired t interval by itself; None for a single seed
    high: float | None
    all_low: float | None = None  # the interval at a level at which, over all datasets at once, all hold their truth
    all_high: float | None = None
    p: float | None = None  # of no difference, by itself
    rows_std: float | None = None  # standard deviation that the draw of test rows adds, in percent; None if unknown


@dataclass(frozen=True)
class Comparison:
    """How A compares with B, and what could not be compared."""

    a: str
    b: str
    metric: str
    rope: float
    level: float
    datasets: tuple[DatasetDifference, ...]
    overall: Overall
    verdict: str  # "A is better", "B is better", "practically equal" or "undecided"
    scope: str  # what the verdict is about: "datasets like these" or "these datasets"
    sentence: str
    advice: str
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    better: str | float = "low"  # which values of the metric are better: "low", "high", or the best one
    more_seeds: tuple[int, ...] = ()  # that the advice asks for: the next ones that neither method has
    unit: str = scale.PERCENT  # of differences and intervals; `difference` is the metric's own, negative for a better A
    benchmark: str = ""
    decides: tuple[str, ...] = ()  # the validation metrics whose best epoch counts; empty for the usual one
    split: tuple[str, ...] = ()  # "fixed", "per_seed", "kfold[5]" or another; empty if it is not recorded
    rows: str = ALL_ROWS  # the test rows that count: "all", "unseen", "seen", or those of a shot
    comparisons: int = 1  # how many are made at once; overall and all_* intervals hold for all of them
    seeds: tuple[int, int] = (0, 0)  # the fewest and the most pairs of a dataset
    rows_resampled: bool = False  # whether intervals of these datasets hold the draw of test rows too
    looks: Looks | None = None  # at which seeds were added; the intervals then hold at all looks at once
    look_level: float | None = None  # of the interval of the last look alone

    @property
    def decided(self) -> bool:
        """Whether the data decide between A and B."""
        return self.verdict != verdict.UNDECIDED

    def data(self) -> dict[str, Any]:
        """The comparison as plain data for JSON; null where there is no number."""
        return {**asdict(self), "decided": self.decided}


def compare(
    frame: "DataFrame",
    a: str,
    b: str,
    *,
    metric: str = "rmse",
    k: Collection[int] = (),
    rope: float = 0.01,
    level: float = 0.95,
    comparisons: int = 1,
    kept: Kept | None = None,
    looks: Looks | None = None,
) -> Comparison:
    """Compare A with B in a frame of cells; a bare name is the default variant at k = 25, or at the `k` given.

    Two errors within ±`rope` count as practically equal. Differences are taken seed by seed, because the same seed
    trains both methods on the same rows in the same order. Deterministic; swapping A and B mirrors every number.

    Args:
        frame: of cells, as `Store.cells` gives it.
        a: a method or variant.
        b: another.
        metric: what is compared.
        k: one number of bins, or none.
        rope: the difference too small to matter.
        level: with which probability the intervals hold the truth.
        comparisons: how many are made at once; the intervals that decide are corrected for it (Bonferroni).
        kept: gives test predictions, with which the draw of test rows becomes part of the intervals.
        looks: at which seeds were added until the verdict was clear; the intervals then hold at all of them at once.
    """
    check(frame, a, b, metric=metric, k=k, rope=rope, level=level)
    given: dict[str, Any] = {"metric": metric, "k": k, "rope": rope, "level": level}
    return of_comparable(comparable(frame), a, b, **given, comparisons=comparisons, kept=kept, looks=looks)


def check(frame: "DataFrame", a: str, b: str, *, metric: str, k: Collection[int], rope: float, level: float) -> None:
    """Refuse arguments with which nothing can be compared in this frame."""
    scale.check_rope(rope)
    scale.check_level(level)
    scale.check_recorded(frame, scale.of(metric).about.name)
    if len(k) > 1:
        raise UsageError(f"compare takes one k, not {len(k)}; or give each method its own: {a}[k=5] {b}[k=25]")


def of_comparable(
    joined: "DataFrame",
    a: str,
    b: str,
    *,
    metric: str,
    k: Collection[int],
    rope: float,
    level: float,
    comparisons: int,
    kept: Kept | None,
    looks: Looks | None = None,
) -> Comparison:
    """As `compare`, of checked arguments and of a frame that `comparable` gave."""
    measure = scale.of(metric)
    metric = measure.about.name
    at = next(iter(k), None)
    left, right = pick(joined, a, k=at), pick(joined, b, k=at)
    if left.index.equals(right.index):
        raise UsageError(f"'{a}' and '{b}' are the same method: nothing to compare")
    name_a, name_b = _names(left, right)
    for part, name in ((left, name_a), (right, name_b)):
        scale.check_recorded(part, metric, name)
    pairs, missing = pair((left, right), (name_a, name_b), measure)
    if not pairs:
        raise NothingMeasured(f"no seed on which both {name_a} and {name_b} have a finished run: {'; '.join(missing)}")
    logs = {name: measure.apart(values.errors) for name, values in pairs.items()}
    split = _splits(left, right)
    redrawn = [name for name in split if differs_by_seed(name)]
    draws = _draws(pairs, (left, right), measure, kept) if len(split) == 1 and not redrawn else {}
    overlap = max(map(overlap_of, redrawn), default=0.0)
    found = {name: paired.of_seeds([log], rows=[draws.get(name)], overlap=[overlap]) for name, log in logs.items()}
    at_once = _levels(level, comparisons, len(logs), looks)
    parts = tuple(_difference(name, pairs[name], found[name], draws.get(name), measure, at_once) for name in pairs)
    seeds = paired.of_seeds([*logs.values()], rows=[draws.get(name) for name in logs], overlap=[overlap] * len(logs))
    overall = _overall(parts, [*logs.values()], seeds, measure, level=at_once.over, rope=rope)
    judged = verdict.judge(
        overall,
        [*logs.values()],
        names=(name_a, name_b),
        measure=measure,
        rope=rope,
        level=level,
        deciding=at_once.over,
        comparisons=comparisons,
        looks=looks is not None,
    )
    return Comparison(
        a=name_a,
        b=name_b,
        metric=metric,
        rope=rope,
        level=level,
        datasets=parts,
        overall=overall,
        verdict=judged.verdict,
        scope=judged.scope,
        sentence=judged.sentence,
        advice=judged.advice,
        missing=tuple(missing),
        notes=(*joined.attrs.get("left_out", ()), *trained_unlike(left, right)),
        better=measure.about.better,
        more_seeds=_further(left, right, judged.more_seeds),
        unit=measure.unit,
        benchmark=_benchmark(joined),
        decides=tuple(joined.attrs.get("decides", ())),
        split=split,
        rows=_rows(metric),
        comparisons=comparisons,
        seeds=(min(map(len, logs.values())), max(map(len, logs.values()))),
        rows_resampled=bool(draws) and all(draws.get(name) for name in logs),
        looks=looks,
        look_level=None if looks is None else at_once.over,
    )


class _Level(NamedTuple):
    """The levels of intervals: of one dataset alone, over datasets, and of all datasets at once."""

    alone: float
    over: float
    each: float


def _levels(level: float, comparisons: int, datasets: int, looks: Looks | None) -> _Level:
    """The levels, corrected for the number of comparisons, of datasets and of looks."""
    over, each = (1 - level) / comparisons, (1 - level) / (comparisons * datasets)
    if looks is None:
        return _Level(level, 1 - over, 1 - each)
    return _Level(*(1 - looks.rate(alpha) for alpha in (1 - level, over, each)))


def _benchmark(frame: "DataFrame") -> str:
    named = sorted(set(frame["benchmark"].dropna())) if "benchmark" in frame else []
    return str(frame.attrs.get("benchmark") or ", ".join(named))


def _splits(left: "DataFrame", right: "DataFrame") -> tuple[str, ...]:
    """The splits of the compared jobs; nothing where the frame does not have them."""
    if "split" not in left:
        return ()
    return tuple(sorted({*left["split"].dropna(), *right["split"].dropna()}))


def overlap_of(split: str) -> float:
    """Test rows / training rows of a split that is not the same for every seed."""
    if folds := folds_of(split):
        return 1 / (folds - 2)  # one fold tests, one validates
    from regbench.data.splits import HELD_OUT, TEST  # here: most comparisons read no data

    return HELD_OUT * TEST / (1 - HELD_OUT)


def _rows(metric: str) -> str:
    """The test rows that a metric is over: all, or those that its name begins with."""
    rows = metric.partition("/")[0]
    return rows if rows in (*metrics.ROWS, *metrics.SHOTS) else ALL_ROWS


def _draws(
    pairs: Mapping[str, Paired], parts: tuple["DataFrame", "DataFrame"], measure: Scale, kept: Kept | None
) -> dict[str, paired.Part | None]:
    """Of each dataset whose runs kept predictions, the variance that the draw of its test rows adds."""
    if kept is None or not drawn_rows.can_resample(measure.about):
        return {}
    jobs: list[dict[tuple[str, int], dict[str, Any]]] = [
        {(row["dataset"], int(row["seed"])): row for row in records(part)} for part in parts
    ]
    found: dict[str, paired.Part | None] = {}
    for dataset, values in pairs.items():
        rows = []
        for seed in values.seeds:
            both = [kept(own.get((dataset, seed)) or _only(own, dataset)) for own in jobs]
            if both[0] is None or both[1] is None:
                break
            rows.append((both[0], both[1]))
        if len(rows) == len(values.seeds):
            found[dataset] = drawn_rows.variance(rows, values.errors, measure)
    return found


def _only(jobs: Mapping[tuple[str, int], dict[str, Any]], dataset: str) -> dict[str, Any]:
    """The one run of a model that ignores the seed."""
    return next(row for (name, _), row in jobs.items() if name == dataset)


def _further(left: "DataFrame", right: "DataFrame", count: int) -> tuple[int, ...]:
    """The next seeds after those that either method has."""
    first = 1 + int(max(part["seed"].max() for part in (left, right)))
    return tuple(range(first, first + count))


def _names(left: "DataFrame", right: "DataFrame") -> tuple[str, str]:
    """Both names; with k where they differ only in k."""
    names, ks = [], []
    for part in (left, right):
        names.append(str(part["variant"].iloc[0]))
        ks.append(null(part["k"].dropna().min()))
    if names[0] != names[1]:
        return names[0], names[1]
    return f"{names[0]} at k = {ks[0]}", f"{names[1]} at k = {ks[1]}"


def _difference(
    dataset: str,
    values: Paired,
    found: Confidence | None,
    drawn: paired.Part | None,
    measure: Scale,
    level: _Level,
) -> DatasetDifference:
    errors, logs = values.errors, measure.apart(values.errors)
    low, high = _interval(found, measure, level.alone)
    all_low, all_high = _interval(found, measure, level.each)
    return DatasetDifference(
        dataset=dataset,
        n=len(logs),
        wins=int((logs < 0).sum()),
        ties=int((logs == 0).sum()),
        a_mean=float(errors[:, 0].mean()),
        b_mean=float(errors[:, 1].mean()),
        percent=measure.shown(logs.mean()),
        low=low,
        high=high,
        all_low=all_low,
        all_high=all_high,
        p=found and found.p,
        rows_std=None if drawn is None else measure.shown(float(np.sqrt(drawn[0]))),
    )


def _interval(found: Confidence | None, measure: Scale, level: float) -> tuple[float | None, float | None]:
    if found is None:
        return None, None
    low, high = found.interval(level)
    return measure.shown(low), measure.shown(high)


def _overall(
    parts: tuple[DatasetDifference, ...],
    logs: list[np.ndarray],
    seeds: Confidence | None,
    measure: Scale,
    *,
    level: float,
    rope: float,
) -> Overall:
    means = np.array([log.mean() for log in logs])
    margin = measure.margin(rope)
    deciding = paired.of_datasets(logs) if len(logs) >= verdict.ENOUGH_DATASETS else seeds
    low, high = _interval(deciding, measure, level)
    seeds_low, seeds_high = _interval(seeds, measure, level)
    won = sum(part.all_high is not None and part.all_high < 0 for part in parts)
    lost = sum(part.all_low is not None and part.all_low > 0 for part in parts)
    return Overall(
        datasets=len(logs),
        pairs=sum(map(len, logs)),
        wins=int((means < 0).sum()),
        percent=measure.shown(means.mean()),
        low=low,
        high=high,
        seeds_low=seeds_low,
        seeds_high=seeds_high,
        p_better=deciding and deciding.below(0.0),
        p_clearly_better=deciding and deciding.below(-margin),
        p_equal=deciding and deciding.within(margin),
        p_clearly_worse=deciding and 1 - deciding.below(margin),
        wilcoxon_p=paired.wilcoxon(means),
        sign_p=paired.sign_test(means),
        smallest_p=paired.smallest_p(len(means)),
        p=deciding and deciding.p,
        detectable=None if deciding is None else measure.shown(power.detectable(deciding, level)),
        won=won,
        tied=len(parts) - won - lost,
        lost=lost,
        signed_rank=signed_rank(means, margin) if len(means) > 1 else None,
    )
