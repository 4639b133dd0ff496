"""Errors of predictions that another tool gave for each test row, measured by our metrics.

The targets are ours where the dataset is one of ours: its test rows in their order, counted from 0. Else the file has
them, in a column `y`. A predicted distribution is given by quantiles: columns `q0.1`, `q0.5`, ... Each stands for the
probability around its level, from the middle between it and the one below to the middle between it and the one above.
Without a column `prediction` the mean of that distribution is the prediction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from regbench.campaign.imports.rows import PREDICTION, ROW, TARGET, Cell, Sheet
from regbench.errors import UsageError
from regbench.kinds.imported import errors

if TYPE_CHECKING:
    from regbench.data import Prepared

MOST_ROWS = 100_000_000


@dataclass(frozen=True)
class Measured:
    """The errors of a run on the test rows by name, such as test/rmse, and its predictions (N, 1), float32."""

    values: Mapping[str, float]
    predictions: NDArray[np.float32]


def measure(sheet: Sheet, data: "Mapping[str, Prepared]") -> dict[Cell, Measured]:
    """The errors of each run of a table of predictions.

    data: the datasets of ours among those of the table, with scaled targets.

    Raises:
        UsageError: a row is missing, given twice or no test row, or a target or a prediction is missing.
    """
    rows: dict[Cell, list[int]] = {}
    for row, cell in sheet.cells():
        rows.setdefault(cell, []).append(row)
    if levels := sheet.quantiles:
        sheet.quantiles = dict(sorted(levels.items(), key=lambda pair: pair[1]))
    return {cell: _measured(sheet, cell, some, data.get(cell.dataset)) for cell, some in rows.items()}


def _measured(sheet: Sheet, cell: Cell, rows: Sequence[int], data: "Prepared | None") -> Measured:
    order = _order(sheet, cell, rows, None if data is None else len(data.y_test))
    low, high = (0.0, 1.0) if data is None else (float(data.y_low[0]), float(data.y_high[0]))

    def column(name: str) -> NDArray[np.float64]:
        values = np.array([sheet.number(name, row) for row in order])
        if not np.isfinite(values).all():
            raise sheet.wrong(order[int(np.argmin(np.isfinite(values)))], name, "is missing")
        return (values - low) / (high - low)

    if data is None and TARGET not in sheet.columns:
        raise UsageError(
            f"{sheet.path}: {cell.dataset} is no dataset of the catalog, so its targets must stand in a column {TARGET}"
        )
    y = column(TARGET) if data is None else data.y_test[:, 0].astype(np.float64)
    shares = _shares(list(sheet.quantiles.values()))
    atoms_KB = np.stack([column(name) for name in sheet.quantiles]) if sheet.quantiles else np.empty((0, len(y)))
    prediction = column(PREDICTION) if PREDICTION in sheet.columns else shares @ atoms_KB
    shots = data.shots["test"] if data is not None and data.shots else None
    positive = data is not None and data.is_positive
    found = errors(prediction, y, shares, atoms_KB, positive=positive, shots=shots)
    values = {f"test/{name}": value for name, value in found.items()}
    return Measured(values, prediction[:, None].astype(np.float32))


def _order(sheet: Sheet, cell: Cell, rows: Sequence[int], count: int | None) -> list[int]:
    """The rows of the table in the order of the test rows."""
    places: dict[int, int] = {}
    for row in rows:
        place = sheet.whole(ROW, row, 0, MOST_ROWS)
        if place is None:
            raise sheet.wrong(row, ROW, "is empty")
        if place in places:
            raise sheet.wrong(row, ROW, f"{cell} has test row {place} a second time")
        if count is not None and place >= count:
            raise sheet.wrong(row, ROW, f"{cell.dataset} has {count:,} test rows, counted from 0")
        places[place] = row
    if count is not None and len(places) < count:
        lacking = next(place for place in range(count) if place not in places)
        raise UsageError(
            f"{sheet.path}: {cell} has {len(places):,} of {count:,} test rows of {cell.dataset}; row {lacking} is "
            "missing"
        )
    return [places[place] for place in sorted(places)]


def _shares(levels: Sequence[float]) -> NDArray[np.float64]:
    """The probability that each quantile stands for.

    >>> _shares([0.25, 0.75]).tolist(), _shares([0.1, 0.5, 0.9]).tolist()
    ([0.5, 0.5], [0.3, 0.4, 0.3])
    """
    if not levels:
        return np.empty(0)
    ends = [0.0, *((one + other) / 2 for one, other in pairwise(levels)), 1.0]
    return np.round(np.diff(ends), 12)
