"""What a table of ratios says besides them: what seeds separate, ranks, tuning budgets, where averages disagree."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from pandas import DataFrame

from regbench import kinds, metrics
from regbench.analysis import Normalized, budget, gap, normalize, separable
from regbench.analysis.aggregate import records
from regbench.analysis.flips import flips
from regbench.analysis.normalize import describe
from regbench.errors import NothingMeasured
from regbench.reports.report import Options
from regbench.reports.shared import marking
from regbench.reports.shared.ratio_table import DECIMALS, MEANS

GAP = "gap"  # the column that is made on request
RANKS = (
    "rank: 1 and the number of rows that are better on these datasets by more than seeds explain (paired by seed, "
    f"geometric means, {marking.SURE} for all pairs at once); rows that cannot be separated share a rank"
)
MOST_FLIPS = 3  # pairs named; there may be hundreds
Notes = tuple[str, ...]


def judged(ratios: Normalized, shown: DataFrame, options: Options) -> tuple[Normalized, Notes]:
    """The ratios with marks of their cells, further columns of their means, and notes on these."""
    errors = separable.Errors(shown, ratios.metric)
    reference = ratios.cells["method"].map(kinds.is_reference).astype(bool)
    cells = marking.judged(ratios.cells.assign(reference=reference), ratios.cells["ratio"], ratios.metric, errors)
    cells.attrs = ratios.cells.attrs
    tried = budget.by_row(shown)
    rows = {separable.row_of(mean): describe(mean) for mean in records(ratios.means)}
    means = ratios.means.assign(
        rank=pd.array(separable.ranks([*rows], ratios.common, errors), dtype="Int64"),
        tried_fewest=pd.array([tried[row].fewest if row in tried else None for row in rows], dtype="Int64"),
        tried=pd.array([tried[row].most if row in tried else None for row in rows], dtype="Int64"),
    )
    notes = [RANKS] * bool(means["rank"].notna().any()) + marking.untold(cells, ratios.metric)
    notes += _flips(ratios, shown, [*rows.values()]) + (budget.note(tried, rows) if tried else [])
    if GAP in options.columns:
        cells, said = with_gap(cells, shown, options.metric)
        gaps = [_over(cells, row, ratios.common) for row in rows]
        means = means.assign(gap=pd.Series(gaps, index=means.index, dtype=float))
        notes += said
    return replace(ratios, cells=cells, means=means), tuple(notes)


def with_gap(cells: DataFrame, shown: DataFrame, metric: str) -> tuple[DataFrame, list[str]]:
    """Cells with a column of gaps, and what these are; `NothingMeasured` where no run has every epoch."""
    about = metrics.about(metric)
    found = gap.by_cell(shown, metric) if gap.COLUMN.format(metric) in shown and about.is_error else None
    if found is None or found.isna().all():
        raise NothingMeasured(
            f"--columns {GAP}: no run here has {about.label} of every epoch: a distilled export does not, nor does a "
            "metric that is no error or is kept of the best epoch alone"
        )
    by = dict(zip(map(_key, found.index), found, strict=True))
    column = [by.get((row["dataset"], *separable.row_of(row))) for row in records(cells)]
    said = f"gap: test {about.label} at the chosen epoch above the lowest of all epochs, which only the test rows know"
    attrs = cells.attrs
    cells = cells.assign(gap=pd.Series(column, index=cells.index, dtype=float))
    cells.attrs = attrs
    return cells, [said]


def _key(index: Any) -> tuple[Any, ...]:
    return tuple(None if pd.isna(value) else value for value in index)


def _over(cells: DataFrame, row: tuple[Any, ...], datasets: Sequence[str]) -> float | None:
    """The mean gap of a row over datasets."""
    mine = [cell[GAP] for cell in records(cells) if separable.row_of(cell) == row and cell["dataset"] in datasets]
    return float(np.mean(mine)) if mine else None


def _flips(ratios: Normalized, shown: DataFrame, names: Sequence[str]) -> list[str]:
    """One line on the pairs of rows whose order depends on the average or on the metric."""
    label = metrics.about(ratios.metric).label
    averages = {word: ratios.means[name].tolist() for name, word in MEANS.items()}
    if len(ratios.common) < 2:
        averages = {label: averages[MEANS["arithmetic"]]}
    if (other := _other(ratios.metric)) and f"test_{other}" in shown and shown[f"test_{other}"].notna().any():
        of_other = normalize(shown, baseline=ratios.baseline, metric=other, reference=shown)
        if list(map(describe, records(of_other.means))) == list(names) and of_other.common == ratios.common:
            word = metrics.about(other).label
            averages[f"mean of {word}" if len(averages) > 1 else word] = of_other.means["arithmetic"].tolist()
    found = flips(averages, DECIMALS)
    said = [
        f"{names[one]} is before {names[other]} by {_listed(first)}, but after it by {_listed(second)}"
        for one, other, first, second in found[:MOST_FLIPS]
    ]
    more = f"; so do {len(found) - MOST_FLIPS} more pairs" if len(found) > MOST_FLIPS else ""
    return [f"verdict flips with the aggregator: {'; '.join(said)}{more}"] if found else []


def _listed(names: Sequence[str]) -> str:
    """Names with commas, the last with an and."""
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def _other(metric: str) -> str:
    """RMSE for MAE, and the other way round; of the same rows. Nothing for another metric."""
    rows, slash, name = metric.rpartition("/")
    first, second = metrics.USUAL
    return {first: f"{rows}{slash}{second}", second: f"{rows}{slash}{first}"}.get(name, "")
