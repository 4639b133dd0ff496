"""Whether the numbers of the first paper's Table 2 are RMSE, as it says, judged by our own numbers.

A constant's errors decide: several cells of the table are the mean absolute error that a constant has, and below the
RMSE that any constant can have.
"""

import pandas as pd

from regbench.analysis import order
from regbench.analysis.aggregate import records

CONSTANTS = ("train_mean", "train_median")
CLOSE = 0.03  # relative: the paper prints two to three digits, and its test rows may be others


def metric_problem(rows: pd.DataFrame) -> list[str]:
    """Lines for below the table; `rows` are cells with rmse_mean, mae_mean and the paper's number, in scaled units."""
    both = rows[rows["paper"].notna() & rows["rmse_mean"].notna() & rows["mae_mean"].notna()]
    if both.empty:
        return []
    return [*_constants(rows), _nearer(both)]


def _constants(rows: pd.DataFrame) -> list[str]:
    """The printed cells that are a constant's mean absolute error."""
    constants = rows[rows["method"].isin(CONSTANTS) & (rows["n"] > 0)]
    if constants.empty:
        where = "`regbench run bridges-baselines` adds constants below a rule"
        return [f"the paper calls its numbers RMSE, but some are the MAE of a constant: {where}"]
    said = list(filter(None, (_found(constant, rows) for constant in records(constants))))
    return [f"the paper calls its numbers RMSE, but {'; '.join(said)}"] if said else []


def _found(constant: dict, rows: pd.DataFrame) -> str:
    here = rows[(rows["dataset"] == constant["dataset"]) & rows["paper"].notna()]
    off = (here["paper"] / constant["mae_mean"] - 1).abs()
    alike = here[off < CLOSE]
    if alike.empty or pd.isna(constant["rmse_mean"]):
        return ""
    row = alike.loc[off[alike.index].idxmin()]
    name, where = constant["method"], order.alias(constant["dataset"])
    return (
        f"its {row['paper']:.3f} ({row['variant']} on {where}) is the MAE of {name} "
        f"({constant['mae_mean']:.4f}; its RMSE is {constant['rmse_mean']:.4f})"
    )


def nearer(both: pd.DataFrame) -> tuple[int, int]:
    """How many of the paper's numbers are nearer to our MAE than to our RMSE: by relative and by absolute distance.

    Relative to ours, so that a number between the two, equally far from both, is nearer to the larger one, the RMSE.
    """
    paper, mae, rmse = both["paper"], both["mae_mean"], both["rmse_mean"]
    relative = (paper / mae - 1).abs() < (paper / rmse - 1).abs()
    absolute = (paper - mae).abs() < (paper - rmse).abs()
    return int(relative.sum()), int(absolute.sum())


def _nearer(both: pd.DataFrame) -> str:
    relative, absolute = nearer(both)
    return (
        f"of {len(both)} cells that both have, the paper's number is nearer to our MAE than to our RMSE in {relative} "
        f"by relative distance and in {absolute} by absolute distance"
    )
