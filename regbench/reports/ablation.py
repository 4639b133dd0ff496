"""What changing one part of a method does to its own error: every variant against the method's defaults."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from regbench.analysis import Ablation, Change, Comparison, ablate, order, select, variants
from regbench.reports import _ratios, _words
from regbench.reports._report import Options, Report, Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

    from regbench.analysis.compare import DatasetDifference

ALL = "all"  # in the place of a dataset: the mean over them
SURE = "*"  # after a difference whose interval leaves out 0
READING = {"A is better": "better", "B is better": "worse", "practically equal": "equal", "undecided": "undecided"}
COLUMNS = [
    *("method", "variant", "changed", "k", "dataset", "n", "wins", "percent", "low", "high", "variant_mean"),
    *("default_mean", "reading"),
]
MANY = 20  # comparisons, of which one in twenty at 95 % misses by chance


@dataclass(frozen=True)
class Numbers:
    """Every change with its comparison, and one row per change and dataset, the mean over datasets as `all`."""

    ablation: Ablation
    rows: "DataFrame"
    k: int | None  # the one a picture shows
    source: str
    notes: tuple[str, ...]


def compute(frame: "DataFrame", options: Options) -> Numbers:
    """The variants asked for against their defaults, which a filter on methods must not take away."""
    wanted = select(frame, k=options.k, datasets=options.datasets, methods=options.methods)
    beside = select(frame, k=options.k, datasets=options.datasets)
    defaults = beside[(beside["variant"] == beside["method"]) & beside["method"].isin(wanted["method"])]
    shown = frame.loc[frame.index.isin([*wanted.index, *defaults.index])]
    ablation = ablate(shown, metric=options.metric)
    rows = pd.DataFrame([row for change in ablation.changes for row in _rows(change)], columns=COLUMNS)
    rows = rows.astype({"k": "Int64", "n": "Int64", "wins": "Int64"})
    return Numbers(
        ablation=ablation,
        rows=rows,
        k=_pictured(ablation, options),
        source=_words.source(frame, options),
        notes=(
            *_words.synthetic(frame, shown["dataset"]),
            *_absent(ablation),
            *ablation.notes,
            *frame.attrs.get("left_out", ()),
        ),
    )


def table(numbers: Numbers) -> Table:
    """A row per change and k: the difference in percent on each dataset, over all of them, and what it says."""
    found = [each.comparison for each in numbers.ablation.changes if each.comparison]
    datasets = sorted({each.dataset for every in found for each in every.datasets}, key=order.dataset_key)
    usual = _usual(numbers)
    lines = []
    for change in numbers.ablation.changes:
        names = (change.method, change.changed, _words.setting(change.k))
        lines.append((*names, *_cells(change.comparison, datasets, usual)))
    metric, level, rope = numbers.ablation.metric.upper(), *_terms(found)
    over = "" if len(datasets) == 1 else f"; mean: of log ratios, each dataset counted once, with its {level} interval"
    differ = "" if (numbers.rows.loc[numbers.rows["dataset"] != ALL, "n"] == usual).all() else " unless (n) says so"
    caption = (
        f"Test {metric} of each method with one part changed, in percent above that of the method at its defaults and "
        f"the same k, paired by seed: below 0 the change helps. {SURE}: the {level} interval leaves out 0{over}. "
        f"Equal: it lies within ±{rope}. {numbers.source}; N = {usual}{differ} per cell."
    )
    header = ("method", "changed", "k", *map(order.alias, datasets))
    header += ("mean", f"{level} interval", "reading") if len(datasets) > 1 else ("reading",)
    return _ratios.compact(Table(caption, header, tuple(lines), (*numbers.notes, *_chance(found)), index=3))


def frames(numbers: Numbers) -> dict[str, "DataFrame"]:
    """One row per change and dataset, and one over all."""
    return {"rows": numbers.rows}


def draw(numbers: Numbers) -> "Figure":
    """Curves over the settings that have several values, and a row for every other change."""
    from regbench.reports import _changes

    return _changes.draw(numbers.ablation, numbers.k, _usual(numbers))


def _rows(change: Change) -> list[dict[str, Any]]:
    named = {"method": change.method, "variant": change.variant, "changed": change.changed, "k": change.k}
    if change.comparison is None:
        return [{**named, "dataset": ALL, "n": 0, "reading": change.reason}]
    each = [
        {
            **named, "dataset": part.dataset, "n": part.n, "wins": part.wins, "percent": part.percent, "low": part.low,
            "high": part.high, "variant_mean": part.a_mean, "default_mean": part.b_mean,
        }
        for part in change.comparison.datasets
    ]  # fmt: skip
    overall, reading = change.comparison.overall, READING[change.comparison.verdict]
    across = {"percent": overall.percent, "low": overall.low, "high": overall.high, "reading": reading}
    return [*each, {**named, "dataset": ALL, "n": overall.pairs, "wins": overall.wins, **across}]


def _cells(comparison: Comparison | None, datasets: list[str], usual: int) -> list[str]:
    if comparison is None:
        return [_words.MISSING] * len(datasets) + ([_words.MISSING, "", ""] if len(datasets) > 1 else [""])
    parts = {each.dataset: each for each in comparison.datasets}
    shown = [_difference(parts[name], usual) if name in parts else _words.MISSING for name in datasets]
    overall = comparison.overall
    if len(datasets) > 1:
        short = "" if len(parts) == len(datasets) else f" ({len(parts)} of {len(datasets)} datasets)"
        interval = f"{overall.low:+.2f} to {overall.high:+.2f}" if _words.has(overall.low) else _words.MISSING
        shown += [f"{overall.percent:+.2f}{short}", interval]
    return [*shown, READING[comparison.verdict]]


def _difference(part: "DatasetDifference", usual: int) -> str:
    sure = part.low is not None and part.high is not None and (part.low > 0 or part.high < 0)
    return f"{part.percent:+.2f}{SURE * sure}" + ("" if part.n == usual else f" ({part.n})")


def _usual(numbers: Numbers) -> int:
    """How many seeds most pairs of cells have."""
    counts = numbers.rows.loc[numbers.rows["dataset"] != ALL, "n"]
    return int(counts.mode().max()) if len(counts) else 0


def _terms(found: list[Comparison]) -> tuple[str, str]:
    level, rope = (found[0].level, found[0].rope) if found else (0.95, 0.01)
    return f"{100 * level:g} %", f"{100 * rope:g} %"


def _pictured(ablation: Ablation, options: Options) -> int | None:
    """The k asked for, or else 25, or else the largest."""
    ks = sorted({each.k for each in ablation.changes if each.k is not None})
    if not ks:
        return None
    asked = [k for k in options.k if k in ks]
    return asked[0] if asked else variants.DEFAULT_K if variants.DEFAULT_K in ks else ks[-1]


def _absent(ablation: Ablation) -> list[str]:
    """What has no pair of runs at all, and how many seeds of others are left out."""
    none = [_named(each) for each in ablation.changes if each.comparison is None]
    partly = {_named(each): each.comparison.missing for each in ablation.changes if each.comparison}
    lines = [f"{_words.MISSING}: no seed on which both have a finished run: {_some(none)}"] * bool(none)
    seen: dict[str, list[str]] = {}
    for name, missing in partly.items():
        for each in missing:
            seen.setdefault(each, []).append(name)
    return [*lines, *(f"left out: {each}" for each in seen)]


def _named(change: Change) -> str:
    return change.variant + ("" if change.k is None else f" (k = {change.k})")


def _some(names: list[str]) -> str:
    return ", ".join(names[: _words.NAMED]) + (
        f" and {len(names) - _words.NAMED} more" if len(names) > _words.NAMED else ""
    )


def _chance(found: list[Comparison]) -> list[str]:
    """What reading so many intervals at once amounts to."""
    count = len(found)
    if count < MANY:
        return []
    expected = round(count * (1 - found[0].level))
    return [
        f"{count} means with an interval each: were no change to do anything, about {expected} would leave out 0 "
        "by chance"
    ]


REPORT = Report(
    title="What changing one part of a method does to its own error",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    benchmark="bridges-ablations",
    or_last=False,
)
