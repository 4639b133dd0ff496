"""The configurations that a sweep tries for one cell; later stages and values depend on results."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from regbench.config.sweep import Stage, Value, Values, rounded

Result = Callable[[Values], float | None]  # metric of a configuration: infinity if it diverged, None if unknown


@dataclass(frozen=True)
class Explored:
    """The configurations of a cell, in the order of the file, and their outcome."""

    tried: tuple[Values, ...]
    complete: bool  # no configuration will be added
    winner: Values | None = None  # None if not complete, or if all have diverged
    on_edge: tuple[str, ...] = ()  # fields whose winning value is the lowest or highest tried
    later: int = 0  # configurations of later stages, without the winner itself
    may_extend: bool = False


def explore(stages: Sequence[Stage], usual: Mapping[str, Value], result: Result) -> Explored:
    """Go through the stages: each tries values around the winner so far, and extends beyond an edge if allowed.

    Args:
        stages: the stages for one row.
        usual: the row's default value of every swept field.
        result: gives the metric of a configuration.
    """
    tried: list[Values] = []
    best = dict(usual)
    for number, stage in enumerate(stages):
        growing = stage
        while True:
            tried += [values for values in growing.around(best) if values not in tried]
            found = [result(values) for values in tried]
            if None in found:
                later = sum(following.size - 1 for following in stages[number + 1 :])
                return Explored(tuple(tried), complete=False, later=later, may_extend=bool(stage.extend))
            lowest = min(metric for metric in found if metric is not None)
            if math.isinf(lowest):  # all configurations diverged
                return Explored(tuple(tried), complete=True)
            winner = tried[found.index(lowest)]
            if (further := _beyond(growing, stage, winner)) is None:
                break
            growing = further
        best = winner
    return Explored(tuple(tried), complete=True, winner=best, on_edge=tuple(_edges(stages, tried, best)))


def _beyond(growing: Stage, start: Stage, winner: Values) -> Stage | None:
    """The stage with one more value at each edge where the winner lies; None if there is no such edge."""
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
    """Fields of a grid whose winning value is the lowest or highest tried."""
    for name in dict.fromkeys(name for stage in stages if stage.sample is None for name in stage.axes):
        values = {value for configuration in tried if not isinstance(value := configuration[name], str)}
        if len(values) > 1 and winner[name] in {min(values), max(values)}:
            yield name


def _numbers(stage: Stage, name: str) -> tuple[float, ...]:
    axis = stage.axes[name]
    assert isinstance(axis, tuple), "checked when the file was read"
    return tuple(value for value in axis if isinstance(value, float))
