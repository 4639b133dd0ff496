"""The standard deviation over seeds of an average over datasets."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import comparable
from regbench.analysis.normalize import ROW, Normalized

if TYPE_CHECKING:
    from pandas import DataFrame


def spread(frame: "DataFrame", normalized: Normalized) -> "DataFrame":
    """The means of `normalized` with the standard deviation, over seeds, of the average over its common datasets.

    A seed counts if it has a finite error on every one of those datasets; the baseline's mean is taken as exact.
    """
    rows = comparable(frame)
    rows = rows[rows["dataset"].isin(normalized.common)]
    scale = _scale(normalized)
    error = rows[f"test_{normalized.metric}"].to_numpy(dtype=float, na_value=np.nan)
    rows = rows.assign(ratio=error / rows["dataset"].map(scale).to_numpy(dtype=float))
    found = [_of(row, rows, len(normalized.common)) for row in records(normalized.means)]
    columns = {name: [row[name] for row in found] for name in ("seeds", "arithmetic_std", "geometric_std")}
    return normalized.means.assign(**columns)


def _scale(normalized: Normalized) -> dict[str, float]:
    """The baseline's mean error per dataset, recovered from a ratio to it."""
    cells = normalized.cells[normalized.cells["ratio"].notna()]
    return dict(zip(cells["dataset"], cells[f"{normalized.metric}_mean"] / cells["ratio"], strict=True))


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
