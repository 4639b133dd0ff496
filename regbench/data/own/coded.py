"""Tables whose columns are not all plain numbers, and how these become inputs by rules fitted on training rows.

A gap becomes the median of the training rows, and a mark in a column of its own. A category becomes a column for each
of its levels, or one column of codes. A level without a training row is as unknown as one that is in no row: zeros, or
the code 0. The number of inputs follows from all rows, so that it is the same for every split.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from regbench.data.canonical import exact_digest
from regbench.data.preparation import prepare
from regbench.data.splits import Parts, Rows, grouped_split, split_rows
from regbench.data.table import Float64, Prepared, Table
from regbench.owntables import CODED


@dataclass(frozen=True)
class Coding:
    """What becomes of a column.

    name: of the column.
    levels: of a category, in the order of their codes; empty for numbers.
    one_hot: whether a category becomes a column per level.
    marks: whether its gaps are marked by a column of their own.
    """

    name: str
    levels: tuple[str, ...] = ()
    one_hot: bool = False
    marks: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the inputs that the column becomes."""
        own = tuple(f"{self.name}={level}" for level in self.levels) if self.one_hot else (self.name,)
        return (*own, f"{self.name} is missing") if self.marks else own

    @property
    def as_it_is(self) -> bool:
        """Whether the column is an input as it is."""
        return not self.levels and not self.marks


@dataclass(frozen=True, eq=False)
class Coded(Table):
    """A table that is not all numbers yet.

    x: float64 (N, C), gaps as NaN, and categories as the places of their levels.
    codings: of the C columns.
    groups: a number for each row (N,), the same for rows that stay together under `split: grouped`; empty without.
    """

    codings: tuple[Coding, ...] = ()
    groups: NDArray[np.int64] | None = None

    @property
    def width(self) -> int:
        """Number of inputs D that the columns become."""
        return sum(len(coding.names) for coding in self.codings)


def codings_text(codings: Sequence[Coding]) -> str:
    """Codings as JSON, of which the digest is taken; `codings_from` is the inverse."""
    return json.dumps([asdict(coding) for coding in codings], sort_keys=True)


def codings_from(text: str) -> tuple[Coding, ...]:
    """The codings that `codings_text` wrote; raises `ValueError` for anything else.

    >>> codings_from(codings_text([Coding("color", ("blue", "red"), one_hot=True)]))[0].names
    ('color=blue', 'color=red')
    """
    try:
        return tuple(Coding(**{**each, "levels": tuple(each["levels"])}) for each in json.loads(text))
    except (TypeError, KeyError) as error:
        raise ValueError(f"no codings: {error}") from None


def digest_of(table: Table) -> str:
    """The digest of a table, of its codings and groups if it has any."""
    if not isinstance(table, Coded):
        return exact_digest(table)
    content = hashlib.sha256(b"regbench own table 1\n")
    content.update(codings_text(table.codings).encode())
    filled = replace(table, x=np.where(np.isnan(table.x), np.nan, table.x))  # one NaN of the many there are
    content.update(exact_digest(filled).encode())
    if table.groups is not None:
        content.update(table.groups.astype("<i8").tobytes())
    return f"{CODED}{content.hexdigest()}"


def prepared(
    table: Table, split: str = "fixed", seed: int = 0, *, inputs: str = "scaled", targets: str = "scaled",
    shots: str = "dataset",
) -> Prepared:  # fmt: skip
    """`prepare`, after the columns of a table that needs it have become numbers by what its training rows hold."""
    if not isinstance(table, Coded):
        return prepare(table, split, seed, inputs=inputs, targets=targets, shots=shots)
    train, val, test = parts = split_of(table, split, seed)
    order = np.concatenate(parts)
    made = Table(
        x=encoded(table.x.astype(np.float64), table.codings, train)[order],
        y=table.y[order],
        columns=tuple(name for coding in table.codings for name in coding.names),
        target=table.target,
        source=table.source,
        parts=(len(train), len(val), len(test)),
    )
    scaled = prepare(made, inputs=inputs, targets=targets, shots=shots)
    return replace(scaled, rows_train=train, rows_val=val, rows_test=test)


def split_of(table: Coded, split: str, seed: int) -> Parts:
    """Row numbers for training, validation and test; a grouped split keeps the user's groups together."""
    if split == "grouped" and table.groups is not None:
        return grouped_split(table.groups)
    return split_rows(table, split, seed)


def encoded(x: Float64, codings: Sequence[Coding], train: Rows) -> Float64:
    """Columns (N, C) as inputs (N, D), by the medians and levels of the training rows."""
    return np.stack([part for place, each in enumerate(codings) for part in _parts(x[:, place], each, train)], axis=1)


def _parts(values: Float64, coding: Coding, train: Rows) -> Iterator[Float64]:
    gaps = np.isnan(values)
    seen = values[train][~gaps[train]]
    if not coding.levels:
        yield np.where(gaps, np.median(seen) if len(seen) else 0.0, values)
    elif coding.one_hot:
        known = set(np.unique(seen).tolist())
        for place in range(len(coding.levels)):
            yield ((values == place) & (place in known)).astype(np.float64)
    else:
        known = np.unique(seen)
        yield np.where(np.isin(values, known), np.searchsorted(known, np.where(gaps, -1.0, values)) + 1.0, 0.0)
    if coding.marks:
        yield gaps.astype(np.float64)
