"""The printed tables of a paper; each number has the interval of values that round to it.

A table is a CSV file next to the claims, with a row per cell or, for a swept setting, a column per dataset.
"""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from regbench.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from regbench.papers.claims import ChosenTable, ErrorTable

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Number:
    """A printed number: its value, and the number of digits after the point."""

    value: float
    decimals: int

    def interval(self, decimals: int | None = None) -> tuple[float, float]:
        """The interval of values that round to this number, with the printed digits or with `decimals`.

        >>> number("0.018").interval()
        (0.0175, 0.0185)
        """
        digits = self.decimals if decimals is None else decimals
        half = 0.5 * 10**-digits
        return round(self.value - half, digits + 1), round(self.value + half, digits + 1)


@dataclass(frozen=True)
class PrintedCell:
    """One number of a table, with its dataset (short name) and row."""

    dataset: str
    row: str  # a method, with its settings in brackets
    k: int | None
    number: Number


def number(text: str) -> Number:
    """Parse a printed number.

    >>> number("0.090")
    Number(value=0.09, decimals=3)
    """
    return Number(float(text), len(text.strip().partition(".")[2]))


def errors(table: "ErrorTable", folder: Path = FOLDER) -> list[PrintedCell]:
    """All cells of a table of errors; raises `UsageError` for missing columns or cells that are not numbers."""
    columns = table.values or {table.dataset: table.value}
    return [cell for line in rows(table.file, folder) for cell in _of_line(table, line, columns)]


def _of_line(table: "ErrorTable", line: Mapping[str, str], columns: Mapping[str, str]) -> Iterator[PrintedCell]:
    """The cells of one line of a file, without those that are empty in a table of several columns."""
    own_dataset = not (table.dataset or table.values)
    needed = ("method", *columns.values(), *table.settings, *(("dataset",) if own_dataset else ()))
    if missing := next((name for name in needed if name not in line), None):
        raise UsageError(f"{table.file}: no column called '{missing}'{did_you_mean(missing, line)}")
    row = row_name(line, table.settings, table.methods)
    for dataset, column in columns.items():
        if table.values and not line[column]:
            continue
        try:
            k, printed = int(line["k"]) if line.get("k") else None, number(line[column])
        except ValueError as error:
            raise UsageError(f"{table.file}, {line['method']}: {error}") from None
        yield PrintedCell(line["dataset"] if own_dataset else dataset, row, k, printed)


def row_name(line: Mapping[str, str], settings: Sequence[str], methods: Mapping[str, str] | None = None) -> str:
    """The name of a line's row: its method, with the columns that are settings of its last part in brackets.

    >>> row_name({"method": "lsq+rot", "gamma": "0.1", "m": ""}, ["gamma", "m"])
    'lsq+rot[gamma=0.1]'
    """
    given = ",".join(f"{name}={line[name]}" for name in settings if line[name])
    method = (methods or {}).get(line["method"], line["method"])
    return f"{method}[{given}]" if given else method


def chosen(table: "ChosenTable", folder: Path = FOLDER) -> dict[tuple[str, int | None], float]:
    """The values a sweep chose: (dataset's short name, k) → value."""
    return {
        (dataset, int(line["k"]) if line.get("k") else None): float(value)
        for line in rows(table.file, folder)
        for dataset, value in line.items()
        if dataset != "k"
    }


def rows(file: str, folder: Path = FOLDER) -> list[dict[str, str]]:
    """The rows of a CSV file as dictionaries of text."""
    with (folder / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
