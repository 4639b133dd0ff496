"""A comparison of two methods as a table: a row per dataset, and what follows over all of them."""

from typing import TYPE_CHECKING

import pandas as pd

from regbench import metrics
from regbench.analysis import Comparison, order, scale, verdict
from regbench.reports import _words
from regbench.reports._report import Table
from regbench.reports._words import MISSING

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.analysis.compare import DatasetDifference

PERCENT = " %"


def frame(comparison: Comparison) -> "DataFrame":
    """One row per dataset, full precision."""
    return pd.DataFrame([vars(each) for each in comparison.datasets])


def table(comparison: Comparison) -> Table:
    """Per dataset the difference in percent of B, its interval and the seeds A wins; over all in the last row."""
    overall, level = comparison.overall, f"{100 * comparison.level:g} %"
    unit = PERCENT if comparison.unit == scale.PERCENT else ""
    rows = [_row(each, unit) for each in comparison.datasets]
    if overall.datasets > 1:
        wins = f"{overall.wins} of {overall.datasets} datasets"
        rows.append(
            (
                "all",
                "",
                "",
                _words.signed(overall.percent, unit),
                _words.interval(overall.low, overall.high, unit),
                wins,
            )
        )
    about = metrics.about(comparison.metric)
    header = ("dataset", comparison.a, comparison.b, "difference", f"{level} interval", f"{comparison.a} {_won(about)}")
    caption = (
        f"Test {about.label} of {comparison.a} against {comparison.b}, paired by seed. {_difference(about)}: "
        f"negative is better for {comparison.a}."
    )
    return Table(caption, header, tuple(rows), _notes(comparison))


def _won(about: metrics.About) -> str:
    return f"{about.better}er" if about.has_direction else "nearer"


def _difference(about: metrics.About) -> str:
    """What the numbers between the two are."""
    if about.is_error:
        return "Difference in percent of the latter's error"
    lost = {"low": "", "high": ", turned so that less is better"}.get(
        str(about.better), f" of the distances from {about.better}"
    )
    return f"Difference{lost}"


def _row(each: "DatasetDifference", unit: str) -> tuple[str, ...]:
    wins = f"{each.wins} of {each.n} seed{'s' * (each.n != 1)}" + (f", {each.ties} tied" if each.ties else "")
    errors = (f"{each.a_mean:#.5g}", f"{each.b_mean:#.5g}")
    return (
        order.alias(each.dataset),
        *errors,
        _words.signed(each.percent, unit),
        _words.interval(each.low, each.high, unit),
        wins,
    )


def _notes(comparison: Comparison) -> tuple[str, ...]:
    """How the last row was made, the exact tests, what was left out, and at the end the verdict."""
    over = [*_shares(comparison), _tests(comparison.overall)] if comparison.overall.datasets > 1 else []
    missing = [f"left out: {each}" for each in comparison.missing]
    return (
        *_words.generated(each.dataset for each in comparison.datasets),
        *over,
        *missing,
        *comparison.notes,
        comparison.sentence,
        *([comparison.advice] if comparison.advice else []),
    )


def _shares(comparison: Comparison) -> list[str]:
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
        interval = _words.interval(overall.seeds_low, overall.seeds_high, unit)
        notes.append(f"for these {overall.datasets} datasets and other seeds alone: {interval}.")
    return notes


def _mean(comparison: Comparison) -> str:
    return "log ratio" if comparison.unit == scale.PERCENT else "difference"


def _words_of(comparison: Comparison) -> tuple[str, str]:
    """How a better value of A, and a worse one, lies to that of B."""
    return {"low": ("lower", "higher"), "high": ("higher", "lower")}.get(str(comparison.better), ("nearer", "further"))


def _tests(overall: verdict.Overall) -> str:
    return (
        f"exact tests over {overall.datasets} datasets: Wilcoxon p = {overall.wilcoxon_p:.3g}, sign test "
        f"p = {overall.sign_p:.3g}; the smallest p that {overall.datasets} datasets can give is "
        f"{overall.smallest_p:.3g}."
    )


def _chance(value: float | None) -> str:
    """A probability to two digits, and never nought or certain: resampling does not know that much."""
    if value is None:
        return MISSING
    if value < 0.005:
        return "< 0.01"
    return "> 0.99" if value >= 0.995 else f"{value:.2f}"
