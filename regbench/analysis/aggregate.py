"""From jobs to cells: mean, standard deviation and number of seeds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench.analysis import order
from regbench.analysis.comparable import CELL, comparable
from regbench.metrics import ROWS, USUAL, over
from regbench.papers.bridges import WIDTH

if TYPE_CHECKING:
    from pandas import DataFrame


def shown_with(metric: str) -> tuple[str, ...]:
    """The metrics that a table of cells has: the usual ones, and the one asked for; of some rows, both usual ones."""
    rows = metric.partition("/")[0]
    return tuple(dict.fromkeys((*USUAL, *(over(rows) if rows in ROWS else ()), metric)))


def aggregate(frame: "DataFrame", metrics: Sequence[str] = USUAL) -> "DataFrame":
    """One row per cell: n of n_expected seeds, mean and sample standard deviation of the metrics, diverged runs.

    A seed counts in n if its run has a finite error. A cell without such a run has only null statistics. A metric is
    null where one of the n runs lacks it, and a standard deviation needs two seeds. `targets` is "raw" where errors
    are in units of the target itself. Cells are sorted as in the paper's tables; `attrs["left_out"]` says what was left
    out. If the frame says which runs are `published`, so do the cells.
    """
    rows = comparable(frame)
    cells = [_cell(key, group, metrics) for key, group in rows.groupby(CELL, dropna=False, sort=False)]
    cells.sort(key=_place)
    result = pd.DataFrame(cells, columns=[*CELL, "targets", "n", "n_expected", "diverged", *_statistics(metrics)])
    result = result.astype({"k": "Int64", WIDTH: "Float64", "n": int, "n_expected": int, "diverged": int})
    result = result.astype(dict.fromkeys(_statistics(metrics), float))
    if "published" in rows:
        result["published"] = [cell["published"] for cell in cells]
    result.attrs = dict(rows.attrs)
    return result


def finite(values: "pd.Series") -> np.ndarray:
    """The finite numbers among values that may be null."""
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    return numbers[np.isfinite(numbers)]


def records(frame: "DataFrame") -> list[dict[str, Any]]:
    """The rows of a frame as dictionaries by column name."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]


def null(value: Any) -> Any:
    """None for each of pandas' null values; other values as they are."""
    return None if pd.isna(value) else value


def _statistics(metrics: Sequence[str]) -> list[str]:
    return [f"{metric}_{statistic}" for metric in metrics for statistic in ("mean", "std")]


def _cell(key: tuple[Any, ...], group: "DataFrame", metrics: Sequence[str]) -> dict[str, Any]:
    errors = {metric: finite(group[f"test_{metric}"]) for metric in metrics}
    cell = dict(zip(CELL, map(null, key), strict=True))
    cell["targets"] = targets_of(group)
    cell |= {"n": len(errors["rmse"]), "n_expected": len(group), "diverged": _diverged(group)}
    if "published" in group:
        cell["published"] = bool(group["published"].any())
    for metric, values in errors.items():
        whole = len(values) == cell["n"]
        cell[f"{metric}_mean"] = values.mean() if whole and len(values) else None
        cell[f"{metric}_std"] = values.std(ddof=1) if whole and len(values) > 1 else None
    return cell


def targets_of(group: "DataFrame") -> str:
    """How the targets of rows of one protocol are: "scaled" or "raw"; frames made by hand may not say."""
    return group["targets"].iloc[0] if "targets" in group else "scaled"


def _diverged(group: "DataFrame") -> int:
    return int(group["diverged"].astype("boolean").fillna(value=False).sum()) if "diverged" in group else 0


def _place(cell: dict[str, Any]) -> tuple[object, ...]:
    row = order.row_key(cell["method"], cell["variant"], cell["k"], cell[WIDTH])
    return (order.dataset_key(cell["dataset"]), row)
