"""Dense ARFF as WEKA writes it: https://waikato.github.io/weka-wiki/formats_and_processing/arff_stable/."""

import re
from collections.abc import Iterable, Iterator

from regbench.data import contents
from regbench.data.columns import TextTable, transposed
from regbench.data.raw import Raw, Refused

ATTRIBUTE = re.compile(r"""@attribute\s+('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\s{'"]+)\s*(.+)""", re.IGNORECASE)
QUOTES = r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|"""
BETWEEN_COMMAS = re.compile(QUOTES + r"""([^,'"]*))\s*(,|$)""")
BETWEEN_BLANKS = re.compile(QUOTES + r"""([^\s,'"]+))(\s*,\s*|\s+|$)""")
BLANKS = re.compile(r"\s*,\s*|\s+")


def parse_arff(raw: Raw) -> TextTable:
    """The table in an ARFF file; values are separated by commas, or by blanks and tabs, which WEKA reads too."""
    file = raw.name
    lines = ((number, line.strip()) for number, line in enumerate(contents.text(raw).splitlines(), start=1))
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
    return TextTable(file, tuple(names), transposed(file, len(names), _rows(file, len(names), lines)))


def _attribute(place: str, line: str) -> str:
    """Name of the attribute that a header line declares."""
    match = ATTRIBUTE.fullmatch(line)
    if not match:
        raise Refused(f"{place}: '{line[:40]}' declares no attribute")
    if match[2].lower().startswith("relational"):
        raise Refused(f"{place}: relational attributes are not read")
    return _unescaped(match[1][1:-1]) if match[1][0] in "'\"" else match[1]


def _rows(file: str, width: int, lines: Iterable[tuple[int, str]]) -> Iterator[list[str]]:
    for number, line in lines:
        if line.startswith("{"):
            raise Refused(f"{file}, line {number}: sparse ARFF is not read; convert it to dense ARFF or CSV")
        if line.endswith("}"):
            raise Refused(f"{file}, line {number}: instance weights are not read")
        yield _cells(f"{file}, line {number}", line, width)


def _cells(place: str, line: str, width: int) -> list[str]:
    """The cells of a row, between commas, or between blanks where that alone gives the width of the table."""
    if "'" not in line and '"' not in line:
        cells = line.split(",")
        blanks = BLANKS.split(line) if len(cells) != width else cells
        return blanks if len(blanks) == width else cells
    cells = _quoted_cells(line, BETWEEN_COMMAS)
    if cells is None or len(cells) != width:
        blanks = _quoted_cells(line, BETWEEN_BLANKS)
        cells = blanks if blanks is not None and len(blanks) == width else cells
    if cells is None:
        raise Refused(f"{place}: unbalanced quotes")
    return cells


def _quoted_cells(line: str, pattern: re.Pattern[str]) -> list[str] | None:
    """The cells of a row in which some are quoted; None where the quotes do not fit."""
    cells, position = [], 0
    while True:
        match = pattern.match(line, position)
        if not match:
            return None
        single, double, bare, end = match.groups()
        cells.append(bare.strip() if bare is not None else _unescaped(single if single is not None else double))
        if not end:
            return cells
        position = match.end()


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
