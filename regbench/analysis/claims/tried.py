"""The lowest validation error of each value that a sweep tried for a setting, over all it tried beside it."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from regbench.analysis import order, sweeps
from regbench.analysis.aggregate import null, records
from regbench.analysis.claims.rows import Row
from regbench.analysis.sweeps import Swept

if TYPE_CHECKING:
    from pandas import DataFrame

# dataset, row, setting -> value -> its lowest error relative to the lowest of all, less 1
Tried = Mapping[tuple[str, Row, str], Mapping[float, float]]


def tried(swept: Swept | None, settings: Collection[str]) -> Tried:
    """What sweeps tried for the settings, by RMSE; nothing where there is no sweep."""
    if swept is None or swept.cells.empty:
        return {}
    configurations = sweeps.configurations(swept, metric="rmse")
    known = [setting for setting in settings if setting in configurations]
    found = {}
    for (dataset, variant, k), group in configurations.groupby(["dataset", "variant", "k"], dropna=False, sort=False):
        at = Row(str(variant), None if (known_k := null(k)) is None else int(known_k))
        for setting in known:
            if errors := _lowest(group, setting):
                best = min(errors.values())
                above = {value: error / best - 1 for value, error in errors.items()}
                found[order.alias(str(dataset)), at, setting] = above
    return found


def _lowest(group: "DataFrame", setting: str) -> dict[float, float]:
    """The lowest error of each value, of configurations that have one."""
    lowest: dict[float, float] = {}
    for row in records(group):
        value, error = null(row[setting]), null(row["val_rmse"])
        if value is not None and error is not None:
            value = float(f"{value:.6g}")  # so that a grid continued on another dataset has the same values
            lowest[value] = min(float(error), lowest.get(value, float(error)))
    return lowest
