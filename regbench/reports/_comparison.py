"""A comparison of two methods as a table: a row per dataset, and what follows over all of them."""

from typing import TYPE_CHECKING

import pandas as pd

from regbench.analysis import Comparison, order, verdict
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
    rows = [_row(each) for each in comparison.datasets]
    if overall.datasets > 1:
        wins = f"{overall.wins} of {overall.datasets} datasets"
        rows.append(
            (
                "all",
                "",
                "",
                _words.signed(overall.percent, PERCENT),
                _words.interval(overall.low, overall.high, PERCENT),
                wins,
            )
        )
    metric = comparison.metric.upper()
    header = ("dataset", comparison.a, comparison.b, "difference", f"{level} interval", f"{comparison.a} lower")
    caption = (
        f"Test {metric} of {comparison.a} against {comparison.b}, paired by seed. Difference in percent of the "
        f"latter's error: negative is better for {comparison.a}."
    )
    return Table(caption, header, tuple(rows), _notes(comparison))


def _row(each: "DatasetDifference") -> tuple[str, ...]:
    wins = f"{each.wins} of {each.n} seed{'s' * (each.n != 1)}" + (f", {each.ties} tied" if each.ties else "")
    errors = (f"{each.a_mean:#.5g}", f"{each.b_mean:#.5g}")
    return (
        order.alias(each.dataset),
        *errors,
        _words.signed(each.percent, PERCENT),
        _words.interval(each.low, each.high, PERCENT),
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
    if overall.low is None:
        return ["all: mean log ratio over datasets, each counted once."]
    general = comparison.scope == verdict.GENERAL
    how = "datasets and, within them, seeds resampled" if general else "these datasets, other seeds"
    margin = f"{100 * comparison.rope:g} %"
    notes = [
        f"all: mean log ratio over datasets, each counted once; interval: {how}. Chance that {a} is lower "
        f"{_chance(overall.p_better)}; lower by more than {margin} {_chance(overall.p_clearly_better)}, within "
        f"±{margin} {_chance(overall.p_equal)}, higher by more {_chance(overall.p_clearly_worse)}."
    ]
    if general and overall.seeds_low is not None:
        interval = _words.interval(overall.seeds_low, overall.seeds_high, PERCENT)
        notes.append(f"for these {overall.datasets} datasets and other seeds alone: {interval}.")
    return notes


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
