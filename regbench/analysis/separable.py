"""Which cells and rows of a table the seeds do not tell apart.

Two rows are compared as `compare` does it, over the seeds that both have, for exactly these datasets trained with other
seeds; the intervals of a whole table hold at once (Bonferroni). Comparing each cell of a column with its best one then
has this meaning: with at least that certainty the truly best one is among those not separable from it, although the
best was picked by the same numbers (multiple comparisons with the best: Hsu (1984), Annals of Statistics 12, 1136).
"""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench.analysis import paired, scale, shared_seeds
from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import CELL
from regbench.analysis.compare import overlap_of
from regbench.analysis.confidence import Confidence
from regbench.job import differs_by_seed

if TYPE_CHECKING:
    from pandas import DataFrame

LEVEL = 0.95  # with which everything that a table says holds at once
MOST_ROWS = 60  # of which all pairs are compared: more would take seconds
Row = tuple[Any, ...]  # the values of CELL without the dataset


class Errors:
    """The errors of a frame by cell and seed, and how two of its cells differ.

    Args:
        frame: of cells, as `Store.cells` gives it.
        metric: what is compared.
    """

    def __init__(self, frame: "DataFrame", metric: str) -> None:
        self._measure = scale.of(metric)
        self._found = shared_seeds.by_cell(frame, metric)
        splits = set(frame["split"].dropna()) if "split" in frame else set()
        self._overlap = max(map(overlap_of, filter(differs_by_seed, splits)), default=0.0)

    def has(self, row: Row, dataset: str) -> bool:
        """Whether a row has an error on a dataset."""
        return bool(self._found.get((dataset, *row)))

    def apart(self, one: Row, other: Row, datasets: Sequence[str]) -> Confidence | None:
        """How much worse the first is, on average over these datasets; None where a dataset has less than two seeds."""
        logs = [self._apart(one, other, dataset) for dataset in datasets]
        if any(len(log) < 2 for log in logs):
            return None
        return paired.of_seeds(logs, overlap=[self._overlap] * len(logs))

    def _apart(self, one: Row, other: Row, dataset: str) -> np.ndarray:
        """The differences on the scale of the metric, one per common seed; twice the same of two that draw nothing."""
        cells = [self._found.get((dataset, *row), {}) for row in (one, other)]
        if not all(cells):
            return np.empty(0)
        methods = (str(one[0]), str(other[0]))
        mine, theirs, _ = shared_seeds.shared(*cells, methods=methods)
        once = all(map(shared_seeds.ignores_seed, methods)) and len(mine) == len(theirs) == 1
        pairs = np.column_stack(np.broadcast_arrays(np.repeat(mine, 1 + once), np.repeat(theirs, 1 + once)))
        if self._measure.about.is_error and not (pairs > 0).all():
            return np.empty(0)
        return self._measure.apart(pairs)


def row_of(cell: Any) -> Row:
    """What names the row of a table that a cell is in."""
    return tuple(null(cell[column]) for column in CELL[1:])


def near(cells: "DataFrame", best: "pd.Series", reference: "pd.Series", errors: Errors) -> "pd.Series":
    """By cell, whether it is not separable from the best one of its dataset, and is not that one itself.

    Nowhere, where nothing can be separated because no two cells have two seeds in common.

    Args:
        cells: as `aggregate` gives them.
        best: by cell, whether its mean is the best of its dataset.
        reference: by cell, whether it is of a reference model; cells are compared with the best one of the others.
        errors: of the frame of these cells.
    """
    rows = [{**cell, "place": place} for place, cell in enumerate(records(cells))]
    leaders = [row for row, leads, below in zip(rows, best, reference, strict=True) if leads and not below]
    leaders += [row for row, leads in zip(rows, best, strict=True) if leads]
    leader = {row["dataset"]: row for row in reversed(leaders)}  # a method, if there is one
    pairs = [
        (row, leader[row["dataset"]])
        for row, leads in zip(rows, best, strict=True)
        if not leads and row["dataset"] in leader and errors.has(row_of(row), row["dataset"])
    ]
    found = [errors.apart(row_of(row), row_of(first), [row["dataset"]]) for row, first in pairs]
    marked = np.zeros(len(rows), dtype=bool)
    if any(apart is not None for apart in found):
        level = 1 - (1 - LEVEL) / len(pairs)
        for (row, first), apart in zip(pairs, found, strict=True):
            same_units = row.get("targets") == first.get("targets")
            marked[row["place"]] = same_units and (apart is None or _holds_zero(apart, level))
    return pd.Series(marked, index=cells.index)


def ranks(rows: Sequence[Row], datasets: Sequence[str], errors: Errors) -> list[int | None]:
    """The rank of each row over datasets: 1 and the number of rows that are separably better.

    Rows that are not separable from any other share rank 1. None for a row without an error on each of the datasets,
    and for all rows where there are no two of them with two seeds in common, or too many to compare all pairs.
    """
    taking_part = [place for place, row in enumerate(rows) if all(errors.has(row, name) for name in datasets)]
    if not datasets or not 2 <= len(taking_part) <= MOST_ROWS:
        return [None] * len(rows)
    pairs = list(combinations(taking_part, 2))
    found = [errors.apart(rows[one], rows[other], datasets) for one, other in pairs]
    if all(apart is None for apart in found):
        return [None] * len(rows)
    level, beaten = 1 - (1 - LEVEL) / len(pairs), dict.fromkeys(taking_part, 0)
    for (one, other), apart in zip(pairs, found, strict=True):
        if apart is not None and not _holds_zero(apart, level):
            beaten[one if apart.mean > 0 else other] += 1
    return [1 + beaten[place] if place in beaten else None for place in range(len(rows))]


def _holds_zero(apart: Confidence, level: float) -> bool:
    low, high = apart.interval(level)
    return low <= 0 <= high
