"""The errors of two methods on the seeds that both have, by dataset, and why there are none where there are none."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regbench.analysis import order, shared_seeds
from regbench.analysis.aggregate import null, records
from regbench.analysis.scale import Scale

if TYPE_CHECKING:
    from pandas import DataFrame

NOT_PLANNED = "not planned"
Gap = tuple[str, tuple[int, ...], str]  # why there is no error, of which seeds, of which method


class Paired(NamedTuple):
    """The seeds that both methods have on a dataset, and their errors (N, 2)."""

    seeds: tuple[int, ...]
    errors: np.ndarray


def pair(
    parts: tuple["DataFrame", "DataFrame"], names: tuple[str, str], measure: Scale
) -> tuple[dict[str, Paired], list[str]]:
    """The paired errors of two methods by dataset, and a line on each thing that could not be paired.

    A model that ignores the seed has one run, which stands for every seed of the other.
    """
    one, other = (_errors(part, datasets_of(*parts), measure) for part in parts)
    for part, mine, theirs in ((parts[0], one, other), (parts[1], other, one)):
        if shared_seeds.ignores_seed(str(part["method"].iloc[0])):
            mine |= {name: _for_every_seed(mine[name], theirs[name]) for name in mine}
    return _pairs(one, other, names=names)


def datasets_of(left: "DataFrame", right: "DataFrame") -> list[str]:
    """The datasets that either has, in the order of tables."""
    return sorted({*left["dataset"], *right["dataset"]}, key=order.dataset_key)


def _errors(rows: "DataFrame", datasets: list[str], measure: Scale) -> dict[str, dict[int, float | str]]:
    """The error of each planned seed on each dataset, or why there is none."""
    found: dict[str, dict[int, float | str]] = {name: {} for name in datasets}
    column, about = f"test_{measure.about.name}", measure.about
    for row in records(rows.filter(items=["dataset", "seed", column, "test_rmse", "diverged"])):
        error, seeds = null(row[column]), found[row["dataset"]]
        if error is not None and np.isfinite(error):
            usable = error > 0 or not about.is_error
            seeds[int(row["seed"])] = float(error) if usable else "error 0, so there is no ratio"
        elif null(row.get("diverged")):
            seeds[int(row["seed"])] = "diverged"
        else:
            measured = null(row["test_rmse"]) is not None
            seeds[int(row["seed"])] = f"no {about.label} recorded" if measured else "no finished run"
    return found


def _for_every_seed(once: dict[int, float | str], others: dict[int, float | str]) -> dict[int, float | str]:
    """The one error of a model that ignores the seed, repeated for each seed of the other method."""
    return dict.fromkeys(others, next(iter(once.values()))) if len(once) == 1 and others else once


def _pairs(
    a: dict[str, dict[int, float | str]], b: dict[str, dict[int, float | str]], *, names: tuple[str, str]
) -> tuple[dict[str, Paired], list[str]]:
    """Per dataset the paired errors, and what could not be paired."""
    pairs: dict[str, Paired] = {}
    gaps: dict[Gap, list[str]] = {}
    for dataset, mine in a.items():
        theirs = b[dataset]
        seeds = sorted({*mine, *theirs})
        both = [(mine.get(seed, NOT_PLANNED), theirs.get(seed, NOT_PLANNED)) for seed in seeds]
        whole = {
            seed: pair
            for seed, pair in zip(seeds, both, strict=True)
            if all(isinstance(error, float) for error in pair)
        }
        if whole:
            pairs[dataset] = Paired(tuple(whole), np.array([*whole.values()], dtype=float))
        for name, errors in zip(names, zip(*both, strict=True), strict=True):
            for why in dict.fromkeys(error for error in errors if isinstance(error, str)):
                lacking = tuple(seed for seed, error in zip(seeds, errors, strict=True) if error == why)
                gaps.setdefault((why, lacking, name), []).append(dataset)
    return pairs, _absent(gaps)


def _absent(gaps: dict[Gap, list[str]]) -> list[str]:
    """One line for all methods that lack the same seeds of the same datasets for the same reason."""
    lines: dict[tuple[str, tuple[int, ...], str], list[str]] = {}
    for (why, seeds, name), datasets in gaps.items():
        lines.setdefault((why, seeds, " ".join(map(order.alias, datasets))), []).append(name)
    return [
        f"{why}: {' and '.join(names)} on {datasets} (seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))})"
        for (why, seeds, datasets), names in lines.items()
    ]
