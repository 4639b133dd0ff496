"""A user's own file as a dataset: numeric columns and one numeric target, from CSV, ARFF or Parquet."""

from pathlib import Path

import numpy as np

from regbench.data.canonical import exact_digest
from regbench.data.dataset import TabularDataset, refuse_gaps
from regbench.data.parsing import TextTable, parse
from regbench.data.preparation import FEWEST_ROWS, nested_sizes
from regbench.data.raw import Refused
from regbench.data.sources import Layout, OwnFile, read_file
from regbench.data.table import Float64, Table
from regbench.errors import UsageError, did_you_mean

BATCH_SIZES = ((30_000, 1024), (10_000, 512), (2_000, 256))  # (least rows, batch size), as in the first paper's Table 1
SMALLEST_BATCHES = 4  # fewest batches per epoch, because the last partial batch is dropped


def from_file(path: str | Path, target: str) -> tuple[TabularDataset, Table]:
    """Make a dataset of a file; returns its description and table. Raises a one-line `UsageError` for a bad file."""
    absolute = Path(path).expanduser().resolve()
    try:
        parsed = parse(read_file(absolute))
        if target not in parsed.names:
            near = did_you_mean(target, parsed.names)
            raise UsageError(f"{path} has no column '{target}' to be the target{near}")
        x, y, columns = _numbers(parsed, target)
    except Refused as error:
        named = absolute.name in str(error)
        raise UsageError(str(error) if named else f"{path}: {error}") from None
    if len(y) < FEWEST_ROWS:
        raise UsageError(f"{path} has {len(y)} row{'s' * (len(y) != 1)}; to be split it needs {FEWEST_ROWS} or more")
    if y.min() == y.max():
        raise UsageError(f"{path}: the target '{target}' is {y[0, 0]:g} in every row; name another column")
    table = Table(x=x, y=y, columns=columns, target=target, source=str(absolute))
    sizes = nested_sizes(table.rows)
    dataset = TabularDataset(
        alias="",
        columns=columns,
        target=target,
        inputs=len(columns),
        sizes=sizes,
        batch_size=batch_size(sizes[0]),
        digest=exact_digest(table),
        licence="your own",
        url=str(absolute),
        reference="",
        sources=(OwnFile(str(absolute), Layout(exact=True)),),
    )
    return dataset, table


def batch_size(rows: int) -> int:
    """Rows per step for a training part of this many rows.

    >>> [batch_size(rows) for rows in (43_152, 17_010, 6_553, 1_000, 100)]
    [1024, 512, 256, 64, 16]
    """
    found = next((size for least, size in BATCH_SIZES if rows >= least), 64)
    while found > 1 and rows < found * SMALLEST_BATCHES:
        found //= 2
    return found


def _numbers(parsed: TextTable, target: str) -> tuple[Float64, Float64, tuple[str, ...]]:
    """Inputs (N, D), target (N, 1) and the names of the inputs."""
    twice = [name for name in dict.fromkeys(parsed.names) if parsed.names.count(name) > 1]
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
        names = ", ".join(f"'{name}'" for name, _ in not_numeric[:5]) + (" ..." if len(not_numeric) > 5 else "")
        raise Refused(f"columns that are not numeric: {names}; encode or drop them ({not_numeric[0][1]})")
    columns = [name for name in parsed.names if name != target]
    if (
        columns
        and columns[0] in ("", "Unnamed: 0")
        and np.array_equal(numbers[columns[0]], np.arange(len(numbers[target])))
    ):
        columns = columns[1:]  # the row numbers that pandas writes; as an input they would leak the order
    if not columns:
        raise Refused(f"it has no column besides the target '{target}'")
    x, y = np.stack([numbers[name] for name in columns], axis=1), numbers[target][:, None]
    refuse_gaps(np.concatenate([x, y], axis=1), [*columns, target])
    return x, y, tuple(columns)
