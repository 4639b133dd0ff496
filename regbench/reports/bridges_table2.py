"""Table 2 of "Building Bridges": test error of 19 rows on eight datasets, ours beside the paper's."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from regbench import catalog, metrics
from regbench.analysis import aggregate, order, select
from regbench.analysis.aggregate import null, records
from regbench.analysis.published import bridges_cells
from regbench.errors import NothingMeasured
from regbench.reports import _grid, _units, _words
from regbench.reports._grid import BEST, DIGITS, ROW
from regbench.reports._metric_problem import metric_problem
from regbench.reports._report import Options, Report, Table

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True)
class Numbers:
    """One row per cell, planned or printed in the paper, and what has to be said of them."""

    rows: "DataFrame"  # ours with best_rmse and best_mae, the paper's number, and whether it is a reference model's
    metrics: tuple[str, ...]
    units: str
    source: str
    notes: tuple[str, ...]


def compute(frame: "DataFrame", options: Options) -> Numbers:
    """The cells of the benchmark in the paper's order, the lowest mean of each column marked."""
    shown = select(frame, k=options.k, datasets=options.datasets, methods=options.methods)
    measured = tuple(dict.fromkeys((*metrics.USUAL, *options.metrics)))
    cells = aggregate(shown, measured)
    if not (cells["n"].any() or cells["diverged"].any()):
        raise NothingMeasured("no finished run to report on; `regbench run bridges` makes some")
    reference = cells["method"].isin(catalog.names("baselines"))
    rows = cells.assign(reference=reference, paper=_printed(cells))
    for metric in measured:
        lost = rows.assign(lost=rows[f"{metric}_mean"].map(metrics.about(metric).loss, na_action="ignore"))
        rows[f"best_{metric}"] = _grid.lowest(lost, "lost")
    notes = (
        *_words.synthetic(frame, cells["dataset"]),
        f"{_marked(options)}; whether a difference is more than noise is for `regbench compare` to say",
        *_chosen(shown),
        *_words.gaps(cells),
        *metric_problem(rows),
        *_not_planned(rows, options),
        *cells.attrs.get("left_out", ()),
    )
    source = _words.source(frame, options)
    return Numbers(_units.convert(rows, options), options.metrics, options.units, source, notes)


def table(numbers: Numbers) -> Table:
    """A block for each metric and one for what the paper prints: rows by datasets, reference models below a rule."""
    rows = numbers.rows
    own, datasets = rows[~rows["reference"]], rows["dataset"].nunique()
    count = len(own[ROW].drop_duplicates())
    caption = (
        f"Table 2, test {' and '.join(map(str.upper, numbers.metrics))} of {count} row{'s' * (count != 1)} on "
        f"{datasets} dataset{'s' * (datasets != 1)} in {_units.named(numbers.units)}, mean ± standard deviation over "
        f"seeds. {numbers.source}; {_words.seeds(rows)}."
    )
    usual = _words.usual_seeds(rows)
    blocks = [
        _grid.block(f"Test {each.upper()}", rows, lambda row, m=each: _cell(row, m, usual)) for each in numbers.metrics
    ]
    printed = rows[rows["paper"].notna()]
    if len(printed):
        title = "The paper's own Table 2, which it calls test RMSE"
        blocks.append(_grid.block(title, printed.assign(best=_lowest(printed, "paper")), _printed_cell))
    return _grid.stacked(caption, blocks, numbers.notes)


def frames(numbers: Numbers) -> dict[str, "DataFrame"]:
    """One row per cell."""
    return {"rows": numbers.rows}


def _marked(options: Options) -> str:
    if all(metrics.about(each).better == "low" for each in options.metrics):
        return _grid.MARKED
    direction = metrics.about(options.metrics[0]).direction
    return f"{BEST} marks the best mean of its column ({direction}), of a reference model where it is better still"


def _printed(cells: "DataFrame") -> "pd.Series":
    """The paper's number of each cell; null where it has none."""
    theirs = {(row["dataset"], row["variant"], null(row["k"])): row["test_rmse"] for row in records(bridges_cells())}
    found = [theirs.get((row["dataset"], row["variant"], null(row["k"]))) for row in records(cells)]
    return pd.Series(found, index=cells.index, dtype=float)


def _lowest(rows: "DataFrame", column: str) -> "pd.Series":
    return rows[column] == rows.groupby("dataset")[column].transform("min")


def _cell(row: dict[str, Any], metric: str, usual: _words.Seeds) -> str:
    if not row["n"]:
        return f"{_words.DIVERGED if row['diverged'] else _words.MISSING} (0/{row['n_expected']})"
    shown = _words.cell(row, row[f"{metric}_mean"], row[f"{metric}_std"], usual, DIGITS)
    return BEST * bool(row[f"best_{metric}"]) + shown


def _printed_cell(row: dict[str, Any]) -> str:
    return f"{BEST * bool(row['best'])}{row['paper']:.3f}" if _words.has(row["paper"]) else ""


def _chosen(frame: "DataFrame") -> list[str]:
    """Which settings are not the same in every cell, for they were chosen on validation rows."""
    fields = sorted({name for values in frame["swept"].dropna() for name in values}) if "swept" in frame else []
    said = "were chosen for each cell by its validation error; `regbench report table3 --json` has the values"
    return [f"{', '.join(fields)} {said}"] if fields else []


def _not_planned(rows: "DataFrame", options: Options) -> list[str]:
    """Which rows and datasets of the paper's table have no job here; what a filter took away is not said."""
    if options.k or options.datasets or options.methods:
        return []
    theirs = bridges_cells()
    have, want = ({(row["variant"], null(row["k"])): None for row in records(each)} for each in (rows, theirs))
    ks: dict[str, list[str]] = {}
    for variant, k in want:
        if (variant, k) not in have:
            ks.setdefault(variant, []).extend([str(k)] if k else [])
    gone = [f"{variant} k = {' '.join(each)}" if each else variant for variant, each in ks.items()]
    datasets = [order.alias(each) for each in dict.fromkeys(theirs["dataset"]) if each not in set(rows["dataset"])]
    what = [f"of the paper's {len(want)} rows {', '.join(gone)}"] * bool(gone)
    what += [f"of its datasets {' '.join(datasets)}"] * bool(datasets)
    return [f"without any job here: {'; '.join(what)}"] if what else []


REPORT = Report(
    title="Table 2: test error of all methods on all datasets",
    compute=compute,
    table=table,
    frames=frames,
    benchmark="bridges",
    reference="bridges-baselines",
    has_paper=True,
)
