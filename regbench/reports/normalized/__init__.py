"""The results of a benchmark as ratios to a baseline, or as RMSE and MAE side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pandas import DataFrame

from regbench import metrics
from regbench.analysis import Normalized, aggregate, budget, normalize, select
from regbench.analysis.aggregate import records, shown_with
from regbench.analysis.normalize import describe
from regbench.analysis.separable import row_of
from regbench.errors import NothingMeasured, some
from regbench.papers.bridges import WIDTH
from regbench.reports.normalized import honest
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import marking, ratio_table, tables, units
from regbench.reports.text import words

NAMING = ["dataset", "method", "variant", "k", WIDTH, "n", "n_expected", "diverged"]
RATIO = ["ratio", "ratio_std", "ratio_n", "ratio_seeds", "reason"]
MARKS, MORE = ("best_", "near_"), ("published", "gap")  # columns of cells that have them


@dataclass(frozen=True)
class Numbers:
    """Cells with their errors and, where there is a baseline, ratios and means."""

    cells: DataFrame
    normalized: Normalized | None
    units: str  # in words
    source: str
    notes: tuple[str, ...]
    metrics: tuple[str, ...] = metrics.USUAL  # of the cells
    digits: int | None = None


def compute(frame: DataFrame, options: Options) -> Numbers:
    """The cells asked for; ratios where there is a baseline, else the errors themselves."""
    shown = select(frame, k=options.k, datasets=options.datasets, methods=options.methods)
    shown, untouched = (shown, ()) if options.methods else _measured_rows(shown)
    asked = metrics.about(options.metric)
    columns = shown_with(asked.name)
    cells = aggregate(shown, columns)
    if not (cells["n"].any() or cells["diverged"].any()):
        raise NothingMeasured(
            "no finished run to report on; `regbench run` makes some, `regbench status` shows how far"
        )
    source = words.source(frame, options)
    unit = units.named(cells, options.units)
    notes = (*words.synthetic(frame, cells["dataset"]), *words.gaps(cells), *untouched)
    if options.normalize and not asked.is_error:
        notes += (
            f"{asked.label} ({asked.direction}) is shown as it is: a ratio to {options.normalize} would mean nothing",
        )
    if options.normalize is None or not asked.is_error:
        return _as_they_are(shown, cells, columns, options, Numbers(cells, None, unit, source, notes))
    ratios = normalize(shown, baseline=options.normalize, metric=options.metric, reference=frame)
    if not ratios.cells["ratio"].notna().any():
        notes += (*ratios.notes, "no ratio could be formed, so the errors themselves are shown")
        return _as_they_are(shown, ratios.cells, columns, options, Numbers(cells, None, unit, source, notes))
    ratios, said = honest.judged(ratios, shown, options)
    cells = units.convert(ratios.cells, options)
    return Numbers(cells, ratios, unit, source, (*notes, *ratios.notes, *said), columns, options.digits)


def _as_they_are(
    shown: DataFrame, cells: DataFrame, columns: tuple[str, ...], options: Options, begun: Numbers
) -> Numbers:
    """The errors themselves, the best of each dataset marked."""
    left_out, tried = cells.attrs.get("left_out", ()), budget.by_row(shown)
    cells = marking.marked(cells, columns, shown, tried=[_tried(tried.get(row_of(row))) for row in records(cells)])
    rows = {row_of(row): describe(row) for row in records(cells)}
    notes = [*marking.untold(cells, columns[0]), *(budget.note(tried, rows) if tried else [])]
    if honest.GAP in options.columns:
        cells, said = honest.with_gap(cells, shown, options.metric)
        notes += said
    return replace(
        begun,
        cells=units.convert(cells, options),
        notes=(*begun.notes, *(line for line in left_out if line not in begun.notes), *notes),
        metrics=columns,
        digits=options.digits,
    )


def _tried(tried: budget.Tried | None) -> str:
    return tried.text if tried else ""


def _measured_rows(shown: DataFrame) -> tuple[DataFrame, tuple[str, ...]]:
    """The rows of which a run has ended on any dataset, and a note on the others, which perhaps nobody asked for.

    Where no row has such a run, all are kept.
    """
    ended = shown["run_id"].notna() if "run_id" in shown else shown["test_rmse"].notna()
    by_row = ended.groupby([shown["variant"], shown["k"]], dropna=False, sort=False)
    has = by_row.transform("any")
    if has.all() or not has.any():
        return shown, ()
    kept = shown[has]
    kept.attrs = dict(shown.attrs)
    pairs = shown.loc[~has, ["variant", "k"]].drop_duplicates().itertuples(index=False)
    names = [f"{variant} (k = {k})" if words.has(k) else f"{variant}" for variant, k in pairs]
    return kept, (f"no finished run, and so not shown: {some(names)}",)


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """One row per cell; and, with a baseline, the means over datasets."""
    marks = [name for name in map(str, numbers.cells) if name.startswith(MARKS) or name in MORE]
    rows = numbers.cells.reindex(columns=[*NAMING, *_statistics(numbers.metrics), *RATIO, *marks])
    return {"rows": rows} if numbers.normalized is None else {"rows": rows, "means": numbers.normalized.means}


def table(numbers: Numbers) -> Table:
    """The table of ratios, or a row per cell with RMSE and MAE."""
    if numbers.normalized is None:
        return _errors(numbers)
    return ratio_table.ratio_table(numbers.normalized, numbers.source, numbers.notes, numbers.digits)


def _measured(numbers: Numbers) -> str:
    """What is shown, in which units or which way it is better."""
    shown = [metrics.about(name) for name in numbers.metrics]
    errors = " and ".join(metric.label for metric in shown if metric.is_error)
    others = "".join(f" and {metric.label} ({metric.direction})" for metric in shown if not metric.is_error)
    return f"{errors} in {numbers.units}{others}"


def _statistics(names: Sequence[str]) -> list[str]:
    return [f"{name}_{statistic}" for name in names for statistic in ("mean", "std")]


def _errors(numbers: Numbers) -> Table:
    usual, cells = words.usual_seeds(numbers.cells), numbers.cells
    more = {name: name for name in ("tried",) if name in cells and cells[name].any()}
    more |= {honest.GAP: honest.GAP} if honest.GAP in cells else {}
    rows = [
        (
            row,
            [
                *(tables.error(row, name, usual, numbers.digits) for name in numbers.metrics),
                *(_more(row, each) for each in more),
            ],
        )
        for row in records(cells)
    ]
    caption = (
        f"Test {_measured(numbers)}, mean ± standard deviation over seeds. {numbers.source}; {words.seeds(cells)}."
    )
    header = [*(metrics.about(name).label for name in numbers.metrics), *more]
    better = "lowest" if all(metrics.about(name).better == "low" for name in numbers.metrics) else "best"
    return marking.explained(tables.listed(caption, header, rows, numbers.notes), better, grouped=True)


def _more(row: dict[str, Any], name: str) -> str:
    """A cell of a further column."""
    if name != honest.GAP:
        return str(row[name])
    return f"{row[name]:.1f} %" if words.has(row[name]) else words.MISSING


REPORT = Report(title="Results relative to a baseline", compute=compute, table=table, frames=frames, has_digits=True)
