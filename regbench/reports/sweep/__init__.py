"""What sweeps tried: the values chosen for each cell, and their validation error beside that of the defaults."""

from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure
from pandas import DataFrame

from regbench import metrics
from regbench.analysis import order, sweeps
from regbench.analysis.aggregate import records
from regbench.reports.report import Options, Report, Table
from regbench.reports.shared import tables, units
from regbench.reports.sweep import picture
from regbench.reports.text import symbols, words

EDGE, CARRIED = "*", "←"


@dataclass(frozen=True)
class Numbers:
    """Every configuration with its validation error, and every cell with what was chosen."""

    tried: DataFrame
    cells: DataFrame
    swept: sweeps.Swept
    metric: str
    units: str  # in words
    benchmark: str


def compute(swept: sweeps.Swept, options: Options) -> Numbers:
    """Means over the seeds of the sweep; test errors are not looked at."""
    filters = {"k": options.k, "datasets": options.datasets, "methods": options.methods}
    tried = sweeps.configurations(swept, metric=options.metric, **filters)
    cells = sweeps.cells(swept, tried, metric=options.metric)
    error = f"val_{options.metric}"
    tried = tried.assign(**{error: tried[error] * units.factor(tried, options)})
    wide = units.factor(cells, options)
    cells = cells.assign(error=cells["error"] * wide, default_error=cells["default_error"] * wide)
    return Numbers(tried, cells, swept, options.metric, units.named(cells, options.units), options.benchmark or "")


def table(numbers: Numbers) -> Table:
    """One row per cell: how much was tried, the values chosen, and the validation errors of these and the defaults."""
    fields = _fields(numbers)
    rows = []
    for cell in records(numbers.cells):
        k, from_k = words.setting(cell["k"]), words.setting(cell["carried_from_k"])
        errors = [_error(cell["error"]), _error(cell["default_error"])]
        rows.append(
            (
                order.alias(cell["dataset"]),
                cell["variant"],
                f"{k} {CARRIED}{from_k}" if from_k else k,
                str(cell["tried"]),
                str(cell["diverged"] or ""),
                *(_value(cell, name) for name in fields),
                *errors,
            )
        )
    metric = metrics.about(numbers.metric).label
    decides = numbers.swept.cells.attrs.get("decides", ())
    header = ("dataset", "method", "k", "tried", "diverged", *map(symbols.plain, fields))
    caption = (
        f"What a sweep found for each cell, and validation {metric} in {numbers.units} of what is chosen "
        f"and of the defaults, {words.best_epoch(decides)}. Benchmark {numbers.benchmark}."
    )
    errors = (f"validation {metric}", "of the defaults")
    return tables.compact(Table(caption, (*header, *errors), tuple(rows), tuple(_notes(numbers)), index=3))


def frames(numbers: Numbers) -> dict[str, DataFrame]:
    """Every configuration; and the cells with a column for each value chosen."""
    chosen = numbers.cells.drop(columns=["values"])
    values = {name: [values.get(name) for values in numbers.cells["values"]] for name in _fields(numbers)}
    on_edge = [" ".join(fields) for fields in chosen["on_edge"]]
    return {"rows": numbers.tried, "cells": chosen.assign(**values, on_edge=on_edge)}


def draw(numbers: Numbers) -> Figure:
    """The validation error over what was tried: surfaces where two fields make a grid, curves where one does."""
    return picture.figure(numbers.tried, numbers.cells, numbers.swept, numbers.metric)


def _fields(numbers: Numbers) -> list[str]:
    """The fields of which a value is chosen for any cell."""
    return [name for name in numbers.swept.fields() if any(name in values for values in numbers.cells["values"])]


def _value(cell: dict[str, Any], name: str) -> str:
    value = cell["values"].get(name)
    if value is None:
        return ""
    shown = f"{value:.3g}" if isinstance(value, float) else str(value)
    return shown + EDGE * (name in cell["on_edge"])


def _error(value: Any) -> str:
    return f"{value:#.5g}" if words.has(value) else words.MISSING


def _notes(numbers: Numbers) -> list[str]:
    cells, tried = numbers.cells, numbers.tried
    notes = []
    if edges := sum(map(bool, cells["on_edge"])):
        notes.append(f"{EDGE}: the lowest or the highest value tried, in {edges} of {len(cells)} cells")
    if (count := int(cells["carried_from_k"].notna().sum())) > 0:
        notes.append(f"{CARRIED}: carried from the k beside the arrow, in {count} of {len(cells)} cells")
    if lost := int((cells["tried"] == cells["diverged"]).sum()):
        notes.append(f"every configuration diverged in {lost} of {len(cells)} cells, which have their defaults")
    chosen = cells["chosen"].astype(bool)
    if count := int((~chosen).sum()):
        notes.append(f"{count} of {len(cells)} cells are not chosen by a benchmark: the best so far is shown")
        notes.append(f"{words.MISSING} of the defaults: a sweep has none, but the benchmark that chooses from it has")
    if cells.loc[chosen, "default_error"].isna().any():
        notes.append(f"{words.MISSING} of the defaults: they are not among the values tried")
    if count := int((tried["finished"] < tried["seeds"]).sum()):
        notes.append(f"{count} of {len(tried)} configurations are not finished")
    if other := set(cells["by"]) - {f"val/{numbers.metric}"}:
        notes.append(f"the errors of cells are {', '.join(sorted(other))}, by which they were chosen")
    return [*notes, *map(str, numbers.swept.cells.attrs.get("left_out", ()))]


REPORT = Report(
    title="What sweeps tried and found",
    compute=compute,
    table=table,
    frames=frames,
    draw=draw,
    needs="sweeps",
    benchmark="bridges",
)
