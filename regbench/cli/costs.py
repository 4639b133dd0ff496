"""`regbench bench --regularizers`: what regularizers and wrappers cost."""

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from regbench.cli.output import columns, emit, emit_json, say

if TYPE_CHECKING:
    from regbench.bench.regularizers import Cost

HEADER = ("dataset", "method", "µs a model-step", "added", "alone", "peak MB", "added MB")


def show(datasets: Sequence[str], *, json: bool) -> int:
    """Measure and print the cost of each part on the shape of each dataset."""
    say("regbench: measuring what regularizers cost, about two minutes; best done on an idle machine")
    from regbench.bench.regularizers import SHAPES, machine, measure

    found = []
    for cost in measure(datasets or SHAPES):
        say(f"{cost.dataset} {cost.method}: {cost.microseconds:,.0f} µs a model-step")
        found.append(cost)
    where = machine()
    if json:
        emit_json("bench", {"rows": [_record(cost) for cost in found], "machine": where, "data": "synthetic"})
    else:
        emit(columns([_line(cost) for cost in found], header=HEADER))
        emit(f"{where['processor']}, one thread, torch {where['torch']}, synthetic data; packs of {found[0].jobs}")
    return 0


def _record(cost: "Cost") -> dict[str, Any]:
    """A flat record, with null for what is not known."""
    values = asdict(cost)
    return {name: None if isinstance(value, float) and math.isnan(value) else value for name, value in values.items()}


def _line(cost: "Cost") -> list[str]:
    added = "" if cost.added is None else f"{cost.added:+.0%}"
    more = "" if cost.added_megabytes is None else f"{cost.added_megabytes:+.0f}"
    return [
        *(cost.dataset, cost.method, f"{cost.microseconds:,.0f}", added, f"{cost.alone:,.0f}"),
        *(f"{cost.megabytes:.0f}", more),
    ]
