"""Whether one method beats another: a row per dataset, and what follows over all of them."""

import pandas as pd

from regbench import metrics
from regbench.analysis import Comparison, compare, order, power, scale, select, verdict
from regbench.analysis.compare import DatasetDifference
from regbench.analysis.sequential import SPENDING
from regbench.errors import UsageError
from regbench.job import differs_by_seed
from regbench.reports.report import Options, Report, Table
from regbench.reports.text import words
from regbench.reports.text.words import MISSING

PERCENT = " %"


def compute(frame: pd.DataFrame, options: Options) -> Comparison:
    """The first of two methods against the second, as `regbench compare` without further options."""
    if len(options.methods) != 2:
        raise UsageError("a comparison is of two methods: --method A --method B")
    first, second = options.methods
    return compare(select(frame, datasets=options.datasets), first, second, metric=options.metric, k=options.k)


def frames(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """One row per dataset."""
    return {"datasets": pd.DataFrame([vars(part) for part in comparison.datasets])}


def table(comparison: Comparison) -> Table:
    """Per dataset the difference in percent of B, its interval and the seeds A wins; over all in the last row."""
    overall = comparison.overall
    unit = PERCENT if comparison.unit == scale.PERCENT else ""
    rows = [_row(part, unit) for part in comparison.datasets]
    if overall.datasets > 1:
        wins = f"{overall.wins} of {overall.datasets} datasets"
        rows.append(("all", "", "", *_difference(overall.percent, overall.low, overall.high, unit), wins))
    about = metrics.about(comparison.metric)
    level = interval_of(comparison.level, overall.datasets * comparison.comparisons)
    header = ("dataset", comparison.a, comparison.b, "difference", level, f"{comparison.a} {_won(about)}")
    caption = (
        f"{evidence(comparison)} Test {about.label} of {comparison.a} against {comparison.b}, paired by seed. "
        f"{what_differs(about)}: negative is better for {comparison.a}."
    )
    return Table(caption, header, tuple(rows), _notes(comparison))


def interval_of(level: float, count: int) -> str:
    """The name of a column of intervals that hold their truths all at once.

    >>> interval_of(0.95, 1), interval_of(0.95, 8)
    ('95 % interval', '95 % for all 8')
    """
    return f"{100 * level:g} % interval" if count == 1 else f"{100 * level:g} % for all {count}"


def evidence(comparison: Comparison) -> str:
    """What is compared: benchmark, epoch, split and rows; then what such data can show at all."""
    return f"{place(comparison)} {_reach(comparison)}"


def place(comparison: Comparison) -> str:
    """The benchmark, the epoch that counts, the split and the rows.

    A frame that was made by hand may not name its benchmark and its split.
    """
    named = f"Benchmark {comparison.benchmark}" if comparison.benchmark else "A benchmark without a name"
    epoch = words.best_epoch(comparison.decides)
    return f"{named}, {epoch}; split: {words.split(comparison.split)}; test rows: {comparison.rows}."


def _reach(comparison: Comparison) -> str:
    """Datasets and seeds, the smallest p and the smallest difference that can be found with them."""
    overall, unit = comparison.overall, PERCENT if comparison.unit == scale.PERCENT else ""
    fewest, most = comparison.seeds
    seeds = f"{most} seed{'s' * (most != 1)}" if fewest == most else f"{fewest} to {most} seeds"
    each = "" if overall.datasets == 1 else " each"
    said = f"What the data can show: {overall.datasets} dataset{'s' * (overall.datasets != 1)}, {seeds}{each}"
    if overall.datasets > 1:
        said += f"; p of a test over datasets at least {overall.smallest_p:.2g}"
    if overall.detectable is not None:
        said += f"; a difference of {overall.detectable:.2g}{unit} is found {100 * power.POWER:g} times in 100"
    return f"{said}."


def _won(about: metrics.About) -> str:
    return f"{about.better}er" if about.has_direction else "nearer"


def what_differs(about: metrics.About) -> str:
    """What the column of differences shows."""
    if about.is_error:
        return "Difference in percent of the latter's error"
    lost = {"low": "", "high": ", turned so that less is better"}.get(
        str(about.better), f" of the distances from {about.better}"
    )
    return f"Difference{lost}"


def _row(part: DatasetDifference, unit: str) -> tuple[str, ...]:
    wins = f"{part.wins} of {part.n} seed{'s' * (part.n != 1)}" + (f", {part.ties} tied" if part.ties else "")
    found = _difference(part.percent, part.all_low, part.all_high, unit)
    return (order.alias(part.dataset), f"{part.a_mean:#.5g}", f"{part.b_mean:#.5g}", *found, wins)


def _difference(percent: float, low: float | None, high: float | None, unit: str) -> tuple[str, str]:
    """A difference and its interval."""
    return words.signed(percent, unit), words.interval(low, high, unit)


def _notes(comparison: Comparison) -> tuple[str, ...]:
    """How the intervals were made, the tests over datasets, what was left out, and the verdict last."""
    several = comparison.overall.datasets > 1
    over = [_over_datasets(comparison), *_for_these(comparison), _tests(comparison)] if several else []
    over += _disagreement(comparison)
    missing = [f"left out: {reason}" for reason in comparison.missing]
    return (
        *words.generated(part.dataset for part in comparison.datasets),
        *_per_dataset(comparison),
        *over,
        *missing,
        *comparison.notes,
        *_looks(comparison),
        *conditions(comparison),
        comparison.sentence,
        *([comparison.advice] if comparison.advice else []),
    )


def _per_dataset(comparison: Comparison) -> list[str]:
    """How the intervals of datasets are corrected, and who has won how many."""
    overall, count = comparison.overall, comparison.overall.datasets * comparison.comparisons
    if count == 1:
        return []
    counted = f"{overall.datasets} datasets"
    if comparison.comparisons > 1:
        counted += f" and {comparison.comparisons} comparisons"
    return [
        f"per dataset: intervals of the mean over seeds, corrected for {counted} (Bonferroni). By them {comparison.a} "
        f"is better on {overall.won}, worse on {overall.lost} and not told apart on {overall.tied}."
    ]


def _looks(comparison: Comparison) -> list[str]:
    """At which looks seeds were added, and which boundary makes up for them."""
    looks, level = comparison.looks, comparison.look_level
    if looks is None or level is None:
        return []
    return [
        f"seeds were added sequentially: {len(looks.fractions)} of {looks.planned} planned looks, {SPENDING} spending. "
        f"By itself the interval would miss its truth in {1 - level:.2g} of cases, so that those of all looks hold at "
        f"{100 * comparison.level:g} %; those of datasets likewise."
    ]


def _over_datasets(comparison: Comparison) -> str:
    overall, a = comparison.overall, comparison.a
    better, worse = _words_of(comparison)
    unit = PERCENT if comparison.unit == scale.PERCENT else ""
    if overall.low is None:
        return f"all: mean {_mean(comparison)} over datasets, each counted once."
    general = comparison.scope == verdict.GENERAL
    how = "the spread of datasets, in which seeds are nested" if general else "these datasets, other seeds"
    level = f"{100 * comparison.level:g} %"
    at_once = f" at {level} for {comparison.comparisons} comparisons" if comparison.comparisons > 1 else f" at {level}"
    margin = f"{100 * comparison.rope:g} %" if unit else f"{comparison.rope:g}"
    return (
        f"all: mean {_mean(comparison)} over datasets, each counted once; interval{at_once}: {how}. Chance that {a} is "
        f"{better} {chance(overall.p_better)}; {better} by more than {margin} {chance(overall.p_clearly_better)}, "
        f"within ±{margin} {chance(overall.p_equal)}, {worse} by more {chance(overall.p_clearly_worse)}."
    )


def _for_these(comparison: Comparison) -> list[str]:
    overall = comparison.overall
    if comparison.scope != verdict.GENERAL or overall.seeds_low is None:
        return []
    interval = words.interval(
        overall.seeds_low, overall.seeds_high, PERCENT if comparison.unit == scale.PERCENT else ""
    )
    return [f"for these {overall.datasets} datasets and other seeds alone: {interval}."]


def conditions(comparison: Comparison) -> list[str]:
    """What the verdict is conditional on: the split, and whether the draw of test rows is in the intervals."""
    notes = []
    if not all(map(differs_by_seed, comparison.split)):
        what = "datasets and seeds" if comparison.scope == verdict.GENERAL else "seeds"
        notes.append(
            f"conditional on one fixed split: the intervals are over {what}; what is said of a single dataset"
            f"{', or of these alone,' if comparison.overall.datasets > 1 else ''} can change with another split."
        )
        drawn = [part for part in comparison.datasets if part.rows_std is not None]
        if comparison.rows_resampled:
            notes.append("test rows resampled: the intervals of single datasets hold the draw of test rows too.")
        elif drawn:
            named = " ".join(order.alias(part.dataset) for part in drawn)
            notes.append(
                f"test rows resampled on {named} alone; elsewhere no predictions are kept, or no data are here."
            )
        else:
            notes.append(
                "test rows are not resampled: no predictions are kept, or not of this metric, or no data are here."
            )
    if any(map(differs_by_seed, comparison.split)):
        notes.append("splits of different seeds share training rows: intervals are widened for it (Nadeau, Bengio).")
    return notes


def _mean(comparison: Comparison) -> str:
    return "log ratio" if comparison.unit == scale.PERCENT else "difference"


def _words_of(comparison: Comparison) -> tuple[str, str]:
    """The words for a better and a worse value of A."""
    return {"low": ("lower", "higher"), "high": ("higher", "lower")}.get(str(comparison.better), ("nearer", "further"))


def _tests(comparison: Comparison) -> str:
    overall, (better, worse) = comparison.overall, _words_of(comparison)
    said = f"tests over {overall.datasets} datasets: "
    if comparison.scope == verdict.GENERAL and overall.p is not None:
        said += f"of the mean p = {overall.p:.3g}, "
    said += (
        f"exact Wilcoxon p = {overall.wilcoxon_p:.3g}, sign test p = {overall.sign_p:.3g}; the smallest p that "
        f"{overall.datasets} datasets can give is {overall.smallest_p:.3g}."
    )
    if (ranks := overall.signed_rank) is not None:
        said += (
            f" Bayesian signed ranks: mostly {better} by more than the margin {chance(ranks.better)}, mostly within it "
            f"{chance(ranks.equal)}, mostly {worse} by more {chance(ranks.worse)}."
        )
    return said


def _disagreement(comparison: Comparison) -> list[str]:
    """A note where datasets agree on who is better, but not nearly on how much."""
    overall, enough = comparison.overall, comparison.scope == verdict.GENERAL
    if not enough or comparison.decided or overall.wilcoxon_p > 1 - comparison.level or overall.low is None:
        return []
    return [
        f"by ranks the datasets agree (Wilcoxon p = {overall.wilcoxon_p:.2g}); the mean is open all the same, because "
        "the size of the difference varies too much between them."
    ]


def chance(value: float | None) -> str:
    """A probability to two digits, never 0 or 1: no distribution is known that well."""
    if value is None:
        return MISSING
    if value < 0.005:
        return "< 0.01"
    return "> 0.99" if value >= 0.995 else f"{value:.2f}"


REPORT = Report(
    title="Whether one method beats another", compute=compute, table=table, frames=frames, data=Comparison.data
)
