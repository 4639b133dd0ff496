"""CSV as people and programs write it: comma, semicolon or tab, comments above the header, `sep=`, or no header."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from regbench.data import contents
from regbench.data.columns import MISSING, ArrowCells, Cells, TextTable, is_number, transposed
from regbench.data.raw import Raw, Refused

SEPARATORS = (",", ";", "\t")
QUOTED = re.compile(r'"(?:[^"]|"")*"')
TOLD = re.compile(r"sep=(.)", re.IGNORECASE)  # Excel's own first line
LARGE = 1 << 20  # characters: above, Arrow reads the rows, which takes longer to import than to read a small file
SAMPLE = 1 << 16  # characters of the header in which separators are counted
BLOCK = 1 << 24  # bytes that Arrow reads at once; a row must fit


@dataclass(frozen=True)
class Head:
    """The part of a file above its rows: separator, names, where the rows begin, and what was assumed."""

    separator: str
    names: tuple[str, ...]
    rows_at: int
    notes: tuple[str, ...] = ()


def parse_csv(raw: Raw, *, header: bool = True, separator: str = "") -> TextTable:
    """The table in a CSV file; blank lines are skipped. Without a header, the columns are called 1, 2, 3, ..."""
    return parse_text(raw.name, text_of(raw)[0], header=header, separator=separator)


def parse_text(name: str, text: str, *, header: bool = True, separator: str = "") -> TextTable:
    """The table in the text of a file; a blank as the separator stands for any number of blanks and tabs."""
    top = head(name, text, separator)
    if not header:
        start, _ = first_line(text)
        first, _ = _record(name, text, start, top.separator)
        top = Head(top.separator, tuple(str(place + 1) for place in range(len(first))), start)
    columns = _quick(top, text) or transposed(
        name, len(top.names), _rows(name, _lines(text, top.rows_at), top.separator)
    )
    return TextTable(name, top.names, columns, top.notes)


def column_names(raw: Raw) -> tuple[str, ...]:
    """The names in the header of a CSV file, or what stands in its place."""
    return head(raw.name, text_of(raw)[0]).names


def lacks_header(names: tuple[str, ...], target: str) -> bool:
    """Whether names are a row of numbers: neither 0, 1, 2, ..., which programs write as names, nor with the target.

    >>> lacks_header(("5.1", "3.5", "0.2"), "3"), lacks_header(("400", "402", "ripe"), "ripe")
    (True, False)
    >>> lacks_header(("0", "1", "2"), "2"), lacks_header(("400.5", "402.5"), "402.5")
    (False, False)
    """
    if not _are_numbers(names):
        return False
    counted = names[1:] if names[0] == "" else names
    if counted in (tuple(map(str, range(len(counted)))), tuple(map(str, range(1, len(counted) + 1)))):
        return False
    return target not in names or target in map(str, range(1, len(names) + 1))


def _are_numbers(cells: tuple[str, ...]) -> bool:
    return any(map(is_number, cells)) and all(is_number(cell) or cell.lower() in MISSING for cell in cells)


def text_of(raw: Raw) -> tuple[str, str]:
    """The text of a file with one kind of line ends, and the encoding it was read in."""
    text, encoding = contents.decoded(raw)
    if text.count("\r") == text.count("\r\n"):
        return text, encoding
    return text.replace("\r\n", "\n").replace("\r", "\n"), encoding  # line ends of old Macs


def head(file: str, text: str, separator: str = "") -> Head:
    """What stands above the rows, by this separator or the one that the header has most."""
    start, comment = first_line(text)
    if start >= len(text):
        raise Refused(f"{file} is empty")
    separator = separator or usual_separator(text, start)
    names, end = _record(file, text, start, separator)
    if comment and _are_numbers(names):
        named = tuple(cell.strip().strip('"') for cell in comment.split(None if separator == " " else separator))
        if 1 < len(names) == len(named):
            return Head(separator, named, start, ("the names of its columns are those of the comment above the rows",))
    return Head(separator, names, end)


def first_line(text: str) -> tuple[int, str]:
    """Where the first line begins that is not blank, no comment and not `sep=;`; and the comment right above it."""
    start, comment = 0, ""
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        line = text[start:end].strip(" \r\n")
        if line.startswith("#"):
            comment = line.lstrip("# ")
        elif line and not TOLD.fullmatch(line):
            break
        start = end
    return start, comment


def usual_separator(text: str, start: int) -> str:
    """The separator that `sep=` names, or else the most frequent one of the header, outside quotes."""
    if told := TOLD.match(text[:start].lstrip()):
        return told[1]
    header = QUOTED.sub("", text[start : start + SAMPLE]).partition("\n")[0]
    return max(SEPARATORS, key=header.count)


def _record(file: str, text: str, start: int, separator: str) -> tuple[tuple[str, ...], int]:
    """The cells of the record that begins at `start`, and where it ends; quoted cells may have several lines."""
    taken: list[str] = []
    lines = (taken.append(line) or line for line in _lines(text, start))
    cells = next(_rows(file, lines, separator), [])
    return tuple(cell.strip() for cell in cells), start + sum(map(len, taken))


def _rows(file: str, lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    """The records in some lines; empty lines are skipped, and blanks before a cell do not count."""
    if separator == " ":
        lines = (line.replace("\t", " ").strip() for line in lines)
    try:
        yield from (row for row in csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True) if row)
    except csv.Error as error:
        raise Refused(f"{file} is not CSV: {error}") from None


def records(text: str, start: int, separator: str, most: int) -> list[list[str]]:
    """Up to so many records of a text, from a place on; empty where it cannot be divided by this separator."""
    try:
        return list(islice(_rows("", _lines(text, start), separator), most))
    except Refused:
        return []


def _lines(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        end = text.find("\n", start) + 1 or len(text)
        yield text[start:end]
        start = end


def _quick(top: Head, text: str) -> tuple[Cells, ...] | None:
    """The columns of a large table of plain cells, read by Arrow; None where Python's reader must look closer."""
    if len(text) < LARGE or top.separator == " " or text.find('"', top.rows_at) >= 0:
        return None
    import pyarrow as pa
    from pyarrow import csv as arrow

    names = [str(place) for place in range(len(top.names))]
    try:
        found = arrow.read_csv(
            pa.BufferReader(text[top.rows_at :].encode()),
            arrow.ReadOptions(use_threads=False, column_names=names, block_size=BLOCK),
            arrow.ParseOptions(delimiter=top.separator, quote_char=False),
            arrow.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:  # such as a row of another length, which the other reader names
        return None
    return tuple(map(ArrowCells, found.columns)) if found.num_rows else None
