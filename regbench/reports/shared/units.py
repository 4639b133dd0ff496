"""Errors in the original units of the target: the scaling to [0, 1] undone.

Rows whose `targets` are "raw" were trained on unscaled targets: their errors are in original units already.
"""

from typing import Any

import numpy as np
from pandas import DataFrame

from regbench import catalog, metrics
from regbench.analysis import order
from regbench.errors import UsageError, some
from regbench.reports.report import Options


def convert(cells: DataFrame, options: Options) -> DataFrame:
    """The cells in the units asked for; ratios have no unit and stay as they are."""
    wide = widths(cells, options)
    shown = [str(column).removesuffix("_mean") for column in cells if str(column).endswith("_mean")]
    measured = [name for name in shown if name.rpartition("/")[2] in catalog.names("metrics") and _has_units(name)]
    columns = [f"{name}_{statistic}" for name in measured for statistic in ("mean", "std")]
    return cells.assign(**{column: cells[column] * wide for column in columns if column in cells})


def factor(rows: DataFrame, options: Options) -> np.ndarray:
    """The factor by row that converts the metric asked for to the units asked for."""
    return widths(rows, options) if _has_units(options.metric) else np.ones(len(rows))


def _has_units(metric: str) -> bool:
    return metrics.about(metric).unit == "target"


def widths(rows: DataFrame, options: Options) -> np.ndarray:
    """The factor by row from the units that errors are stored in to the units asked for."""
    scaled = ~is_raw(rows)
    if options.units == "scaled":
        return np.ones(len(rows))
    known = {dataset: _width(dataset, options.ranges.get(dataset)) for dataset in set(rows["dataset"][scaled])}
    return np.where(scaled, rows["dataset"].map(known).to_numpy(dtype=float), 1.0)


def is_raw(rows: DataFrame) -> np.ndarray:
    """By row, whether the targets it was trained on are unscaled; frames made by hand may not say, and are scaled."""
    return rows["targets"].eq("raw").to_numpy(dtype=bool) if "targets" in rows else np.zeros(len(rows), dtype=bool)


def named(rows: DataFrame, units: str = "scaled") -> str:
    """The name of the units of these rows in captions.

    >>> named(DataFrame({"dataset": ["diamonds"], "variant": ["lsq"]}))
    'units of the target scaled to [0, 1]'
    >>> named(DataFrame({"dataset": ["diamonds"], "variant": ["lsq"], "targets": ["raw"]}))
    'units of the target'
    """
    raw = is_raw(rows)
    if len(rows) and raw.all():
        return "units of the target"
    if units == "original":
        return "original units"
    scaled = "units of the target scaled to [0, 1]"
    return f"{scaled} (of the target itself: {some(_which(rows, raw))})" if raw.any() else scaled


def _which(rows: DataFrame, raw: np.ndarray) -> list[str]:
    """The raw rows in words: a dataset where all of its rows are raw, else each variant on it."""
    named = []
    for dataset, mine in rows.assign(raw=raw).groupby("dataset", sort=False):
        alias = order.alias(str(dataset))
        if mine["raw"].all():
            named.append(alias)
        else:
            named += [f"{variant} on {alias}" for variant in dict.fromkeys(mine.loc[mine["raw"], "variant"])]
    return named


def _width(dataset: str, limits: tuple[Any, Any] | None) -> float:
    if limits is None:
        raise UsageError(f"--units original: the range of the targets of {dataset} is not known here")
    low, high = (np.atleast_1d(np.asarray(limit, dtype=float)) for limit in limits)
    if low.size != 1 or high.size != 1:
        raise UsageError(f"--units original: the target of {dataset} has {low.size} dimensions and no single unit")
    return float(high[0] - low[0])
