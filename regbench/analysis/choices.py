"""The values that sweeps chose and all that they tried, which shows how much the choice matters."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench.analysis.aggregate import records

if TYPE_CHECKING:
    from pandas import DataFrame

SAME = 0.02  # relative: papers print their values to two or three digits


@dataclass(frozen=True)
class Choices:
    """The choices of a benchmark, one row per cell, and the cells of the sweeps that they were made from."""

    made: "DataFrame"  # `Store.choices`
    tried: "DataFrame"  # `Store.cells` of the sweeps; without rows where no sweep is here


def gather(made: "DataFrame", sweeps: Sequence["DataFrame"]) -> Choices:
    """The choices together with the cells of the sweeps that are in the store."""
    columns = ["job_key", "variant", "hparams", "val_rmse", "val_mae", "diverged"]
    tried = [frame.reindex(columns=columns) for frame in sweeps if len(frame)]
    empty = pd.DataFrame(columns=columns)
    return Choices(made, pd.concat(tried, ignore_index=True).drop_duplicates("job_key") if tried else empty)


def profile(choices: Choices, row: Any, field: str) -> "pd.Series[float]":
    """The lowest validation error that a cell's sweep reached at each value of one hyper-parameter: value → error.

    The error of a configuration is its mean over seeds. A configuration that diverged on a seed, or is not finished on
    all, has none. Empty where the store does not have the sweep.
    """
    tried = choices.tried[choices.tried["job_key"].isin(row["jobs"])]
    column = str(row["by"]).replace("/", "_", 1)
    found: dict[float, float] = {}
    for _, seeds in tried.groupby("variant", sort=True):
        value = seeds["hparams"].iloc[0].get(field)
        error = seeds[column].astype(float).mean(skipna=False)
        if value is not None and not seeds["diverged"].any() and np.isfinite(error):
            found[value] = min(error, found.get(value, np.inf))
    return pd.Series(found, dtype=float).sort_index()


def at(errors: "pd.Series[float]", value: float) -> float | None:
    """The error at a value that a paper prints; None where it was not tried."""
    near = errors[np.abs(errors.index.to_numpy(dtype=float) / value - 1) < SAME]
    return None if near.empty else float(near.min())


def chosen(made: "DataFrame") -> "DataFrame":
    """Every value that was chosen: one row per cell and field."""
    names = ["benchmark", "dataset", "method", "variant", "k"]
    rows = [
        {**{name: row[name] for name in names}, "field": field, "value": value, "on_edge": field in row["on_edge"]}
        for row in records(made)
        for field, value in sorted(row["values"].items())
    ]
    return pd.DataFrame(rows, columns=[*names, "field", "value", "on_edge"])
