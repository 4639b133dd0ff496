"""A user's own file as a dataset: numeric columns and one numeric target, from CSV, ARFF or Parquet."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from regbench.data import delimited, parsing
from regbench.data.canonical import exact_digest
from regbench.data.columns import TextTable
from regbench.data.dataset import TabularDataset, refuse_gaps
from regbench.data.parsing import parse
from regbench.data.preparation import prepare
from regbench.data.raw import Raw, Refused
from regbench.data.seen import count_seen
from regbench.data.sources import Layout, OwnFile, read_file
from regbench.data.splits import FEWEST_ROWS, nested_sizes
from regbench.data.table import Float64, Table
from regbench.errors import UsageError, did_you_mean
from regbench.paths import named

BATCH_SIZES = ((30_000, 1024), (10_000, 512), (2_000, 256))  # (least rows, batch size), as in the first paper's Table 1
SMALLEST_BATCHES = 4  # fewest batches per epoch, because the last partial batch is dropped
NAMED = 5  # columns named in a message; the others are counted
UNNAMED = ("", "Unnamed: 0")  # the name of the first column where pandas wrote its index
NO_HEADER = "the first line holds numbers only and is read as a row; the columns are called 1, 2, 3, ..."

_known: dict[tuple[Path, str, bool, tuple[int, ...]], TabularDataset] = {}  # by file, as it is, and how it is read


def from_file(path: str | Path, target: str, *, keep_index: bool = False) -> tuple[TabularDataset, Table]:
    """Make a dataset of a file; returns its description and table. Raises a one-line `UsageError` for a bad file.

    Args:
        path: of a CSV, ARFF or Parquet file.
        target: the column to predict; in a file without header its number, from 1.
        keep_index: use columns that count the rows (0 ... n-1 or 1 ... n, in any order) as inputs.
    """
    absolute = _absolute(path)
    try:
        raw = read_file(absolute)
        layout = Layout(exact=True, header=raw.suffix != "csv" or not _lacks_header(raw, target))
        parsed = parse(raw, header=layout.header)
        notes = parsed.notes if layout.header else (*parsed.notes, NO_HEADER)
        if target not in parsed.names:
            near = f"; {NO_HEADER}" if not layout.header else did_you_mean(target, parsed.names)
            raise UsageError(f"{path} has no column '{target}' to be the target{near}")
        x, y, columns = _numbers(parsed, target)
        used, said = _without_index(x, columns, keep_index=keep_index)
        x, columns = x[:, used], tuple(columns[place] for place in used)
        refuse_gaps(np.concatenate([x, y], axis=1), [*columns, target])
    except Refused as error:
        named = absolute.name in str(error)
        raise UsageError(str(error) if named else f"{path}: {error}") from None
    if len(y) < FEWEST_ROWS:
        raise UsageError(f"{path} has {len(y)} row{'s' * (len(y) != 1)}; to be split it needs {FEWEST_ROWS} or more")
    if y.min() == y.max():
        raise UsageError(f"{path}: the target '{target}' is {y[0, 0]:g} in every row; name another column")
    source = OwnFile(str(absolute), layout)
    table = Table(x=x, y=y, columns=columns, target=target, source=source.name)
    return _described(table, source, (*notes, *said)), table


def describe(path: str | Path, target: str, *, keep_index: bool = False) -> TabularDataset:
    """The description of `from_file` alone; a file that did not change is not read again."""
    absolute = _absolute(path)
    try:
        status = absolute.stat()
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
    except OSError:
        stamp = (0, 0, 0)  # reading it says what is wrong
    key = (absolute, target, keep_index, stamp)
    if key not in _known:
        _known[key] = from_file(path, target, keep_index=keep_index)[0]
    return _known[key]


def column_names(path: str | Path) -> tuple[str, ...]:
    """The columns of a file, as they may be named to be the target; the numbers 1, 2, ... where it has no header."""
    try:
        raw = read_file(_absolute(path))
        names = parsing.column_names(raw)
    except Refused as error:
        raise UsageError(str(error)) from None
    numbers = tuple(str(place + 1) for place in range(len(names)))
    return numbers if raw.suffix == "csv" and delimited.lacks_header(names, "1") else names


def batch_size(rows: int) -> int:
    """Rows per step for a training part of this many rows.

    >>> [batch_size(rows) for rows in (43_152, 17_010, 6_553, 1_000, 100)]
    [1024, 512, 256, 64, 16]
    """
    found = next((size for least, size in BATCH_SIZES if rows >= least), 64)
    while found > 1 and rows < found * SMALLEST_BATCHES:
        found //= 2
    return found


def _absolute(path: str | Path) -> Path:
    return named(path).resolve()


def _lacks_header(raw: Raw, target: str) -> bool:
    return delimited.lacks_header(parsing.column_names(raw), target)


def _described(table: Table, source: OwnFile, notes: tuple[str, ...]) -> TabularDataset:
    sizes = nested_sizes(table.rows)
    return TabularDataset(
        alias="",
        columns=table.columns,
        target=table.target,
        inputs=len(table.columns),
        sizes=sizes,
        seen=count_seen(prepare(table)),
        batch_size=batch_size(sizes[0]),
        digest=exact_digest(table),
        licence="your own",
        url=table.source,
        reference="",
        sources=(source,),
        notes=notes,
    )


def _numbers(parsed: TextTable, target: str) -> tuple[Float64, Float64, tuple[str, ...]]:
    """Inputs (N, D), target (N, 1) and the names of the inputs."""
    twice = [name for name, count in Counter(parsed.names).items() if count > 1]
    if twice:
        raise Refused(f"it has several columns called '{twice[0]}'; rename them")
    numbers: dict[str, Float64] = {}
    not_numeric = []
    for name in parsed.names:
        try:
            numbers[name] = parsed.numbers(name)
        except Refused as error:
            not_numeric.append((name, str(error)))
    if not_numeric:
        names = _listed([name for name, _ in not_numeric])
        raise Refused(f"columns that are not numeric: {names}; encode or drop them ({not_numeric[0][1]})")
    columns = tuple(name for name in parsed.names if name != target)
    if not columns:
        raise Refused(f"it has no column besides the target '{target}'")
    return np.stack([numbers[name] for name in columns], axis=1), numbers[target][:, None], columns


def _without_index(x: Float64, columns: Sequence[str], *, keep_index: bool) -> tuple[list[int], tuple[str, ...]]:
    """The places of the inputs less those that count the rows, and a note on these; an only input is kept."""
    every = list(range(len(columns)))
    counting = [place for place in every if _counts_rows(x[:, place], columns[place] if place == 0 else "named")]
    names = _listed([columns[place] for place in counting])
    if not counting or keep_index:
        return every, (f"{names} counts the rows and is an input, as --keep-index asks",) if counting else ()
    if len(counting) == len(columns):
        return every, (f"{names} counts the rows, and is kept because there is no other input",)
    return [place for place in every if place not in set(counting)], (
        f"left out {names}, which counts the rows; --keep-index keeps it",
    )


def _counts_rows(values: Float64, name: str) -> bool:
    """Whether a column is 0 ... n-1 or 1 ... n in any order, or an index that pandas wrote: different whole numbers."""
    low, high = values.min(), values.max()
    run = low in (0, 1) and high - low == len(values) - 1
    if not (run or name in UNNAMED) or not np.array_equal(values, np.rint(values)):
        return False
    return len(np.unique(values)) == len(values)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names[:NAMED]) + (" ..." if len(names) > NAMED else "")
