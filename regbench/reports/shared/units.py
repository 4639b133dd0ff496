"""Errors in the original units of the target: the scaling to [0, 1] undone."""

from typing import Any

import numpy as np
from pandas import DataFrame

from regbench import catalog, metrics
from regbench.errors import UsageError
from regbench.reports.report import Options


def convert(cells: DataFrame, options: Options) -> DataFrame:
    """The cells in the units asked for; ratios have no unit and stay as they are."""
    wide = widths(cells, options)
    measured = [name for name in catalog.names("metrics") if _has_units(name)]
    columns = [f"{name}_{statistic}" for name in measured for statistic in ("mean", "std")]
    return cells.assign(**{column: cells[column] * wide for column in columns if column in cells})


def factor(rows: DataFrame, options: Options) -> np.ndarray:
    """The factor by row that converts the metric asked for to the units asked for."""
    return widths(rows, options) if _has_units(options.metric) else np.ones(len(rows))


def _has_units(metric: str) -> bool:
    return metrics.about(metric).unit == "target"


def widths(rows: DataFrame, options: Options) -> np.ndarray:
    """The factor by row from units of the scaled target to the units asked for."""
    if options.units == "scaled":
        return np.ones(len(rows))
    known = {dataset: _width(dataset, options.ranges.get(dataset)) for dataset in set(rows["dataset"])}
    return rows["dataset"].map(known).to_numpy(dtype=float)


def named(units: str) -> str:
    """The name of the units in captions."""
    return "original units" if units == "original" else "units of the target scaled to [0, 1]"


def _width(dataset: str, limits: tuple[Any, Any] | None) -> float:
    if limits is None:
        raise UsageError(f"--units original: the range of the targets of {dataset} is not known here")
    low, high = (np.atleast_1d(np.asarray(limit, dtype=float)) for limit in limits)
    if low.size != 1 or high.size != 1:
        raise UsageError(f"--units original: the target of {dataset} has {low.size} dimensions and no single unit")
    return float(high[0] - low[0])
