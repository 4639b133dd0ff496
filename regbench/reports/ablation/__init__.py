"""What changing one part of a method does to its own error: every variant against the method's defaults."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from regbench import variants
from regbench.analysis import Ablation, Change, ablate, order, select, verdict
from regbench.analysis.compare import DatasetDifference
from regbench.reports.ablation import notes, picture
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import tables
from regbench.reports.text import words

ALL = "all"  # in place of a dataset: the mean over all
READING = {
    verdict.A_BETTER: "better",
    verdict.B_BETTER: "worse",
    verdict.EQUAL: "equal",
    verdict.UNDECIDED: "undecided",
}
COLUMNS = [
    *("method", "variant", "changed", "k", "dataset", "datasets", "n", "wins", "percent", "low", "high", "scope"),
    *("variant_mean", "default_mean", "reading", "reason"),
]


@dataclass(frozen=True)
class Numbers:
    """Every change with its comparison, and one row per change and dataset, the mean over datasets as `all`.

    n and wins count pairs of runs, and those in which the variant's error is the lower; percent is negative where the
    change helps.
    """

    ablation: Ablation
    rows: pd.DataFrame
    k: int | None  # the one a picture shows
    datasets: tuple[str, ...]
    source: str
    notes: tuple[str, ...]


def compute(frame: pd.DataFrame, options: Options) -> Numbers:
    """The variants asked for against their defaults, which are kept even where a filter leaves them out."""
    beside = select(frame.reset_index(drop=True), k=options.k, datasets=options.datasets)
    wanted = select(beside, methods=options.methods)
    defaults = beside[(beside["variant"] == beside["method"]) & beside["method"].isin(wanted["method"])]
    shown = beside.loc[sorted({*wanted.index, *defaults.index})]
    shown.attrs = dict(frame.attrs)
    ablation = ablate(shown, metric=options.metric)
    rows = pd.DataFrame([row for change in ablation.changes for row in _rows(change)], columns=COLUMNS)
    rows = rows.astype({"k": "Int64", "datasets": "Int64", "n": "Int64", "wins": "Int64"})
    compared = {part.dataset for _, comparison in notes.compared(ablation) for part in comparison.datasets}
    return Numbers(
        ablation=ablation,
        rows=rows,
        k=_pictured(ablation, options),
        datasets=tuple(sorted(compared, key=order.dataset_key)),
        source=words.source(frame, options),
        notes=(*words.synthetic(frame, compared), *notes.notes(ablation)),
    )


def table(numbers: Numbers) -> Table:
    """A row per change and k: the difference in percent on each dataset, over all of them, and the verdict."""
    datasets, several = numbers.datasets, len(numbers.datasets) > 1
    usual = _usual(numbers.rows)
    lines = [
        (change.method, change.changed, words.setting(change.k), *_cells(change, datasets, usual))
        for change in numbers.ablation.changes
    ]
    header = ("method", "changed", "k", *map(order.alias, datasets))
    header += ("mean", "interval", "reading") if several else ("reading",)
    alike = bool((_pairs(numbers.rows) == usual).all())
    caption = notes.caption(numbers.ablation, numbers.source, usual, several=several, alike=alike)
    return tables.compact(Table(caption, header, tuple(lines), numbers.notes, index=3))


def draw(numbers: Numbers) -> Figure:
    """Curves over the settings that have several values, and a row for every other change, at one k."""
    rows = numbers.rows[tables.at_k(numbers.rows, numbers.k)]
    return picture.draw(numbers.ablation, numbers.k, _usual(rows))


def _rows(change: Change) -> list[dict[str, Any]]:
    named = {"method": change.method, "variant": change.variant, "changed": change.changed, "k": change.k}
    if change.comparison is None:
        return [{**named, "dataset": ALL, "datasets": 0, "n": 0, "wins": 0, "reason": change.reason}]
    parts = change.comparison.datasets
    apart = [
        {
            **named, "dataset": part.dataset, "datasets": 1, "n": part.n, "wins": part.wins, "percent": part.percent,
            "low": part.low, "high": part.high, "variant_mean": part.a_mean, "default_mean": part.b_mean,
            "scope": verdict.HERE,
        }
        for part in parts
    ]  # fmt: skip
    overall = change.comparison.overall
    across = {
        "dataset": ALL, "datasets": overall.datasets, "n": overall.pairs, "wins": sum(part.wins for part in parts),
        "percent": overall.percent, "low": overall.low, "high": overall.high, "scope": change.comparison.scope,
        "reading": READING[change.comparison.verdict],
    }  # fmt: skip
    return [*apart, {**named, **across}]


def _cells(change: Change, datasets: tuple[str, ...], usual: int) -> list[str]:
    """A cell per dataset and, for several datasets, their mean, its interval and the verdict."""
    comparison, several = change.comparison, len(datasets) > 1
    parts = {part.dataset: part for part in comparison.datasets} if comparison else {}
    nothing = {name: words.DIVERGED if name in change.diverged else words.MISSING for name in datasets}
    shown = [_difference(parts[name], usual) if name in parts else nothing[name] for name in datasets]
    if comparison is None:
        return [*shown, *[""] * (3 if several else 1)]
    if several:
        overall = comparison.overall
        short = "" if len(parts) == len(datasets) else f" ({len(parts)} of {len(datasets)} datasets)"
        shown += [f"{words.signed(overall.percent)}{short}", words.interval(overall.low, overall.high)]
    return [*shown, READING[comparison.verdict]]


def _difference(part: DatasetDifference, usual: int) -> str:
    sure = notes.SURE * notes.excludes_zero(part.low, part.high)
    return words.signed(part.percent) + sure + ("" if part.n == usual else f" ({part.n})")


def _pairs(rows: pd.DataFrame) -> pd.Series:
    return rows.loc[rows["dataset"] != ALL, "n"]


def _usual(rows: pd.DataFrame) -> int:
    """How many pairs of runs most cells have."""
    counts = _pairs(rows)
    return int(counts.mode().max()) if len(counts) else 0


def _pictured(ablation: Ablation, options: Options) -> int | None:
    """The k that is drawn: the one asked for if it was compared, else 25, else the largest."""
    ks = sorted({change.k for change in ablation.changes if change.k is not None and change.comparison})
    asked = [k for k in (*options.k, variants.DEFAULT_K) if k in ks]
    return asked[0] if asked else max(ks, default=None)


REPORT = Report(
    title="What changing one part of a method does to its own error",
    compute=compute,
    table=table,
    draw=draw,
    benchmark="bridges-ablations",
    or_last=False,
)
