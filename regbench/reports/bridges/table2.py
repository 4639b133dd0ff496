"""Table 2 of "Building Bridges": test error of 19 rows on eight datasets, ours beside the paper's."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd

from regbench import metrics
from regbench.analysis import aggregate, budget, order, select
from regbench.analysis.aggregate import null, records
from regbench.analysis.normalize import describe
from regbench.analysis.published import bridges_cells
from regbench.analysis.separable import row_of
from regbench.errors import NothingMeasured
from regbench.reports.bridges.metric_problem import metric_problem
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import marking, tables, units
from regbench.reports.shared.tables import ROW
from regbench.reports.text import words
from regbench.reports.text.marks import BEST


@dataclass(frozen=True)
class Numbers:
    """One row per cell, planned or printed in the paper, and the notes on them."""

    rows: pd.DataFrame  # with columns best_METRIC, paper and reference
    metrics: tuple[str, ...]
    units: str  # in words
    source: str
    notes: tuple[str, ...]
    digits: int | None = None


def compute(frame: pd.DataFrame, options: Options) -> Numbers:
    """The cells of the benchmark in the paper's order, the lowest mean of each column marked."""
    shown = select(frame, k=options.k, datasets=options.datasets, methods=options.methods)
    measured = tuple(dict.fromkeys((*metrics.USUAL, *options.metrics)))
    cells = aggregate(shown, measured)
    if not (cells["n"].any() or cells["diverged"].any()):
        raise NothingMeasured("no finished run to report on; `regbench run bridges` makes some")
    rows = marking.marked(cells, measured, shown, paper=_printed(cells))
    tried = budget.by_row(shown)
    notes = (
        *words.synthetic(frame, cells["dataset"]),
        *marking.untold(rows, options.metrics[0]),
        *_chosen(shown),
        *(budget.note(tried, {row_of(row): describe(row) for row in records(cells)}) if tried else []),
        *words.gaps(cells),
        *metric_problem(rows),
        *_not_planned(rows, options),
        *cells.attrs.get("left_out", ()),
    )
    source = words.source(frame, options)
    unit = units.named(rows, options.units)
    return Numbers(units.convert(rows, options), options.metrics, unit, source, notes, options.digits)


def table(numbers: Numbers) -> Table:
    """A block per metric and one for the paper's numbers: rows by datasets, reference models below a rule."""
    rows = numbers.rows
    own, datasets = rows[~rows["reference"]], rows["dataset"].nunique()
    count = len(own[ROW].drop_duplicates())
    labels = " and ".join(metrics.about(name).label for name in numbers.metrics)
    caption = (
        f"Table 2, test {labels} of {count} row{'s' * (count != 1)} on "
        f"{datasets} dataset{'s' * (datasets != 1)} in {numbers.units}, mean ± standard deviation over "
        f"seeds. {numbers.source}; {words.seeds(rows)}."
    )
    usual = words.usual_seeds(rows)
    blocks = [
        tables.block(f"Test {metrics.about(name).label}", rows, partial(_cell, name, usual, numbers.digits))
        for name in numbers.metrics
    ]
    printed = rows[rows["paper"].notna()]
    if len(printed):
        lowest = printed["paper"] == printed.groupby("dataset")["paper"].transform("min")
        title = "The paper's own Table 2, which it calls test RMSE"
        blocks.append(tables.block(title, printed.assign(best=lowest), _printed_cell))
    first = metrics.about(numbers.metrics[0])
    better = "lowest mean" if first.better == "low" else f"best mean ({first.direction})"
    return marking.explained(tables.stacked(caption, blocks, numbers.notes), better)


def _printed(cells: pd.DataFrame) -> pd.Series:
    """The paper's number of each cell; null where it has none."""
    theirs = {(row["dataset"], row["variant"], null(row["k"])): row["test_rmse"] for row in records(bridges_cells())}
    found = [theirs.get((row["dataset"], row["variant"], null(row["k"]))) for row in records(cells)]
    return pd.Series(found, index=cells.index, dtype=float)


def _cell(metric: str, usual: words.Seeds, digits: int | None, row: dict[str, Any]) -> str:
    if not row["n"]:
        return f"{words.DIVERGED if row['diverged'] else words.MISSING} (0/{row['n_expected']})"
    return tables.error(row, metric, usual, digits)


def _printed_cell(row: dict[str, Any]) -> str:
    return f"{BEST * bool(row['best'])}{row['paper']:.3f}" if words.has(row["paper"]) else ""


def _chosen(frame: pd.DataFrame) -> list[str]:
    """The settings that differ between cells because they were chosen on validation rows."""
    fields = sorted({name for values in frame["swept"].dropna() for name in values}) if "swept" in frame else []
    said = "were chosen for each cell by its validation error; `regbench report table3 --json` has the values"
    return [f"{', '.join(fields)} {said}"] if fields else []


def _not_planned(rows: pd.DataFrame, options: Options) -> list[str]:
    """The rows and datasets of the paper's table that have no job here; none where the user asked for a part."""
    if options.k or options.datasets or options.methods:
        return []
    theirs = bridges_cells()
    have, want = ({(row["variant"], null(row["k"])): None for row in records(frame)} for frame in (rows, theirs))
    ks: dict[str, list[str]] = {}
    for variant, k in want:
        if (variant, k) not in have:
            ks.setdefault(variant, []).extend([str(k)] if k else [])
    gone = [f"{variant} k = {' '.join(missing)}" if missing else variant for variant, missing in ks.items()]
    datasets = [order.alias(name) for name in dict.fromkeys(theirs["dataset"]) if name not in set(rows["dataset"])]
    what = [f"of the paper's {len(want)} rows {', '.join(gone)}"] * bool(gone)
    what += [f"of its datasets {' '.join(datasets)}"] * bool(datasets)
    return [f"without any job here: {'; '.join(what)}"] if what else []


REPORT = Report(
    title="Table 2: test error of all methods on all datasets",
    compute=compute,
    table=table,
    benchmark="bridges",
    reference="bridges-baselines",
    has_paper=True,
    has_digits=True,
)
