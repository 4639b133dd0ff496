"""From the columns of a file to inputs and targets: what is left out, what is made a number, and what is said of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regbench.data.columns import Cells, TextTable
from regbench.data.dataset import refuse_gaps
from regbench.data.own.coded import Coded, Coding
from regbench.data.own.columns import BOOLEAN, CATEGORY, DATE, NUMBER, Column, check_points, read_column, wanted
from regbench.data.own.frames import check_cells
from regbench.data.own.left_out import (
    Said,
    names_rows,
    used_rows,
    without_constant,
    without_empty,
    without_index,
)
from regbench.data.own.numbers import is_missing
from regbench.data.raw import Refused
from regbench.data.table import Float64, Table
from regbench.errors import did_you_mean
from regbench.reading import Reading

MULTIPLE = "+"  # between the names of several targets
COUNTED = "the columns are called 1, 2, 3"  # in what is said of a file without a header


@dataclass(frozen=True)
class Asked:
    """What a table is read for.

    targets: the columns to predict; without any, the last column is.
    """

    targets: tuple[str, ...]
    reading: Reading


@dataclass(frozen=True)
class Found:
    """What a file holds: its table, the names of its targets, and what was assumed, left out or made of its columns.

    comma: whether numbers have decimal commas.
    origins: the columns of the file that are inputs.
    """

    table: Table
    targets: tuple[str, ...]
    notes: tuple[str, ...]
    comma: bool
    origins: tuple[str, ...]


def table_of(parsed: TextTable, asked: Asked, source: str) -> Found:
    """The table of a file; `Refused` where it cannot be one."""
    said, reading = Said(), asked.reading
    parsed = without_empty(parsed, said)
    targets = _check_names(parsed, asked, said)
    cells = dict(zip(parsed.names, parsed.columns, strict=True))
    to_predict = [_target(parsed.file, name, cells[name], reading) for name in targets]
    y = np.stack([column.values for column in to_predict], axis=1)
    others = [name for name in parsed.names if name not in {*targets, *reading.drop, reading.group}]
    columns = _inputs(parsed.file, others, cells, reading, said)
    if not columns:
        raise Refused(_no_inputs(targets, said))
    check_points(parsed.file, [*to_predict, *columns], cells, reading.decimal)
    columns = without_index(columns, keep_index=reading.keep_index, said=said)
    kept = used_rows(columns, y, reading, said)
    columns = without_constant([replace(each, values=each.values[kept]) for each in columns], reading, said)
    _refuse_infinite(np.stack([each.values for each in columns], axis=1), [each.name for each in columns])
    _refuse_infinite(y, targets)
    codings = tuple(_coding(each, reading, said) for each in columns)
    check_cells(parsed.file, len(y), sum(len(coding.names) for coding in codings))
    groups = _groups(cells[reading.group], kept, said, reading.group) if reading.group else None
    plain = Table(
        x=np.stack([each.values for each in columns], axis=1),
        y=y[kept],
        columns=tuple(each.name for each in columns),
        target=MULTIPLE.join(targets),
        source=source,
    )
    as_it_is = groups is None and all(coding.as_it_is for coding in codings)
    table = plain if as_it_is else Coded(**vars(plain), codings=codings, groups=groups)
    comma = any(each.comma for each in (*to_predict, *columns))
    origins = tuple(dict.fromkeys(each.origin or each.name for each in columns))
    return Found(table, targets, (*parsed.notes, *said.lines), comma, origins)


def _check_names(parsed: TextTable, asked: Asked, said: Said) -> tuple[str, ...]:
    """The targets; `Refused` for names that are not there, that several columns have, or that are used twice."""
    reading = asked.reading
    if twice := next((name for name, count in Counter(parsed.names).items() if count > 1), None):
        raise Refused(f"it has several columns called '{twice}'; rename them")
    left = [name for name in parsed.names if name not in (*reading.drop, reading.group)]
    targets = asked.targets or tuple(left[-1:])
    if not asked.targets:
        said.notes.append("the target is the last column, for none is named")
    group = (reading.group,) if reading.group else ()
    uses = {
        "be the target": targets,
        "drop": reading.drop,
        "group by": group,
        "be categorical": reading.preprocess.categorical,
    }
    for use, name in ((use, name) for use, names in uses.items() for name in names):
        if name not in parsed.names:
            counted = next((f"; {note}" for note in parsed.notes if COUNTED in note), None)
            raise Refused(f"it has no column '{name}' to {use}{counted or did_you_mean(name, parsed.names)}")
        if name in targets and use != "be the target":
            raise Refused(f"'{name}' is the target, so it is no column to {use}")
    for name in reading.drop:
        said.leave_out("as --drop asks", name)
    return targets


def _target(file: str, name: str, cells: Cells, reading: Reading) -> Column:
    columns = read_column(file, name, cells, reading)
    if not columns:
        raise Refused(f"the target '{name}' has no value in any row; name another column")
    if len(columns) > 1 or columns[0].kind not in (NUMBER, BOOLEAN):
        example = next((cell for cell in cells.strings() if cell.strip()), "")
        raise Refused(f"the target '{name}' holds no numbers but '{example[:40]}'; name another column")
    return columns[0]


def _inputs(file: str, others: Sequence[str], cells: dict[str, Cells], reading: Reading, said: Said) -> list[Column]:
    """The columns that may be inputs, by the rules for what they hold."""
    found: list[Column] = []
    for name in dict.fromkeys(others):
        columns = read_column(file, name, cells[name], reading)
        if not columns:
            said.leave_out("which has no value", name)
            continue
        rule = wanted(columns[0], reading.preprocess)
        if rule == "refuse":
            raise Refused(f"column '{name}' holds a {columns[0].kind}, which preprocess refuses; encode or drop it")
        if rule == "drop":
            said.leave_out(f"a {columns[0].kind}, as preprocess asks", name)
        elif names_rows(columns[0], reading):
            said.leave_out("whose text is another in every row; --keep-index keeps it", name)
        elif columns[0].kind == CATEGORY and len(columns[0].levels) == 1 and not columns[0].gaps:
            said.leave_out("which is one text", name)
        else:
            found += columns
            if columns[0].kind == DATE:
                parts = ", ".join(column.name.rpartition(".")[2] for column in columns) if len(columns) > 1 else "days"
                said.notes.append(f"'{name}' are dates, as {parts}")
    return found


def _coding(column: Column, reading: Reading, said: Said) -> Coding:
    one_hot = bool(column.levels) and len(column.levels) <= reading.preprocess.one_hot
    marks = column.marks and column.gaps > 0
    if column.levels:
        how = "a column each" if one_hot else "codes"
        said.notes.append(f"'{column.name}' has {len(column.levels):,} levels, as {how}")
    if marks:
        fill = "marked" if column.levels else "filled with the median of the training rows and marked"
        said.notes.append(f"{column.gaps:,} gap{'s' * (column.gaps > 1)} of '{column.name}' {fill}")
    return Coding(column.name, column.levels, one_hot, marks)


def _groups(cells: Cells, kept: NDArray[np.bool_], said: Said, name: str) -> NDArray[np.int64]:
    """A number for the group of each row that is used; a row without one is a group of its own."""
    text = [cell.strip() for cell in cells.strings()]
    labels = np.array([f"row {row}" if is_missing(cell) else f"={cell}" for row, cell in enumerate(text)])[kept]
    groups = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    said.notes.append(f"the {groups.max() + 1:,} groups of '{name}', which is no input, stay whole")
    return groups


def _refuse_infinite(values: Float64, names: Sequence[str]) -> None:
    refuse_gaps(np.where(np.isnan(values), 0.0, values), names)


def _no_inputs(targets: Sequence[str], said: Said) -> str:
    out = "; " + "; ".join(said.lines) if said.out else ""
    return f"it has no column besides the target '{MULTIPLE.join(targets)}'{out}"
