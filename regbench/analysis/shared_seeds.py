"""The errors of two cells over the seeds that both have: a ratio over unlike seeds would compare unlike splits."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from regbench import catalog, kinds
from regbench.analysis.aggregate import null, records
from regbench.analysis.comparable import CELL, comparable

if TYPE_CHECKING:
    from pandas import DataFrame

Errors = dict[int, float]  # seed -> error of a finished run that did not diverge
Key = tuple[Any, ...]  # the values of CELL


class Ratio(NamedTuple):
    """Two means over common seeds, and the standard deviation and number of the errors in the first."""

    mean: float
    base: float
    std: float
    n: int
    seeds: tuple[int, ...]


def by_cell(frame: "DataFrame", metric: str) -> dict[Key, Errors]:
    """The finite errors of each cell by seed, ordered by seed."""
    found: dict[Key, Errors] = {}
    needed = list(dict.fromkeys((*CELL, "seed", f"test_{metric}", "test_rmse")))
    for row in records(comparable(frame)[needed]):
        error, deciding = null(row[f"test_{metric}"]), null(row["test_rmse"])
        if error is not None and deciding is not None and np.isfinite(error) and np.isfinite(deciding):
            found.setdefault(key(row), {})[int(row["seed"])] = float(error)
    return found


def key(row: dict[str, Any]) -> Key:
    """What tells the cells of a frame apart."""
    return tuple(null(row[column]) for column in CELL)


def shared(one: Errors, other: Errors, *, methods: tuple[str, str]) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
    """The errors of both on their common seeds, and these seeds.

    A model that ignores the seed has one run; it stands for every seed of the other.
    """
    once = [ignores_seed(method) and len(errors) == 1 for method, errors in zip(methods, (one, other), strict=True)]
    if any(once):
        seeds = tuple(other if once[0] else one)
        return np.array([*one.values()]), np.array([*other.values()]), seeds
    seeds = tuple(sorted(one.keys() & other.keys()))
    return np.array([one[seed] for seed in seeds]), np.array([other[seed] for seed in seeds]), seeds


def ratio(one: Errors, other: Errors, *, methods: tuple[str, str]) -> Ratio | None:
    """The mean of `one` over that of `other` on their common seeds; None without any."""
    mine, theirs, seeds = shared(one, other, methods=methods)
    if not seeds:
        return None
    return Ratio(mine.mean(), theirs.mean(), mine.std(ddof=1) if len(mine) > 1 else np.nan, len(mine), seeds)


def ignores_seed(method: str) -> bool:
    """False for a method whose file is not here, such as that of a plug-in."""
    return method in catalog.rows() and not kinds.uses_seed(method)
