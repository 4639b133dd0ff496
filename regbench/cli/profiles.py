"""`regbench bench --profile`: where the time of a training step goes."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from regbench.cli.output import columns, emit, emit_json, say

if TYPE_CHECKING:
    from regbench.bench.profile import Profile, Profiles

US = 1e6  # microseconds of a second
WIDTH = 11  # of a column with a time and its share


def show(datasets: Sequence[str], methods: Sequence[str] | None, *, is_quick: bool, json: bool) -> int:
    """Measure and print the profile of each method on the shape of each dataset."""
    say("regbench: measuring where the time of a step goes; best done on an idle machine")
    from regbench.bench.profile import measure
    from regbench.bench.shapes import METHODS
    from regbench.bench.speed import QUICK, THOROUGH

    found = measure(
        datasets,
        methods or METHODS,
        QUICK if is_quick else THOROUGH,
        lambda one: say(f"{one.dataset} {one.method}: {US * one.step:,.0f} µs a model-step; {one.largest}"),
        lambda text: say(f"regbench: {text}"),
    )
    if json:
        emit_json("bench", as_data(found), found.notes)
    else:
        emit(as_text(found))
    return 0


def as_data(found: "Profiles") -> dict[str, Any]:
    """The profiles as plain data, for JSON; times in seconds of processor time per step of one model."""
    from regbench.bench.profile import STAGES

    return {
        "profiles": [_cell(one) for one in found.profiles],
        "stages": STAGES,
        "machine": found.machine,
        "settings": found.settings,
        "data": "synthetic",
    }


def _cell(one: "Profile") -> dict[str, Any]:
    return {
        **asdict(one),
        "shares": {name: taken / one.step for name, taken in one.stages.items()},
        "of_floor": one.of_floor,
        "of_fastest_floor": one.of_fastest_floor,
        "evaluation_share": one.evaluation_share,
        "beyond": one.beyond,
        "largest": one.largest,
    }


def as_text(found: "Profiles") -> str:
    """The profiles as a table, one row per shape and method, and what its columns hold."""
    from regbench.bench.profile import STAGES

    header = ["dataset", "method", "step", *(f"{name:>{WIDTH}}" for name in STAGES)]
    header += ["products alone", "evaluation", "largest"]
    machine = found.machine
    lines = [
        columns(map(_row, found.profiles), header=header),
        "",
        "µs of processor time per model-step, and their share of the step:",
        columns(STAGES.items(), header=["column", "what it is"]),
        "products alone: the floor, and its share of the step; evaluation: its share of an epoch of the real dataset;",
        "largest: the largest item beyond the products alone ('slower products': the products take longer in a step)",
        f"{machine['processor']}, one thread, torch {machine['torch']}, load {machine['load']:.1f}, synthetic data",
    ]
    return "\n".join([*lines, *found.notes])


def _row(one: "Profile") -> list[Any]:
    stages = [_part(taken, one.step) for taken in one.stages.values()]
    floor = f"{_part(one.floor, one.step):>14}"
    return [one.dataset, one.method, round(US * one.step), *stages, floor, f"{one.evaluation_share:10.1%}", one.largest]


def _part(taken: float, step: float) -> str:
    return f"{f'{US * taken:,.0f} {taken / step:4.0%}':>{WIDTH}}"
