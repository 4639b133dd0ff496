"""The table of the page: every cell with its ratio, its error and N, one metric beside the other."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pandas import DataFrame

from regbench import kinds, metrics
from regbench.analysis import order
from regbench.analysis.aggregate import null, records
from regbench.analysis.normalize import ROW
from regbench.errors import some
from regbench.reports import normalized
from regbench.reports.report import Options
from regbench.reports.shared import marking, tables
from regbench.reports.shared.ratio_table import DECIMALS, MEANS, best_means
from regbench.reports.text import marks, words

MOST_ROWS = 400  # of the table; more are named and not shown
SPOKEN = {
    marks.BEST: "lowest",
    marks.NEAR: "not separable from the lowest",
    marks.ALIKE: "prints the same as the lowest",
}
Place = tuple[str, str, int | None]  # a cell: dataset, variant, k


@dataclass(frozen=True)
class Cell:
    """One number: what is shown large and small, what it is sorted by, the cell that it belongs to, and its marks."""

    shown: str
    spread: str = ""
    below: str = ""
    value: float | None = None
    place: Place | None = None
    marks: str = ""

    @property
    def said(self) -> str:
        """Its marks in words."""
        return ", ".join(word for mark, word in SPOKEN.items() if mark in self.marks)


@dataclass(frozen=True)
class Row:
    """The names of a row, and its numbers in the order of `Grid.columns`; None where nothing was planned."""

    names: tuple[str, ...]
    cells: tuple[Cell | None, ...]
    is_reference: bool


@dataclass(frozen=True)
class Grid:
    """The table. groups: heading and full name of neighbouring columns, and the label and metric of each of them."""

    caption: str
    names: tuple[str, ...]
    groups: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    metrics: tuple[tuple[str, str], ...]  # name and label


def of(frame: DataFrame, options: Options) -> "tuple[Grid, dict[str, normalized.Numbers]]":
    """The table, and the numbers of each metric as `regbench report` computes them."""
    made = {name: normalized.compute(frame, replace(options, metric=name)) for name in options.metrics}
    first = next(iter(made.values()))
    datasets = sorted(set(first.cells["dataset"]), key=order.dataset_key)
    has_means = any(numbers.normalized and len(numbers.normalized.common) > 1 for numbers in made.values())
    cells = {name: _cells(numbers, name) for name, numbers in made.items()}
    means = {name: _means(numbers) for name, numbers in made.items()}
    columns = tuple((metrics.about(name).label, name) for name in made)
    rows = []
    for key, named in _rows(first.cells).items():
        shown: list[Cell | None] = [means[name].get((how, *key)) for how in MEANS for name in made if has_means]
        shown += [cells[name].get((dataset, *key)) for dataset in datasets for name in made]
        rows.append(Row(tables.row_names(named), tuple(shown), bool(kinds.is_reference(named["method"]))))
    rows = _with_alike(rows)
    kept = [place for place in range(len(tables.NAMES)) if not place or any(row.names[place] for row in rows)]
    over = [(title, f"{title} over datasets", columns) for title in MEANS.values()] if has_means else []
    return Grid(
        caption=_caption(first, list(made)),
        names=tuple(tables.NAMES[place] for place in kept),
        groups=(*over, *((order.alias(dataset), dataset, columns) for dataset in datasets)),
        rows=tuple(replace(row, names=tuple(row.names[place] for place in kept)) for row in rows[:MOST_ROWS]),
        notes=_notes(made, rows),
        metrics=tuple((name, label) for label, name in columns),
    ), made


def _with_alike(rows: list[Row]) -> list[Row]:
    """The rows, with a mark at each cell that prints the same as the best of its column."""
    columns = []
    for column in zip(*(row.cells for row in rows), strict=True):
        printed = [cell.marks + cell.shown if cell else "" for cell in column]
        found = map(marks.leading, marking.alike(printed, [""] * len(printed)))
        columns.append([cell and replace(cell, marks=mark) for cell, mark in zip(column, found, strict=True)])
    return [replace(row, cells=cells) for row, cells in zip(rows, zip(*columns, strict=True), strict=True)]


def _rows(cells: DataFrame) -> dict[tuple[Any, ...], dict[str, Any]]:
    """What tells rows apart → the first cell of each, in the order of all tables."""
    found = {key_of(row): row for row in reversed(records(cells))}
    return dict(sorted(found.items(), key=lambda item: order.row_key(*item[0])))


def key_of(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """What tells a row of the table from others."""
    return tuple(null(row[name]) for name in ROW)


def _cells(numbers: normalized.Numbers, metric: str) -> dict[tuple[Any, ...], Cell]:
    return {(row["dataset"], *key_of(row)): _cell(row, metric, numbers) for row in records(numbers.cells)}


def _cell(row: dict[str, Any], metric: str, numbers: normalized.Numbers) -> Cell:
    """A ratio above the error, or the error alone; always with the number of seeds."""
    place = (str(row["dataset"]), str(row["variant"]), null(row["k"]))
    diverged = f", {row['diverged']} diverged" if row["diverged"] else ""
    n = f"N {row['n']}" + (f" of {row['n_expected']}" if row["n"] != row["n_expected"] else "") + diverged
    if not row["n"]:
        mark = words.DIVERGED if row["diverged"] else words.MISSING
        return Cell(mark, below="every run diverged" if row["diverged"] else "no finished run", place=place)
    mean, spread = row[f"{metric}_mean"], row[f"{metric}_std"]
    if not words.has(mean):
        return Cell(words.MISSING, below=f"not recorded, {n}", place=place)
    found = marking.of(row, metric)
    form, of_spread = tables.formats(numbers.digits)
    if numbers.normalized is None:
        return Cell(words.number(mean, form), _spread(spread, of_spread), n, float(mean), place, found)
    error, of_ratio = words.number(mean, tables.DIGITS[0]), f".{_decimals(numbers)}f"
    if not words.has(row["ratio"]):
        return Cell(words.MISSING, below=f"{error}, {n}", place=place, marks=found)
    if row["ratio_n"] != row["n"]:
        n = f"N {row['ratio_n']:.0f} of {row['n_expected']} in common{diverged}"
    ratio = words.number(row["ratio"], of_ratio)
    return Cell(ratio, _spread(row["ratio_std"], of_ratio), f"{error}, {n}", float(row["ratio"]), place, found)


def _means(numbers: normalized.Numbers) -> dict[tuple[Any, ...], Cell]:
    if numbers.normalized is None:
        return {}
    found, means = {}, numbers.normalized.means
    best = {how: best_means(means, how) for how in MEANS}
    for number, row in enumerate(records(means)):
        for how in MEANS:
            value = null(row[how])
            shown = words.average(value, decimals=_decimals(numbers))
            found[(how, *key_of(row))] = Cell(shown, value=value, marks=marks.BEST * best[how][number])
    return found


def _decimals(numbers: normalized.Numbers) -> int:
    return DECIMALS if numbers.digits is None else numbers.digits


def _spread(value: Any, form: str) -> str:
    return f"± {words.number(value, form)}" if words.has(value) else ""


def _caption(numbers: normalized.Numbers, shown: list[str]) -> str:
    labels = " and ".join(metrics.about(name).label for name in shown)
    if numbers.normalized is None:
        return f"Test {labels} in {numbers.units}, mean ± standard deviation over N seeds. {numbers.source}."
    over = len(numbers.normalized.common)
    return (
        f"Test {labels} relative to {numbers.normalized.baseline} (= 1), mean ± standard deviation over seeds; below "
        f"it the error in {numbers.units}, and N seeds. {numbers.source}; "
        + (f"means over {over} dataset{'s' * (over != 1)}." if over else "no means.")
    )


def _notes(made: Mapping[str, normalized.Numbers], rows: list[Row]) -> tuple[str, ...]:
    notes = list(dict.fromkeys(note for numbers in made.values() for note in numbers.notes))
    if len(rows) > MOST_ROWS:
        gone = [" ".join(filter(None, row.names)) for row in rows[MOST_ROWS:]]
        notes.append(f"the first {MOST_ROWS} of {len(rows):,} rows are shown, not {some(gone)}: `--method` chooses")
    references = any(row.is_reference for row in rows)
    said = marking.meanings("bold: the lowest of its column", references=references)
    legend = marks.used([[cell.marks for cell in row.cells if cell] for row in rows], said)
    shown = [meaning if mark == marks.BEST else f"{mark} {meaning}" for mark, meaning in legend]
    return ("; ".join(shown), *notes) if shown else tuple(notes)
