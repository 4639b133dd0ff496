"""The results of a benchmark as ratios to a baseline, or as RMSE and MAE side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

from pandas import DataFrame

from regbench import metrics
from regbench.analysis import Normalized, aggregate, normalize, select
from regbench.analysis.aggregate import records, shown_with
from regbench.errors import NothingMeasured, some
from regbench.papers.bridges import WIDTH
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import tables, units
from regbench.reports.text import words

NAMING = ["dataset", "method", "variant", "k", WIDTH, "n", "n_expected", "diverged"]
RATIO = ["ratio", "ratio_std", "ratio_n", "ratio_seeds", "reason"]


@dataclass(frozen=True)
class Numbers:
    """Cells with their errors and, where there is a baseline, ratios and means."""

    cells: DataFrame
    normalized: Normalized | None
    units: str  # in words
    source: str
    notes: tuple[str, ...]
    metrics: tuple[str, ...] = metrics.USUAL  # of the cells


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
        left_out = tuple(cells.attrs.get("left_out", ()))
        return Numbers(units.convert(cells, options), None, unit, source, (*notes, *left_out), columns)
    ratios = normalize(shown, baseline=options.normalize, metric=options.metric, reference=frame)
    usable = ratios if ratios.cells["ratio"].notna().any() else None
    instead = () if usable else ("no ratio could be formed, so the errors themselves are shown",)
    cells = units.convert(ratios.cells, options)
    return Numbers(cells, usable, unit, source, (*notes, *ratios.notes, *instead), columns)


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
    rows = numbers.cells.reindex(columns=[*NAMING, *_statistics(numbers.metrics), *RATIO])
    return {"rows": rows} if numbers.normalized is None else {"rows": rows, "means": numbers.normalized.means}


def table(numbers: Numbers) -> Table:
    """The table of ratios, or a row per cell with RMSE and MAE."""
    if numbers.normalized is None:
        return _errors(numbers)
    return tables.ratio_table(numbers.normalized, numbers.source, numbers.notes)


def _measured(numbers: Numbers) -> str:
    """What is shown, in which units or which way it is better."""
    shown = [metrics.about(name) for name in numbers.metrics]
    errors = " and ".join(metric.label for metric in shown if metric.is_error)
    others = "".join(f" and {metric.label} ({metric.direction})" for metric in shown if not metric.is_error)
    return f"{errors} in {numbers.units}{others}"


def _statistics(names: Sequence[str]) -> list[str]:
    return [f"{name}_{statistic}" for name in names for statistic in ("mean", "std")]


def _errors(numbers: Numbers) -> Table:
    usual = words.usual_seeds(numbers.cells)
    rows = [(row, [tables.error(row, name, usual) for name in numbers.metrics]) for row in records(numbers.cells)]
    caption = (
        f"Test {_measured(numbers)}, mean ± standard deviation over seeds. "
        f"{numbers.source}; {words.seeds(numbers.cells)}."
    )
    return tables.listed(caption, [metrics.about(name).label for name in numbers.metrics], rows, numbers.notes)


REPORT = Report(title="Results relative to a baseline", compute=compute, table=table, frames=frames)
