"""How much lower the test error is at its own best epoch than at the chosen one: what choosing by validation costs."""

from typing import TYPE_CHECKING

import numpy as np

from regbench.analysis.comparable import CELL, comparable

if TYPE_CHECKING:
    from pandas import DataFrame, Series

COLUMN = "lowest_{}"  # of a frame of cells, with a metric: the lowest test error over all epochs


def by_cell(frame: "DataFrame", metric: str) -> "Series[float]":
    """The test error at the chosen epoch in percent above the lowest of all epochs, a mean over seeds, by cell.

    Null where a run does not have every epoch. The index has the columns of CELL.
    """
    rows = comparable(frame)
    lowest = rows[COLUMN.format(metric)].to_numpy(dtype=float, na_value=np.nan)
    chosen = rows[f"test_{metric}"].to_numpy(dtype=float, na_value=np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        rows = rows.assign(gap=np.where(lowest > 0, 100 * (chosen / lowest - 1), np.nan))
    finished = rows[rows[f"test_{metric}"].notna()]
    return finished.groupby(CELL, dropna=False, sort=False)["gap"].agg(lambda values: values.mean(skipna=False))
