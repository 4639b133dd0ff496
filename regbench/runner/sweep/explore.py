"""What a sweep tries of one cell, as far as it can be known: the next stage and the next value depend on results."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from regbench.config.sweep import Stage, Value, Values, rounded

Result = Callable[[Values], float | None]  # metric of a configuration: infinite if it diverged, None if not known yet


@dataclass(frozen=True)
class Explored:
    """The configurations of a cell in the order of the file, and what has come of them."""

    tried: tuple[Values, ...]
    complete: bool  # nothing more will come
    winner: Values | None = None  # None while it is open, and where all have diverged
    on_edge: tuple[str, ...] = ()  # fields of the winner at the end of what was tried
    later: int = 0  # configurations of stages that have not begun, but for those that are the winner itself
    may_extend: bool = False


def explore(stages: Sequence[Stage], usual: Mapping[str, Value], result: Result) -> Explored:
    """Stage by stage, each around the winner so far, and on beyond an edge where a stage says so.

    Args:
        stages: as one row sees them.
        usual: the row's default of every field that any stage sweeps.
        result: what is known of a configuration.
    """
    tried: list[Values] = []
    best = dict(usual)
    for number, stage in enumerate(stages):
        growing = stage
        while True:
            tried += [values for values in growing.around(best) if values not in tried]
            found = [result(values) for values in tried]
            if None in found:
                later = sum(each.size - 1 for each in stages[number + 1 :])
                return Explored(tuple(tried), complete=False, later=later, may_extend=bool(stage.extend))
            lowest = min(each for each in found if each is not None)
            if math.isinf(lowest):  # everything diverged: there is nothing to go on from
                return Explored(tuple(tried), complete=True)
            winner = tried[found.index(lowest)]
            if (further := _beyond(growing, stage, winner)) is None:
                break
            growing = further
        best = winner
    return Explored(tuple(tried), complete=True, winner=best, on_edge=tuple(_edges(stages, tried, best)))


def _beyond(growing: Stage, start: Stage, winner: Values) -> Stage | None:
    """The stage with a value more at each edge on which the winner lies; None where there is none to go on from."""
    axes = dict(growing.axes)
    for name in start.extend:
        values = sorted(_numbers(growing, name))
        first = _numbers(start, name)
        up = sum(value > max(first) for value in values)
        down = sum(value < min(first) for value in values)
        if winner[name] == values[-1] and up < start.extend_limit:
            axes[name] = (*_numbers(growing, name), rounded(values[-1] * (values[-1] / values[-2])))
        elif winner[name] == values[0] and down < start.extend_limit:
            axes[name] = (*_numbers(growing, name), rounded(values[0] * (values[0] / values[1])))
    return replace(growing, axes=axes) if axes != growing.axes else None


def _edges(stages: Sequence[Stage], tried: Sequence[Values], winner: Values) -> Iterator[str]:
    """Fields of a grid whose winning value is the lowest or the highest of all that were tried."""
    for name in dict.fromkeys(name for stage in stages if stage.sample is None for name in stage.axes):
        values = {value for each in tried if not isinstance(value := each[name], str)}
        if len(values) > 1 and winner[name] in {min(values), max(values)}:
            yield name


def _numbers(stage: Stage, name: str) -> tuple[float, ...]:
    axis = stage.axes[name]
    assert isinstance(axis, tuple), "checked when the file was read"
    return tuple(value for value in axis if isinstance(value, float))
