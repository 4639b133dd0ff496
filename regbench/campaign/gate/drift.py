"""How far a baseline is from the first one, and whether recording it would record a worsening."""

from dataclasses import dataclass

import numpy as np

from regbench.analysis.gate.evidence import apart
from regbench.analysis.scale import Scale
from regbench.campaign.gate.lock import Blessing, Lock
from regbench.campaign.gate.noise import margins_of, scale_of


@dataclass(frozen=True)
class Drift:
    """The mean of a cell now, before, and at the first baseline that has the cell; None where there is none.

    since_first, since_last, since_accepted: the change in the unit of `Scale.shown`; positive is worse.
    worse: whether it is worse than the last accepted level by more than the cell's margin, or diverges now.
    """

    cell: str
    mean: float | None
    since_last: float | None
    since_first: float | None
    since_accepted: float | None
    margin: float
    worse: bool


def drift(lock: Lock, before: Lock | None) -> list[Drift]:
    """The drift of each cell; a lock of another metric, or a first one, has none."""
    history = [] if before is None or before.metric != lock.metric else [*before.history, before.blessing()]
    scale, margins = scale_of(lock.metric), margins_of(lock)
    found = []
    for cell, mean in lock.means().items():
        first, accepted = _first(history, cell), _accepted(history, cell)
        level = _change(mean, accepted, scale)
        found.append(
            Drift(
                cell,
                mean,
                since_last=_shown(_change(mean, history[-1].means.get(cell) if history else None, scale), scale),
                since_first=_shown(_change(mean, first, scale), scale),
                since_accepted=_shown(level, scale),
                margin=scale.shown(margins[cell]),
                worse=(mean is None and accepted is not None) or (level is not None and level > margins[cell]),
            )
        )
    return found


def _first(history: list[Blessing], cell: str) -> float | None:
    """The mean of a cell at the first baseline that has it."""
    return next((mean for each in history if (mean := each.means.get(cell)) is not None), None)


def _accepted(history: list[Blessing], cell: str) -> float | None:
    """The mean at the level that was accepted: the first one, or the last one that was recorded although worse.

    It is not the last baseline: small steps, each within the noise, would add up unseen.
    """
    knowing = [place for place, each in enumerate(history) if cell in each.worse and each.means.get(cell) is not None]
    return history[knowing[-1]].means[cell] if knowing else _first(history, cell)


def _change(mean: float | None, other: float | None, scale: Scale) -> float | None:
    if mean is None or other is None:
        return None
    return float(apart(np.array([mean]), np.array([other]), scale)[0])


def _shown(change: float | None, scale: Scale) -> float | None:
    return None if change is None else scale.shown(change)
