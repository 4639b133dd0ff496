"""Which rows of a table train, validate and test.

The usual split is that of scikit-learn's `train_test_split` applied twice: a fraction of 0.2 is held out, then half of
that for the test, each held-out part rounded up. It gives the sizes of the first paper's Table 1 except for CA, where
the paper prints 819 test rows and the parts do not add up.
"""

import math

import numpy as np
from numpy.typing import NDArray

from regbench.data.seen import spelled
from regbench.data.table import Table
from regbench.errors import UsageError
from regbench.job import SPLITS, folds_of

Rows = NDArray[np.int64]
Parts = tuple[Rows, Rows, Rows]

HELD_OUT = 0.2  # fraction of all rows, for validation and test
TEST = 0.5  # fraction of the rows held out
FEWEST_ROWS = 6  # with fewer rows a part would be empty


def split_rows(table: Table, split: str = "fixed", seed: int = 0) -> Parts:
    """Row numbers for training, validation and test.

    Args:
        table: all rows.
        split: `fixed` is one split for every seed, the official one if the dataset has one; `per_seed` draws a new one
            for each seed; `grouped` is one split for every seed in which rows with equal inputs stay together;
            `kfold[5]` takes the seeds five at a time: each five are one division into five folds, and each of them
            tests on another fold.
        seed: of the job.

    Raises:
        UsageError: a split that is not known, or too few rows for it.
    """
    folds = folds_of(split)
    if not folds and split not in SPLITS:
        raise UsageError(f"no split called '{split}'; known: {', '.join(SPLITS)}, kfold[5]")
    fewest = max(FEWEST_ROWS, folds or 0)
    if table.rows < fewest:
        raise UsageError(f"{table.source or 'the table'} has {table.rows} rows; a split needs at least {fewest}")
    if folds:
        return fold(table.rows, folds, seed)
    if split == "grouped":
        return grouped_split(groups_of(table))
    if table.parts is None:
        return nested_split(table.rows, seed if split == "per_seed" else 0)
    order: Rows = np.arange(table.rows)
    if split == "per_seed":  # a redrawn official split keeps its sizes
        order = np.random.RandomState(seed).permutation(order)
    train, val, _ = table.parts
    return order[:train], order[train : train + val], order[train + val :]


def nested_split(rows: int, seed: int = 0) -> Parts:
    """The rows of scikit-learn's `train_test_split`, 0.2 and then 0.5, without the second it takes to import it.

    >>> [len(part) for part in nested_split(8192)]
    [6553, 819, 820]
    """
    train, held_out = _cut(np.arange(rows), HELD_OUT, seed)
    return train, *_cut(held_out, TEST, seed)


def nested_sizes(rows: int) -> tuple[int, int, int]:
    """The sizes of the three parts of `nested_split`.

    >>> nested_sizes(21263)
    (17010, 2126, 2127)
    """
    held_out = math.ceil(HELD_OUT * rows)
    test = math.ceil(TEST * held_out)
    return rows - held_out, held_out - test, test


def fold(rows: int, folds: int, seed: int) -> Parts:
    """The parts of one seed: tests on fold `seed` modulo `folds`, validates on the next, trains on the others.

    Seeds 0 to folds - 1 share one division, the next seeds another, so that more seeds repeat the cross-validation.

    >>> [fold(7, 3, seed)[2].tolist() for seed in range(3)]
    [[6, 2, 1], [3, 0], [5, 4]]
    """
    repetition, mine = divmod(seed, folds)
    parts = np.array_split(np.random.RandomState(repetition).permutation(rows), folds)
    test, val = parts[mine], parts[(mine + 1) % folds]
    return np.concatenate([part for part in parts if part is not test and part is not val]), val, test


def grouped_split(groups_N: NDArray[np.int64]) -> Parts:
    """A split by whole groups, drawn as often as it takes: first the test part, then the validation part.

    Each has as many rows as `nested_split` gives it, or somewhat more where its last group is large.
    """
    _, val, test = nested_sizes(len(groups_N))
    order = np.random.RandomState(0).permutation(groups_N.max() + 1)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    rows: Rows = np.argsort(place[groups_N], kind="stable")  # the rows, group after group
    ends = np.flatnonzero(np.append(np.diff(place[groups_N][rows]), 1)) + 1  # where a group ends
    first = int(ends[ends >= test][0])
    second = next((int(end) for end in ends if end >= first + val), len(rows))
    if second == len(rows):
        raise UsageError("too many rows have equal inputs to split by groups: nothing would be left to train on")
    return rows[second:], rows[first:second], rows[:first]


def groups_of(table: Table) -> NDArray[np.int64]:
    """A number for each row (N,), the same for rows whose inputs are equal in single precision."""
    if table.task != "resident":
        raise UsageError(f"{table.source}: images on disk are not compared, so split cannot be grouped")
    known: dict[bytes, int] = {}
    single = table.x if table.is_image else table.x.astype(np.float32)
    return np.array([known.setdefault(row, len(known)) for row in spelled(single)])


def _cut(rows: Rows, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """The rows kept and the rows held out: the first ones of a permutation, rounded up, as in scikit-learn."""
    held_out = math.ceil(fraction * len(rows))
    order = np.random.RandomState(seed).permutation(len(rows))
    return rows[order[held_out:]], rows[order[:held_out]]
