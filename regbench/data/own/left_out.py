"""What of a file is no input: columns that count or name the rows, that say nothing, and rows without a target."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from regbench.data.columns import TextTable
from regbench.data.dataset import refuse_gaps
from regbench.data.own.columns import CATEGORY, NUMBER, Column
from regbench.data.own.numbers import is_missing
from regbench.data.raw import Refused
from regbench.data.table import Float64
from regbench.reading import Reading

NAMED = 5  # columns named in a message; the others are counted
UNNAMED = ("", "Unnamed: 0")  # the name of the first column where pandas wrote its index


@dataclass
class Said:
    """What is left out, or made of a column, in the order in which it is said."""

    out: dict[str, list[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def leave_out(self, why: str, name: str) -> None:
        self.out.setdefault(why, []).append(name)

    @property
    def lines(self) -> tuple[str, ...]:
        return (*(f"left out {listed(names)}, {why}" for why, names in self.out.items()), *self.notes)


def listed(names: Sequence[str]) -> str:
    """Names in quotes, the first few of many."""
    return ", ".join(f"'{name}'" for name in names[:NAMED]) + (" ..." if len(names) > NAMED else "")


def without_empty(parsed: TextTable, said: Said) -> TextTable:
    """The columns less those with neither name nor value, which a separator at the end of each row makes."""
    pairs = list(zip(parsed.names, parsed.columns, strict=True))
    kept = [(name, cells) for name, cells in pairs if name or not all(map(is_missing, cells.strings()))]
    if len(kept) < len(pairs):
        said.leave_out("which has neither name nor value", "")
    names, columns = zip(*kept, strict=True) if kept else ((), ())
    return replace(parsed, names=tuple(names), columns=tuple(columns))


def names_rows(column: Column, reading: Reading) -> bool:
    """Whether a text column says another thing in every row, as names and identifiers do."""
    told = reading.keep_index or column.name in reading.preprocess.categorical
    return column.kind == CATEGORY and not told and len(column.levels) == len(column.values) - column.gaps


def without_index(columns: Sequence[Column], *, keep_index: bool, said: Said) -> list[Column]:
    """The columns less those that count the rows; an only input is kept."""
    counting = [column for place, column in enumerate(columns) if _counts_rows(column, first=place == 0)]
    names = listed([column.name for column in counting])
    if not counting:
        return list(columns)
    if keep_index:
        said.notes.append(f"{names} counts the rows and is an input, as --keep-index asks")
        return list(columns)
    if len(counting) == len(columns):
        said.notes.append(f"{names} counts the rows, and is kept because there is no other input")
        return list(columns)
    for column in counting:
        said.leave_out("which counts the rows; --keep-index keeps it", column.name)
    return [column for column in columns if not any(column is other for other in counting)]


def _counts_rows(column: Column, *, first: bool) -> bool:
    """Whether a column is 0 ... n-1 or 1 ... n in any order, or an index that pandas wrote: different whole numbers."""
    values = column.values
    if column.kind != NUMBER or not np.isfinite(values).all():
        return False
    low, high = values.min(), values.max()
    run = low in (0, 1) and high - low == len(values) - 1
    if not (run or (first and column.name in UNNAMED)) or not np.array_equal(values, np.rint(values)):
        return False
    return len(np.unique(values)) == len(values)


def used_rows(columns: Sequence[Column], y: Float64, reading: Reading, said: Said) -> NDArray[np.bool_]:
    """Which rows are used (N,): those with a target, and, where the user asks for it, without gaps."""
    kept: NDArray[np.bool_] = np.asarray(~np.isnan(y).any(1))
    if without := int((~kept).sum()):
        said.notes.append(f"left out {without:,} row{'s' * (without > 1)} without a target")
    gaps = {column.name: column.gaps for column in columns if column.gaps}
    if gaps and reading.preprocess.missing == "refuse":
        refuse_gaps(np.stack([column.values for column in columns], axis=1), [column.name for column in columns])
    if not kept.any():
        raise Refused("no row has a value for every target")
    if gaps and reading.preprocess.missing == "drop":
        gap = np.isnan(np.stack([column.values for column in columns], axis=1)).any(1)
        whole: NDArray[np.bool_] = np.asarray(kept & ~gap)
        if not whole.any():
            raise Refused(
                "every row has a gap, and preprocess asks to leave such rows out; drop columns that have many"
            )
        if less := int(kept.sum() - whole.sum()):
            said.notes.append(f"left out {less:,} row{'s' * (less > 1)} with gaps, as preprocess asks")
        return whole
    return kept


def without_constant(columns: Sequence[Column], reading: Reading, said: Said) -> list[Column]:
    """The columns less those of one value, where the user asks for it."""
    constant = [c for c in columns if not c.gaps and len(c.values) and (c.values == c.values[0]).all()]
    if not constant:
        return list(columns)
    if reading.preprocess.constant == "drop" and len(constant) < len(columns):
        for column in constant:
            said.leave_out("which is the same in every row", column.name)
        return [column for column in columns if not any(column is other for other in constant)]
    said.notes.append(f"{listed([column.name for column in constant])} is the same in every row")
    return list(columns)
