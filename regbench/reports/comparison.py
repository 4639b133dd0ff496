"""Whether one method beats another: a row per dataset, and what follows over all of them."""

import pandas as pd

from regbench import metrics
from regbench.analysis import Comparison, compare, order, scale, select, verdict
from regbench.analysis.compare import DatasetDifference
from regbench.errors import UsageError
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
    overall, level = comparison.overall, f"{100 * comparison.level:g} %"
    unit = PERCENT if comparison.unit == scale.PERCENT else ""
    rows = [_row(part, unit) for part in comparison.datasets]
    if overall.datasets > 1:
        wins = f"{overall.wins} of {overall.datasets} datasets"
        rows.append(("all", "", "", *_difference(overall, unit), wins))
    about = metrics.about(comparison.metric)
    header = ("dataset", comparison.a, comparison.b, "difference", f"{level} interval", f"{comparison.a} {_won(about)}")
    caption = (
        f"Test {about.label} of {comparison.a} against {comparison.b}, paired by seed. {_what_differs(about)}: "
        f"negative is better for {comparison.a}."
    )
    return Table(caption, header, tuple(rows), _notes(comparison))


def _won(about: metrics.About) -> str:
    return f"{about.better}er" if about.has_direction else "nearer"


def _what_differs(about: metrics.About) -> str:
    """What the column of differences shows."""
    if about.is_error:
        return "Difference in percent of the latter's error"
    lost = {"low": "", "high": ", turned so that less is better"}.get(
        str(about.better), f" of the distances from {about.better}"
    )
    return f"Difference{lost}"


def _row(part: DatasetDifference, unit: str) -> tuple[str, ...]:
    wins = f"{part.wins} of {part.n} seed{'s' * (part.n != 1)}" + (f", {part.ties} tied" if part.ties else "")
    return (order.alias(part.dataset), f"{part.a_mean:#.5g}", f"{part.b_mean:#.5g}", *_difference(part, unit), wins)


def _difference(part: DatasetDifference | verdict.Overall, unit: str) -> tuple[str, str]:
    """A difference and its interval."""
    return words.signed(part.percent, unit), words.interval(part.low, part.high, unit)


def _notes(comparison: Comparison) -> tuple[str, ...]:
    """How the last row was made, the exact tests, what was left out, and the verdict last."""
    over = [*_over_datasets(comparison), _tests(comparison.overall)] if comparison.overall.datasets > 1 else []
    missing = [f"left out: {reason}" for reason in comparison.missing]
    return (
        *words.generated(part.dataset for part in comparison.datasets),
        *over,
        *missing,
        *comparison.notes,
        comparison.sentence,
        *([comparison.advice] if comparison.advice else []),
    )


def _over_datasets(comparison: Comparison) -> list[str]:
    overall, a = comparison.overall, comparison.a
    better, worse = _words_of(comparison)
    unit = PERCENT if comparison.unit == scale.PERCENT else ""
    if overall.low is None:
        return [f"all: mean {_mean(comparison)} over datasets, each counted once."]
    general = comparison.scope == verdict.GENERAL
    how = "datasets and, within them, seeds resampled" if general else "these datasets, other seeds"
    margin = f"{100 * comparison.rope:g} %" if unit else f"{comparison.rope:g}"
    notes = [
        f"all: mean {_mean(comparison)} over datasets, each counted once; interval: {how}. Chance that {a} is {better} "
        f"{_chance(overall.p_better)}; {better} by more than {margin} {_chance(overall.p_clearly_better)}, within "
        f"±{margin} {_chance(overall.p_equal)}, {worse} by more {_chance(overall.p_clearly_worse)}."
    ]
    if general and overall.seeds_low is not None:
        interval = words.interval(overall.seeds_low, overall.seeds_high, unit)
        notes.append(f"for these {overall.datasets} datasets and other seeds alone: {interval}.")
    return notes


def _mean(comparison: Comparison) -> str:
    return "log ratio" if comparison.unit == scale.PERCENT else "difference"


def _words_of(comparison: Comparison) -> tuple[str, str]:
    """The words for a better and a worse value of A."""
    return {"low": ("lower", "higher"), "high": ("higher", "lower")}.get(str(comparison.better), ("nearer", "further"))


def _tests(overall: verdict.Overall) -> str:
    return (
        f"exact tests over {overall.datasets} datasets: Wilcoxon p = {overall.wilcoxon_p:.3g}, sign test "
        f"p = {overall.sign_p:.3g}; the smallest p that {overall.datasets} datasets can give is "
        f"{overall.smallest_p:.3g}."
    )


def _chance(value: float | None) -> str:
    """A probability to two digits, never 0 or 1: resampling is not that exact."""
    if value is None:
        return MISSING
    if value < 0.005:
        return "< 0.01"
    return "> 0.99" if value >= 0.995 else f"{value:.2f}"


REPORT = Report(
    title="Whether one method beats another", compute=compute, table=table, frames=frames, data=Comparison.data
)
