"""The noise of a lock's cells, their margins, and the seeds that a worsening takes to be found."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from regbench.analysis import gate
from regbench.analysis.scale import Scale, of
from regbench.campaign.gate.lock import Lock, LockedCell


def scale_of(metric: str) -> Scale:
    """The scale of a metric as the file names it, such as test/rmse."""
    return of(metric.partition("/")[2])


def values_of(cell: LockedCell, metric: str, seeds: Sequence[int] = ()) -> np.ndarray:
    """A metric of a cell by seed (N,), NaN where a run diverged; of all its seeds, or of these."""
    found = [cell.seeds[seed].values[metric] for seed in seeds or cell.seeds]
    return np.array([math.nan if value is None else value for value in found], dtype=float)


def margins_of(lock: Lock, asked: float | None = None) -> dict[str, float]:
    """The margin of each cell, on the metric's scale: asked for, or that of `--detect`, or learnt from its seeds."""
    scale = scale_of(lock.metric)
    given = asked if asked is not None else lock.detect
    if given is not None:
        return {cell.cell: scale.margin(given) for cell in lock.cells}
    values = {cell.cell: (str(lock.config(cell)["dataset"]), values_of(cell, lock.metric)) for cell in lock.cells}
    return gate.margins(values, scale)


def deviations(lock: Lock, before: Lock | None) -> dict[str, float]:
    """The standard deviation of the differences between paired seeds, by cell; NaN where there is but one seed.

    Measured where both baselines have seeds whose numbers differ, else taken to be √2 of that over seeds.
    """
    earlier = {cell.cell: cell for cell in before.cells} if before and before.metric == lock.metric else {}
    return {cell.cell: _deviation(cell, earlier, lock.metric) for cell in lock.cells}


def seeds_for(worsening: float, noise: Mapping[str, float], scale: Scale) -> int | None:
    """The seeds with which a worsening of any cell is found; None if more than can be run, or without an estimate."""
    known = [each for each in noise.values() if math.isfinite(each)]
    if not known:
        return None
    return gate.seeds_needed(scale.margin(worsening), deviation=max(known), cells=len(noise))


def _deviation(cell: LockedCell, earlier: Mapping[str, LockedCell], metric: str) -> float:
    scale = scale_of(metric)
    own = math.sqrt(2) * gate.deviation(values_of(cell, metric), scale)
    if cell.cell not in earlier:
        return own
    seeds = [seed for seed in cell.seeds if seed in earlier[cell.cell].seeds]
    if len(seeds) < 2:
        return own
    pairs = gate.Pairs(values_of(earlier[cell.cell], metric, seeds), values_of(cell, metric, seeds))
    found = gate.Evidence.of(pairs, scale)
    if found.difference is None or found.difference.error == 0:
        return own
    return found.difference.error * math.sqrt(found.seeds)
