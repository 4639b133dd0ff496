"""The margin of a cell, learnt from the noise of its seeds: the worsening that the gate would find 8 times in 10."""

import math
from collections.abc import Mapping

import numpy as np

from regbench.analysis.gate.evidence import apart
from regbench.analysis.gate.power import detectable
from regbench.analysis.scale import Scale

LEAST = 0.001  # a worsening of 0.1 % of an error, or by 0.001 of another metric, matters to nobody
MOST = 0.05  # nor does anybody take one of 5 % for none, however few the seeds are


def deviation(values: np.ndarray, scale: Scale) -> float:
    """Standard deviation over seeds (N,) of an error relative to its mean, or of another metric; NaN below two."""
    finite = values[np.isfinite(values)]
    if len(finite) < 2:
        return math.nan
    return float(apart(finite, np.full_like(finite, finite.mean()), scale).std(ddof=1))


def margins(cells: Mapping[str, tuple[str, np.ndarray]], scale: Scale) -> dict[str, float]:
    """The margin of each cell, from its dataset and its errors by seed before the change.

    Two trainings of one seed by codes whose rounding differs are like two seeds in the worst case, so their difference
    varies by √2 of a seed's deviation; that is estimated over all cells of a dataset, weighed by degrees of freedom.
    """
    sizes = {(dataset, len(values)) for dataset, values in cells.values()}
    sure = {
        (dataset, seeds): detectable(
            deviation=math.sqrt(2) * _pooled(dataset, cells, scale), seeds=seeds, cells=len(cells)
        )
        for dataset, seeds in sizes
    }
    most = scale.margin(MOST) if scale.about.is_error else math.inf
    least = scale.margin(LEAST)
    return {cell: max(least, min(sure[dataset, len(values)], most)) for cell, (dataset, values) in cells.items()}


def _pooled(dataset: str, cells: Mapping[str, tuple[str, np.ndarray]], scale: Scale) -> float:
    """The standard deviation over seeds of a dataset's cells; those without any, as of ridge regression, left out."""
    parts = [
        (deviation(values, scale), np.isfinite(values).sum() - 1) for name, values in cells.values() if name == dataset
    ]
    used = [(each, freedom) for each, freedom in parts if each > 0]
    if not used:
        return 0.0
    return math.sqrt(sum(freedom * each**2 for each, freedom in used) / sum(freedom for _, freedom in used))
