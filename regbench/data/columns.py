"""The columns of a parsed file: their names, and their cells as text, from which numbers are read exactly."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from regbench.data.raw import Refused
from regbench.errors import did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none", "<na>", "nat", "#n/a"})


class Cells(Protocol):
    """The cells of one column."""

    def strings(self) -> tuple[str, ...]:
        """Each cell as text."""
        ...

    def numbers(self) -> NDArray[np.float64]:
        """Each cell as the nearest double; `ValueError` where one is no number."""
        ...


@dataclass(frozen=True)
class PythonCells:
    """Cells as Python strings."""

    cells: tuple[str, ...]

    def strings(self) -> tuple[str, ...]:
        return self.cells

    def numbers(self) -> NDArray[np.float64]:
        return np.array(list(map(float, self.cells)))


@dataclass(frozen=True)
class ArrowCells:
    """Cells in Arrow's memory, for large files; Arrow reads a decimal to the nearest double, as Python does."""

    cells: "pa.ChunkedArray"

    def strings(self) -> tuple[str, ...]:
        return tuple(self.cells.to_pylist())

    def numbers(self) -> NDArray[np.float64]:
        import pyarrow as pa

        try:
            found = self.cells.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:  # Python accepts more, such as blanks around a number
            return PythonCells(self.strings()).numbers()
        return found if np.isfinite(found).all() else PythonCells(self.strings()).numbers()


@dataclass(frozen=True)
class TextTable:
    """A parsed file: the names and cells of its columns, and what was assumed when it was read."""

    file: str
    names: tuple[str, ...]
    columns: tuple[Cells, ...]
    notes: tuple[str, ...] = ()

    @cached_property
    def _places(self) -> dict[str, list[int]]:
        places: dict[str, list[int]] = {}
        for place, name in enumerate(self.names):
            places.setdefault(name, []).append(place)
        return places

    def strings(self, name: str) -> tuple[str, ...]:
        """The cells of a column; `fixed.acidity`, `fixed acidity` and `Fixed_Acidity` are the same name."""
        return self._cells(name).strings()

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as float64 (N,), each cell read to the nearest double; missing cells are NaN."""
        cells = self._cells(name)
        try:
            return cells.numbers()
        except ValueError:
            return np.array([self._number(name, row, cell) for row, cell in enumerate(cells.strings(), start=1)])

    def _cells(self, name: str) -> Cells:
        found = self._places.get(name) or [i for i, column in enumerate(self.names) if plain(column) == plain(name)]
        if not found:
            raise Refused(f"{self.file} has no column '{name}'{did_you_mean(name, self.names)}")
        if len(found) > 1:
            raise Refused(f"{self.file} has {len(found)} columns called '{name}'")
        return self.columns[found[0]]

    def _number(self, name: str, row: int, cell: str) -> float:
        if cell.strip().lower() in MISSING:
            return float("nan")
        try:
            return float(cell)
        except ValueError:
            hint = "; write decimals with a point" if re.fullmatch(r"\s*[-+]?\d+,\d+\s*", cell) else ""
            raise Refused(f"{self.file}, column '{name}', row {row}: '{cell[:40]}' is not a number{hint}") from None


def plain(name: str) -> str:
    """A column's name without case and punctuation.

    >>> plain("fixed.acidity") == plain("Fixed acidity")
    True
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    try:
        float(cell)
    except ValueError:
        return False
    return cell.strip().lower() not in MISSING


def transposed(file: str, width: int, rows: Iterable[Sequence[str]]) -> tuple[Cells, ...]:
    """Rows as columns; raises `Refused` if a row does not have `width` cells. Lines of comments are skipped."""
    kept = [row for row in rows if len(row) == width or not row[0].lstrip().startswith("#")]
    for number, row in enumerate(kept, start=1):
        if len(row) != width:
            raise Refused(f"{file}, row {number}: {len(row)} values in a table of {width} columns; a damaged file?")
    if not kept:
        raise Refused(f"{file} has no rows")
    return tuple(PythonCells(cells) for cells in zip(*kept, strict=True))
