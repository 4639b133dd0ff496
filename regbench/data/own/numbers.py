"""Numbers as people write them: with a decimal comma, and never with a sign between thousands, which is refused."""

import re
from collections.abc import Sequence

import numpy as np

from regbench.data.columns import MISSING
from regbench.data.raw import Refused
from regbench.data.table import Float64

WITH_COMMA = re.compile(r"[-+]?(?:\d+,\d*|,\d+)(?:[eE][-+]?\d+)?")
BLANKS = " '\u2019\u00a0\u202f_"  # signs between thousands, besides comma and point
DIGITS = r"[-+]?\d{1,3}"
THOUSANDS = re.compile(
    rf"{DIGITS}(?:(?:,\d{{3}})+(?:\.\d*)?|(?:\.\d{{3}})+(?:,\d*)?|(?:[{BLANKS}]\d{{3}})+(?:[.,]\d*)?)"
)
UNDOUBTED = re.compile(  # two signs of one kind, or signs of two kinds
    rf"{DIGITS}(?:(?:,\d{{3}})+\.\d*|(?:\.\d{{3}})+,\d*|(?:,\d{{3}}){{2,}}|(?:\.\d{{3}}){{2,}}"
    rf"|(?:[{BLANKS}]\d{{3}})+(?:[.,]\d*)?)"
)
EITHER = re.compile(r"[-+]?[1-9]\d{0,2},\d{3}")  # a thousand, or one and a bit
POINTED = re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3})+")
MORE_MISSING = frozenset({"-", "--", "n.a.", "#nv"})  # of people and of spreadsheets; #NV is German for #N/A
PLAIN = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


def is_missing(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    word = cell.strip().lower()
    return word in MISSING or word in MORE_MISSING


def with_comma(file: str, name: str, cells: Sequence[str], decimal: str) -> Float64 | None:
    """A column of numbers with decimal commas as float64 (N,), gaps as NaN; None where it is none.

    Raises `Refused` for thousands: certain ones, or `1,234` in every cell where the user does not say what a comma is.
    """
    filled = [cell.strip() for cell in cells if not is_missing(cell)]
    _refuse_thousands(file, name, filled, decimal)
    with_sign = [cell for cell in filled if WITH_COMMA.fullmatch(cell)]
    others = [cell for cell in filled if not WITH_COMMA.fullmatch(cell)]
    if not with_sign or decimal == "." or not all("." not in cell and PLAIN.fullmatch(cell) for cell in others):
        return None
    if not decimal and all(EITHER.fullmatch(cell) for cell in with_sign):
        raise Refused(
            f"{file}, column '{name}': '{with_sign[0]}' may be thousands or a decimal comma; "
            "for a decimal comma write --decimal comma, else take the commas out"
        )
    return np.array([float("nan") if is_missing(cell) else float(cell.strip().replace(",", ".")) for cell in cells])


def refuse_points(file: str, name: str, cells: Sequence[str]) -> None:
    """Refuse a column of numbers such as `1.234`, which are thousands where commas stand before decimals."""
    pointed = [cell.strip() for cell in cells if "." in cell]
    if pointed and all(POINTED.fullmatch(cell) for cell in pointed):
        raise Refused(
            f"{file}, column '{name}': '{pointed[0]}' may be thousands, for the file has decimal commas; write it "
            "without the point, or leave the column out with --drop"
        )


def _refuse_thousands(file: str, name: str, filled: Sequence[str], decimal: str) -> None:
    """Refuse a column of numbers of which some are written with a sign between thousands."""
    certain = next((cell for cell in filled if UNDOUBTED.fullmatch(cell)), None)
    if certain is None and decimal == ".":
        certain = next((cell for cell in filled if EITHER.fullmatch(cell)), None)
    if certain and all(THOUSANDS.fullmatch(cell) or _is_plain(cell) for cell in filled):
        raise Refused(
            f"{file}, column '{name}': '{certain}' has a sign between its thousands; write it without, "
            "or leave the column out with --drop"
        )


def _is_plain(cell: str) -> bool:
    return PLAIN.fullmatch(cell) is not None or WITH_COMMA.fullmatch(cell) is not None
