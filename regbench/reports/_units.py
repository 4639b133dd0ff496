"""Errors in the units of the target: what the scaling to [0, 1] divided by, multiplied back."""

from typing import TYPE_CHECKING, Any

import numpy as np

from regbench.errors import UsageError
from regbench.reports._report import Options

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = ("rmse_mean", "rmse_std", "mae_mean", "mae_std")


def convert(cells: "DataFrame", options: Options) -> "DataFrame":
    """The cells in the units asked for; ratios have none and stay."""
    wide = factor(cells, options)
    return cells.assign(**{column: cells[column] * wide for column in COLUMNS})


def factor(rows: "DataFrame", options: Options) -> np.ndarray:
    """What turns the errors of each row into the units asked for."""
    if options.units == "scaled":
        return np.ones(len(rows))
    widths = {dataset: _width(dataset, options.ranges.get(dataset)) for dataset in set(rows["dataset"])}
    return rows["dataset"].map(widths).to_numpy(dtype=float)


def named(units: str) -> str:
    """The units as captions name them."""
    return "original units" if units == "original" else "units of the target scaled to [0, 1]"


def _width(dataset: str, limits: tuple[Any, Any] | None) -> float:
    if limits is None:
        raise UsageError(f"--units original: the range of the targets of {dataset} is not known here")
    low, high = (np.atleast_1d(np.asarray(each, dtype=float)) for each in limits)
    if low.size != 1 or high.size != 1:
        raise UsageError(f"--units original: the target of {dataset} has {low.size} dimensions and no single unit")
    return float(high[0] - low[0])
