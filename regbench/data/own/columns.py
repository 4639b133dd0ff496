"""What a column of text holds: numbers, yes and no, dates, or the levels of a category; by stated rules."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regbench.data.columns import Cells
from regbench.data.own.dates import dates
from regbench.data.own.numbers import is_missing, refuse_points, with_comma
from regbench.data.raw import Refused
from regbench.data.table import Float64
from regbench.reading import Preprocess, Reading

SWITCHES = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"))  # 1 and 0
LONG = 2  # letters: one word alone is yes or no if it has as many; an `f` alone may be anything
MOSTLY = 0.5  # of the cells are numbers: then one that is none is a mistake, and no level of a category
NUMBER, BOOLEAN, DATE, CATEGORY = "number", "boolean", "date", "category"


@dataclass(frozen=True, eq=False)
class Column:
    """One column of numbers, with gaps as NaN.

    name: the column's own, or that of a date with its part: `sold.month`.
    values: float64 (N,); of a category the place of each level in `levels`.
    kind: what the file has there.
    levels: of a category, sorted.
    marks: whether its gaps may be marked by a column of their own; they are once for all parts of a date.
    comma: whether it was written with decimal commas.
    origin: of the parts of a date, the name of their column.
    """

    name: str
    values: Float64
    kind: str = NUMBER
    levels: tuple[str, ...] = ()
    marks: bool = True
    comma: bool = False
    origin: str = ""

    @property
    def gaps(self) -> int:
        """Number of rows without a value."""
        return int(np.isnan(self.values).sum())


def read_column(file: str, name: str, cells: Cells, reading: Reading) -> list[Column]:
    """A column as numbers; several where it holds dates, and none where no cell has a value.

    Raises `Refused` for thousands, dates of unclear order, and one cell among numbers that is none.
    """
    if name in reading.preprocess.categorical:
        return [_category(name, cells.strings())]
    if (values := plain_numbers(cells)) is not None:
        return [] if np.isnan(values).all() else [Column(name, values)]
    text = cells.strings()
    if (values := with_comma(file, name, text, reading.decimal)) is not None:
        return [Column(name, values, comma=True)]
    words = {cell.strip().lower() for cell in text if not is_missing(cell)}
    if switch := next((pair for pair in SWITCHES if _is_switch(words, pair)), None):
        numbers = dict(zip(switch, (1.0, 0.0), strict=True))
        return [Column(name, np.array([numbers.get(cell.strip().lower(), np.nan) for cell in text]), kind=BOOLEAN)]
    if (parts := dates(file, name, text)) is not None:
        only = len(parts) == 1
        return [
            Column(name if only else f"{name}.{part}", values, kind=DATE, marks=part == "days", origin=name)
            for part, values in parts.items()
        ]
    _refuse_mistake(file, name, text)
    return [_category(name, text)]


def plain_numbers(cells: Cells) -> Float64 | None:
    """A column of numbers with decimal points, gaps as NaN; None where a cell is no number."""
    try:
        return cells.numbers()
    except ValueError:
        pass
    try:
        return np.array([float("nan") if is_missing(cell) else float(cell) for cell in cells.strings()])
    except ValueError:
        return None


def _is_switch(words: set[str], pair: tuple[str, str]) -> bool:
    """Whether a column says nothing but these two words, or only one of them if that is clear.

    >>> [_is_switch(words, ("t", "f")) for words in ({"t", "f"}, {"f"}, {"f", "m"})], _is_switch({"no"}, ("yes", "no"))
    ([True, False, False], True)
    """
    return words <= set(pair) and (len(words) == 2 or min(map(len, words)) >= LONG)


def check_points(file: str, columns: Sequence[Column], cells: dict[str, Cells], decimal: str) -> None:
    """Refuse numbers such as `1.234` in a file with decimal commas."""
    if decimal == "," or any(column.comma for column in columns):
        for column in columns:
            if column.kind == NUMBER and not column.comma:  # which has the name of its cells
                refuse_points(file, column.name, cells[column.name].strings())


def wanted(column: Column, rules: Preprocess) -> str:
    """What becomes of a column by its kind: `encode` and the like, `drop` or `refuse`."""
    asked = {CATEGORY: rules.categories, DATE: rules.dates, BOOLEAN: rules.booleans, NUMBER: "keep"}
    return asked[column.kind]


def _category(name: str, text: Sequence[str]) -> Column:
    """Levels in the order of their numbers, if all are numbers, else of their letters."""
    stripped = [cell.strip() for cell in text]
    found = {cell for cell in stripped if not is_missing(cell)}
    try:
        levels = sorted(found, key=lambda level: (float(level), level))
    except ValueError:
        levels = sorted(found)
    place = {level: float(number) for number, level in enumerate(levels)}
    return Column(name, np.array([place.get(cell, np.nan) for cell in stripped]), CATEGORY, tuple(levels))


def _refuse_mistake(file: str, name: str, text: Sequence[str]) -> None:
    filled = [(row, cell) for row, cell in enumerate(text, start=1) if not is_missing(cell)]
    wrong = [(row, cell) for row, cell in filled if not _is_number(cell)]
    if filled and len(wrong) < MOSTLY * len(filled):
        row, cell = wrong[0]
        others = len(filled) - len(wrong)
        raise Refused(
            f"{file}, column '{name}', row {row}: '{cell.strip()[:40]}' is not a number, as {others:,} of "
            f"{len(filled):,} cells are; correct it, leave the column out with --drop, or make it a category with "
            f"--preprocess categorical={name}"
        )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
