"""Parse CSV, ARFF and Parquet into columns of strings; rows of wrong length, sparse rows and weights are refused."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regbench.data.raw import Raw, Refused
from regbench.errors import did_you_mean

MISSING = frozenset({"", "?", "na", "n/a", "nan", "null", "none"})
SEPARATORS = (",", ";", "\t")
ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{'"]+)\s*(.+)""", re.IGNORECASE)
QUOTED = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^,'"]*))\s*(,|$)""")


@dataclass(frozen=True)
class TextTable:
    """A parsed file: the names and cells of its columns, as text."""

    file: str
    names: tuple[str, ...]
    columns: tuple[tuple[str, ...], ...]

    def strings(self, name: str) -> tuple[str, ...]:
        """The cells of a column; `fixed.acidity`, `fixed acidity` and `Fixed_Acidity` are the same name."""
        found = [i for i, column in enumerate(self.names) if column == name]
        found = found or [i for i, column in enumerate(self.names) if plain(column) == plain(name)]
        if not found:
            raise Refused(f"{self.file} has no column '{name}'{did_you_mean(name, self.names)}")
        if len(found) > 1:
            raise Refused(f"{self.file} has {len(found)} columns called '{name}'")
        return self.columns[found[0]]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """A column as float64 (N,), each cell read to the nearest double; missing cells are NaN."""
        cells = self.strings(name)
        try:
            return np.array(list(map(float, cells)))
        except ValueError:
            return np.array([self._number(name, row, cell) for row, cell in enumerate(cells, start=1)])

    def _number(self, name: str, row: int, cell: str) -> float:
        if cell.strip().lower() in MISSING:
            return float("nan")
        try:
            return float(cell)
        except ValueError:
            raise Refused(f"{self.file}, column '{name}', row {row}: '{cell[:40]}' is not a number") from None


def plain(name: str) -> str:
    """A column's name without case and punctuation.

    >>> plain("fixed.acidity") == plain("Fixed acidity")
    True
    """
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def parse(raw: Raw) -> TextTable:
    """The table in a CSV or ARFF file."""
    if raw.suffix not in PARSERS:
        raise Refused(f"{raw.name}: no reader for '.{raw.suffix}'; known: {', '.join(PARSERS)}, each also as .gz")
    return PARSERS[raw.suffix](raw)


def parse_csv(raw: Raw) -> TextTable:
    """Comma, semicolon or tab separated, with a header line; blank lines are skipped."""
    file, text = raw.name, raw.text()
    header = text.lstrip().partition("\n")[0]
    separator = max(SEPARATORS, key=header.count)
    try:
        rows = (row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if row)
        names = next(rows, None)
        if not names:
            raise Refused(f"{file} is empty")
        return TextTable(file, tuple(name.strip() for name in names), _columns(file, len(names), rows))
    except csv.Error as error:
        raise Refused(f"{file} is not CSV: {error}") from None


def parse_arff(raw: Raw) -> TextTable:
    """Dense ARFF as WEKA writes it: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/."""
    file = raw.name
    lines = ((number, line.strip()) for number, line in enumerate(raw.text().splitlines(), start=1))
    lines = ((number, line) for number, line in lines if line and not line.startswith("%"))
    names: list[str] = []
    for number, line in lines:
        keyword = line.split(None, 1)[0].lower()
        if keyword == "@data":
            break
        if keyword == "@attribute":
            names.append(_attribute(f"{file}, line {number}", line))
        elif keyword != "@relation":
            raise Refused(f"{file}, line {number}: '{line[:40]}' is no ARFF header line")
    else:
        raise Refused(f"{file} is not ARFF: it has no @data line")
    if not names:
        raise Refused(f"{file} is not ARFF: it has no @attribute line")
    return TextTable(file, tuple(names), _columns(file, len(names), _arff_rows(file, lines)))


def parse_parquet(raw: Raw) -> TextTable:
    """Parquet; numbers are written as text in a way that preserves every bit."""
    import pandas as pd
    import pyarrow as pa

    try:
        frame = pd.read_parquet(io.BytesIO(raw.uncompressed()))
    except (pa.ArrowException, OSError, ValueError) as error:
        raise Refused(f"{raw.name} is not Parquet, or damaged: {str(error).splitlines()[0][:100]}") from None
    if frame.empty:
        raise Refused(f"{raw.name} has no rows")
    columns = []
    for position in range(frame.shape[1]):
        column = frame.iloc[:, position]
        number = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)
        cells = column.astype("float64") if number else column
        columns.append(tuple(map(str, cells.tolist())))
    return TextTable(raw.name, tuple(map(str, frame.columns)), tuple(columns))


def _attribute(place: str, line: str) -> str:
    """Name of the attribute that a header line declares."""
    match = ATTRIBUTE.fullmatch(line)
    if not match:
        raise Refused(f"{place}: '{line[:40]}' declares no attribute")
    if match[2].lower().startswith("relational"):
        raise Refused(f"{place}: relational attributes are not read")
    return _unescaped(match[1][1:-1]) if match[1][0] in "'\"" else match[1]


def _arff_rows(file: str, lines: Iterable[tuple[int, str]]) -> Iterator[list[str]]:
    for number, line in lines:
        if line.startswith("{"):
            raise Refused(f"{file}, line {number}: sparse ARFF is not read; convert it to dense ARFF or CSV")
        if line.endswith("}"):
            raise Refused(f"{file}, line {number}: instance weights are not read")
        yield _quoted_cells(f"{file}, line {number}", line) if "'" in line or '"' in line else line.split(",")


def _quoted_cells(place: str, line: str) -> list[str]:
    """The cells of a row in which some are quoted."""
    cells, position = [], 0
    while True:
        match = QUOTED.match(line, position)
        if not match:
            raise Refused(f"{place}: unbalanced quotes")
        single, double, bare, end = match.groups()
        cells.append(bare.strip() if bare is not None else _unescaped(single if single is not None else double))
        if not end:
            return cells
        position = match.end()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _columns(file: str, width: int, rows: Iterable[list[str]]) -> tuple[tuple[str, ...], ...]:
    """Transpose rows into columns; raises `Refused` if a row does not have `width` cells."""
    kept = list(rows)
    for number, row in enumerate(kept, start=1):
        if len(row) != width:
            raise Refused(f"{file}, row {number}: {len(row)} values in a table of {width} columns; a damaged file?")
    if not kept:
        raise Refused(f"{file} has no rows")
    return tuple(zip(*kept, strict=True))


PARSERS: dict[str, Callable[[Raw], TextTable]] = {"csv": parse_csv, "arff": parse_arff, "parquet": parse_parquet}
