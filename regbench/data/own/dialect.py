"""In what dialect a text file is written: separator, header and encoding, found out where the user does not say."""

from collections.abc import Sequence
from dataclasses import dataclass

from regbench.data import delimited
from regbench.data.columns import TextTable, is_number
from regbench.data.own.numbers import WITH_COMMA, is_missing
from regbench.data.raw import Raw
from regbench.reading import SEPARATORS, Reading

RECORDS = 50  # by which separators are compared
NAMES = {sign: name for name, sign in reversed(SEPARATORS.items())}  # comma, semicolon, tab, pipe, blank
ENCODINGS = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 with a byte order mark", "cp1252": "Windows-1252"}
NO_HEADER = "the first line holds numbers only and is read as a row; the columns are called 1, 2, 3, ..."
NAMELESS = "no header; the columns are called 1, 2, 3, ..."


@dataclass(frozen=True)
class Dialect:
    """How a text is written; `note` says what was assumed about its header."""

    text: str
    separator: str
    header: bool
    encoding: str
    note: str = ""

    def __str__(self) -> str:
        header = "" if self.header else ", no header"
        return f"separator {NAMES.get(self.separator, self.separator)}{header}, {self.encoding}"


def dialect(raw: Raw, reading: Reading, targets: Sequence[str] = ()) -> Dialect:
    """The dialect of a file; names of the targets help to tell whether it has a header."""
    text, encoding = delimited.text_of(raw)
    separator = reading.sep or _separator(text)
    if reading.header is not None:
        header, note = reading.header, "" if reading.header else NAMELESS
    else:
        header, note = _header(delimited.head(raw.name, text, separator).names, targets)
    return Dialect(text, separator, header, ENCODINGS.get(encoding, encoding.upper()), note)


def parse(raw: Raw, found: Dialect) -> TextTable:
    """The table in a file of this dialect."""
    return delimited.parse_text(raw.name, found.text, header=found.header, separator=found.separator)


def _separator(text: str) -> str:
    """The separator that the header has most, unless another one divides the first rows better.

    Better is: all rows have the same number of cells, and then: more cells are numbers.
    """
    start, _ = delimited.first_line(text)
    usual = delimited.usual_separator(text, start)
    if delimited.TOLD.match(text[:start].lstrip()):
        return usual
    return max((usual, *(sign for sign in NAMES if sign != usual)), key=lambda sign: _fit(text, start, sign))


def _fit(text: str, start: int, separator: str) -> tuple[bool, float]:
    """Whether the first rows have the same number of cells, two or more, and the share of these that are numbers."""
    rows = delimited.records(text, start, separator, RECORDS)
    rows = [row for row in rows if not row[0].lstrip().startswith("#")]
    if not rows or len(rows[0]) < 2 or any(len(row) != len(rows[0]) for row in rows):
        return False, 0.0
    cells = [cell.strip() for row in rows[1:] or rows for cell in row]
    numbers = (is_number(cell) or is_missing(cell) or WITH_COMMA.fullmatch(cell) for cell in cells)
    return True, sum(map(bool, numbers)) / len(cells)


def _header(names: tuple[str, ...], targets: Sequence[str]) -> tuple[bool, str]:
    """Whether the first line has names: not if it holds numbers only, or some, where targets are told by number."""
    names = tuple(name.replace(",", ".") if WITH_COMMA.fullmatch(name) else name for name in names)
    if delimited.lacks_header(names, targets[0] if targets else "1"):
        return False, NO_HEADER
    numbered = {str(place + 1) for place in range(len(names))}
    if targets and set(targets) <= numbered - set(names) and any(map(is_number, names)):
        return False, f"the first line holds numbers, and the target is told by one, so {NAMELESS}"
    return True, ""
