"""The tables that a paper prints, each number with the interval that its rounding leaves open.

A table is a CSV file beside this one, a row for each cell or, of a swept setting, a column for each dataset.
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from regbench.papers.claims import ChosenTable, ErrorTable

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Number:
    """A number as it is printed: its value, and the digits after the point."""

    value: float
    decimals: int

    def interval(self, decimals: int | None = None) -> tuple[float, float]:
        """Between what rounding gives this number, to the digits printed or to so many `decimals`.

        >>> number("0.018").interval()
        (0.0175, 0.0185)
        """
        digits = self.decimals if decimals is None else decimals
        half = 0.5 * 10**-digits
        return round(self.value - half, digits + 1), round(self.value + half, digits + 1)


@dataclass(frozen=True)
class PrintedCell:
    """One number of a table: of which dataset (its short name) and which row."""

    dataset: str
    row: str  # a method, with its settings in brackets
    k: int | None
    number: Number


def number(text: str) -> Number:
    """A printed number.

    >>> number("0.090")
    Number(value=0.09, decimals=3)
    """
    return Number(float(text), len(text.strip().partition(".")[2]))


def errors(table: "ErrorTable") -> list[PrintedCell]:
    """Every cell of a table of errors."""
    cells = []
    for line in rows(table.file):
        settings = [f"{name}={line[name]}" for name in line if name in table.settings and line[name]]
        method = table.methods.get(line["method"], line["method"])
        cells.append(
            PrintedCell(
                dataset=table.dataset or line["dataset"],
                row=f"{method}[{','.join(settings)}]" if settings else method,
                k=int(line["k"]) if line.get("k") else None,
                number=number(line[table.value]),
            )
        )
    return cells


def chosen(table: "ChosenTable") -> dict[tuple[str, int | None], float]:
    """The value that a sweep chose: (dataset's short name, k) → value."""
    return {
        (dataset, int(line["k"]) if line.get("k") else None): float(value)
        for line in rows(table.file)
        for dataset, value in line.items()
        if dataset != "k"
    }


def rows(file: str) -> list[dict[str, str]]:
    """The lines of a CSV file beside this module, as text."""
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
