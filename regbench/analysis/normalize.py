"""Errors divided by a baseline's on the same dataset, and the means of these ratios over common datasets."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from regbench import kinds, metrics, variants
from regbench.analysis import order, shared_seeds
from regbench.analysis.aggregate import aggregate, null, records, shown_with
from regbench.analysis.select import pick
from regbench.errors import NothingMeasured, UsageError, some
from regbench.papers.bridges import WIDTH

if TYPE_CHECKING:
    from pandas import DataFrame

ROW = ["method", "variant", "k", WIDTH]  # what tells the rows of the table apart
# The ratio, its spread, the number of seeds and the seeds it is over, the cell's mean over these, why there is none.
RATIO = ["ratio", "ratio_std", "ratio_n", "ratio_seeds", "ratio_mean", "reason"]
NO_RATIO = {"ratio": None, "ratio_std": None, "ratio_n": 0, "ratio_seeds": "", "ratio_mean": None}


@dataclass(frozen=True)
class Normalized:
    """Ratios per cell, their means per row of the table, and the datasets over which the means are taken."""

    cells: "DataFrame"  # `aggregate`'s columns and those of `RATIO`
    means: "DataFrame"  # per row: arithmetic, geometric, median over `common`
    common: tuple[str, ...]  # datasets on which every row with any ratio has one; reference models do not count
    baseline: str
    metric: str
    notes: tuple[str, ...]


def normalize(
    frame: "DataFrame", *, baseline: str = "lsq", metric: str = "rmse", reference: "DataFrame | None" = None
) -> Normalized:
    """Each cell's mean error over the baseline's mean error on the same dataset and the same seeds.

    Seeds that only one of the two has, because the other diverged there or was not run, are left out of both means. A
    baseline that ignores k is used for every k. Its mean is taken as exact: `ratio_std` is the standard deviation
    of the normalised error over the method's own seeds. Where the baseline is missing or diverged the ratio is null
    and `reason` says so. The baseline is taken from `reference` where given, else from `frame`.
    """
    about = metrics.about(metric)
    if not about.is_error:
        raise UsageError(
            f"a ratio of {about.label} ({about.direction}) to that of {baseline} would mean nothing: "
            "`regbench report --normalize none` shows it as it is"
        )
    cells = aggregate(frame, shown_with(metric))
    base = _baseline(frame if reference is None else reference, baseline, metric)
    baseline = variants.parse(baseline).spelled
    errors = shared_seeds.by_cell(frame, metric)
    ratios = [
        _ratio(cell, errors.get(shared_seeds.key(cell), {}), base.get(cell["dataset"]), baseline, metric)
        for cell in records(cells)
    ]
    attrs = cells.attrs
    cells = cells.assign(**{name: [ratio[name] for ratio in ratios] for name in RATIO})
    cells = cells.astype({"ratio": float, "ratio_std": float, "ratio_n": int, "ratio_mean": float})
    cells.attrs = attrs
    common, notes = _common(cells)
    return Normalized(
        cells=cells,
        means=_means(cells, common),
        common=common,
        baseline=baseline,
        metric=metric,
        notes=(*attrs.get("left_out", ()), *_no_baseline(cells), *_fewer_seeds(cells, baseline), *notes),
    )


def describe(row: Any) -> str:
    """A row of the table in words.

    >>> describe({"method": "end2end", "variant": "end2end", "k": 25})
    'end2end (k = 25)'
    """
    return row["variant"] + ("" if null(row["k"]) is None else f" (k = {row['k']})")


@dataclass(frozen=True)
class _Base:
    """The baseline on one dataset: its cell, and its errors by seed."""

    cell: dict[str, Any]
    errors: shared_seeds.Errors


def _baseline(frame: "DataFrame", name: str, metric: str) -> dict[str, _Base]:
    """The baseline on each dataset; empty where it was not planned."""
    try:
        rows = pick(frame, name)
    except NothingMeasured:
        return {}
    errors = shared_seeds.by_cell(rows, metric)
    cells = records(aggregate(rows, shown_with(metric)))
    return {cell["dataset"]: _Base(cell, errors.get(shared_seeds.key(cell), {})) for cell in cells}


def _ratio(
    cell: dict[str, Any], errors: shared_seeds.Errors, base: _Base | None, baseline: str, metric: str
) -> dict[str, Any]:
    """The columns of `RATIO` for one cell."""
    if why := _no_ratio(cell, base, baseline, metric):
        return {**NO_RATIO, "reason": why}
    assert base is not None
    found = shared_seeds.ratio(errors, base.errors, methods=(cell["method"], base.cell["method"]))
    if found is None:
        return {**NO_RATIO, "reason": f"no seed in common with {baseline}"}
    if found.base == 0:
        return {**NO_RATIO, "reason": f"{baseline} has no error"}
    return {
        "ratio": found.mean / found.base,
        "ratio_std": found.std / found.base,
        "ratio_n": found.n,
        "ratio_seeds": " ".join(map(str, found.seeds)),
        "ratio_mean": found.mean,
        "reason": "",
    }


def _no_ratio(cell: dict[str, Any], base: _Base | None, baseline: str, metric: str) -> str:
    """Why a cell has no ratio whatever its seeds are; empty where nothing is in the way."""
    if not cell["n"]:
        return "diverged" if cell["diverged"] else "missing"
    if base is None or not base.cell["n"]:
        how = "diverged" if base is not None and base.cell["diverged"] else "is missing"
        return f"{baseline} {how}"
    if np.isnan(base.cell[f"{metric}_mean"]) or np.isnan(cell[f"{metric}_mean"]):
        return f"{metrics.about(metric).label} not recorded in every run"
    if cell["targets"] != base.cell["targets"]:
        return f"{baseline} has {base.cell['targets']} targets and this row {cell['targets']} ones"
    return ""


def _fewer_seeds(cells: "DataFrame", baseline: str) -> list[str]:
    """One line on ratios that are over fewer seeds than were planned."""
    fewer = cells[(cells["ratio_n"] > 0) & (cells["ratio_n"] < cells["n_expected"])]
    names = [f"{order.alias(row['dataset'])} {describe(row)} {row['ratio_n']}" for row in records(fewer)]
    return [f"seeds that it and {baseline} both have, where not all: {some(names, most=3)}"] if names else []


def _common(cells: "DataFrame") -> tuple[tuple[str, ...], list[str]]:
    """The datasets on which all rows have a ratio, and notes about the datasets that are left out.

    Reference models count only where there are no other rows with a ratio: some cannot read images, and that must not
    cost the methods a dataset.
    """
    everywhere = sorted(set(cells["dataset"]), key=order.dataset_key)
    reference = cells["method"].map(kinds.is_reference)
    if not cells.loc[~reference, "ratio"].notna().any():
        reference = reference & False
    has = _has_ratio(cells[~reference])
    compared = [(row, datasets) for row, datasets in has if datasets]
    idle = [row for row, datasets in has if not datasets]
    notes = (
        [f"no ratio on any dataset, so ignored in the choice of datasets for means: {some(idle, most=3)}"]
        if idle
        else []
    )
    common = tuple(dataset for dataset in everywhere if compared and all(dataset in found for _, found in compared))
    lacking: dict[tuple[str, ...], list[str]] = {}
    for dataset in everywhere:
        if without := tuple(row for row, found in compared if dataset not in found):
            lacking.setdefault(without, []).append(order.alias(dataset))
    if lacking:
        which = " ".join(map(order.alias, common)) or "none"
        gone = "; ".join(f"{' '.join(datasets)} (not in {some(rows, most=3)})" for rows, datasets in lacking.items())
        notes.append(f"means are over {len(common)} of {len(everywhere)} datasets ({which}), left out: {gone}")
    if partly := [row for row, found in _has_ratio(cells[reference]) if found and not found >= set(common)]:
        notes.append(f"no mean of {some(partly, most=3)}, for want of a ratio on every dataset that means are over")
    return common, notes


def _has_ratio(cells: "DataFrame") -> list[tuple[str, set[str]]]:
    """Each row of the table in words, and the datasets on which it has a ratio."""
    groups = [group for _, group in cells.groupby(ROW, dropna=False, sort=False)]
    return [(describe(group.iloc[0]), set(group.loc[group["ratio"].notna(), "dataset"])) for group in groups]


def _no_baseline(cells: "DataFrame") -> list[str]:
    lost = cells[(cells["n"] > 0) & cells["ratio"].isna()]
    reasons = lost.groupby("reason", sort=True)["dataset"].unique()
    named = {reason: map(order.alias, sorted(datasets, key=order.dataset_key)) for reason, datasets in reasons.items()}
    return [f"{reason} on {' '.join(names)}: no ratio there" for reason, names in named.items()]


def _means(cells: "DataFrame", common: tuple[str, ...]) -> "DataFrame":
    """Arithmetic and geometric mean and median of each row's ratios over the common datasets."""
    rows = []
    for key, group in cells.groupby(ROW, dropna=False, sort=False):
        ratios = group.loc[group["dataset"].isin(common), "ratio"].to_numpy(dtype=float)
        full = bool(common) and len(ratios) == len(common) and bool(np.isfinite(ratios).all())
        statistics = [ratios.mean(), np.exp(np.log(ratios).mean()), np.median(ratios)] if full else [None] * 3
        rows.append([*map(null, key), *statistics, len(common) if full else 0])
    rows.sort(key=lambda row: order.row_key(*row[:4]))
    columns = [*ROW, "arithmetic", "geometric", "median", "datasets"]
    means = pd.DataFrame(rows, columns=columns).astype({"k": "Int64", WIDTH: "Float64"})
    return means.astype({"arithmetic": float, "geometric": float, "median": float})
