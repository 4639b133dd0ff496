"""The standard deviation over seeds of an average over datasets."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench.analysis import shared_seeds
from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import comparable
from regbench.analysis.normalize import ROW, Normalized

if TYPE_CHECKING:
    from pandas import DataFrame


def spread(frame: "DataFrame", normalized: Normalized) -> "DataFrame":
    """The means of `normalized` with the standard deviation, over seeds, of the average over its common datasets.

    A seed counts if row and baseline have a finite error there on every one of those datasets; the baseline's mean over
    the seeds of the row's ratio is taken as exact.
    """
    rows = comparable(frame)
    rows = rows[rows["dataset"].isin(normalized.common)]
    scales = _scales(normalized)
    cells = {shared_seeds.key(cell): cell for cell in records(normalized.cells)}
    mine = [cells[shared_seeds.key(row)] for row in records(rows)]
    scale = np.array([scales.get((cell["dataset"], cell["ratio_seeds"]), np.nan) for cell in mine], dtype=float)
    error = rows[f"test_{normalized.metric}"].to_numpy(dtype=float, na_value=np.nan)
    rows = rows.assign(ratio=error / scale)
    counts = [_counts(cell, int(seed)) for cell, seed in zip(mine, rows["seed"], strict=True)]
    rows = rows[np.array(counts, dtype=bool)]  # of no rows, a list would choose no columns
    found = [_of(row, rows, len(normalized.common)) for row in records(normalized.means)]
    columns = {name: [row[name] for row in found] for name in ("seeds", "arithmetic_std", "geometric_std")}
    return normalized.means.assign(**columns)


def _scales(normalized: Normalized) -> dict[tuple[str, str], float]:
    """The baseline's mean error per dataset and set of seeds, recovered from a ratio to it."""
    cells = normalized.cells[normalized.cells["ratio"].notna()]
    places = zip(cells["dataset"], cells["ratio_seeds"], strict=True)
    return dict(zip(places, cells["ratio_mean"] / cells["ratio"], strict=True))


def _counts(cell: dict[str, Any], seed: int) -> bool:
    """Whether a seed is one of those that the cell's ratio is over; the one run of a model without seeds is."""
    seeds = cell["ratio_seeds"].split()
    return str(seed) in seeds or cell["ratio_n"] < len(seeds)


def _of(row: dict[str, Any], rows: "DataFrame", datasets: int) -> dict[str, Any]:
    mine = rows
    for column in ROW:
        value = null(row[column])
        mine = mine[mine[column].isna() if value is None else (mine[column] == value).fillna(value=False)]
    table = mine.pivot_table(index="seed", columns="dataset", values="ratio", aggfunc="last")
    whole = table.dropna().to_numpy(dtype=float) if table.shape[1] == datasets else np.empty((0, datasets))
    if len(whole) < 2:
        return {"seeds": len(whole), "arithmetic_std": np.nan, "geometric_std": np.nan}
    averages = {"arithmetic_std": whole.mean(1), "geometric_std": np.exp(np.log(whole).mean(1))}
    return {"seeds": len(whole), **{name: float(pd.Series(values).std()) for name, values in averages.items()}}
