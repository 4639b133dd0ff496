"""The profile of a step: a clock changes no number, and the stages add up to the step. No test asserts a time."""

import json
import math
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import pytest
import torch

from regbench import catalog
from regbench.bench.clock import Clock
from regbench.bench.clocked import clocked_epochs, of_step
from regbench.bench.profile import PRODUCTS, STAGES, WORDS, Profile, profile
from regbench.bench.shapes import METHODS, Cell, Shape
from regbench.cli.main import main
from regbench.tasks.resident import Resident
from regbench.training.batches import Batches
from regbench.training.loop import optimise
from regbench.training.pack import Model, build
from regbench.training.step import Steps

CPU = torch.device("cpu")
TABLE = Shape("wine_quality", (11,), 32)
TRAINED = ("lsq", "soft_binning", "end2end")  # one output, many, and parameters of the method
WITH_STAGE_1 = "pretrained_encoder"  # which takes seconds


def built(cell: Cell) -> tuple[Model, Resident]:
    """The model and data of a cell, always from the same start."""
    return build(cell.jobs(), cell.data(), CPU), Resident.of(cell.data(), CPU, torch.float32)


@pytest.mark.parametrize("method", TRAINED)
def test_a_clocked_step_has_the_bits_of_the_step(method: str) -> None:
    cell = Cell(TABLE, method, steps=2, epochs=2)
    clocked_model, resident = built(cell)
    clocked = torch.cat(list(clocked_epochs(clocked_model, resident, Clock(of_step))))
    model, resident = built(cell)
    batches = Batches(model, resident.rows("train"))
    step = Steps(model, resident, batches.dropout, batches.whose)
    given = [of for epoch in range(cell.epochs) for of in batches.epoch(epoch)]
    plain = torch.stack([step(inputs, 1.0, number) for inputs, _, number in given])
    assert torch.equal(clocked, plain)
    for one, other in zip(clocked_model.segments, model.segments, strict=True):
        assert torch.equal(one.values, other.values)


@pytest.mark.parametrize("method", TRAINED)
def test_the_clocked_steps_begin_as_a_training_does(method: str) -> None:
    """Same rows, masks and random numbers: before the first update no rate matters."""
    cell = Cell(TABLE, method, steps=1, epochs=1)
    (losses,) = optimise(*built(cell))
    ((clocked,),) = clocked_epochs(*built(cell), Clock(of_step))
    assert torch.equal(losses, clocked)


@pytest.mark.parametrize(
    "method",
    [pytest.param(name, marks=pytest.mark.slow if name == WITH_STAGE_1 else ()) for name in catalog.names("methods")],
)
def test_the_stages_of_a_method_add_up_to_its_step(method: str) -> None:
    found = profile(Cell(TABLE, method, steps=1, epochs=2))
    assert set(found.stages) == set(STAGES)
    assert sum(found.stages.values()) == pytest.approx(found.step)
    assert found.floor + sum(found.beyond.values()) == pytest.approx(found.step)
    assert found.largest in WORDS.values()
    assert 0 < found.evaluation_share < 1
    assert all(math.isfinite(taken) for taken in found.stages.values())


def test_the_largest_item_is_what_the_products_alone_do_not_explain() -> None:
    stages = {**dict.fromkeys(STAGES, 0.0), "forward": 4.0, "last": 1.0, "loss": 2.0, "adam": 1.0}
    one = Profile("a", "b", (1,), 1, 1, 8.0, stages, 4.0, 4.0, 8.0, 1)
    assert (one.largest, one.of_floor, one.evaluation_share) == ("loss", 0.5, 0.5)
    assert one.beyond["products"] == 1
    assert replace(one, floor=2.0).largest == "slower products"


def test_every_stage_but_the_products_has_a_word() -> None:
    assert set(WORDS) == set(STAGES) - set(PRODUCTS) | {"products"}


def test_a_clock_gives_a_call_to_the_innermost_rule_and_a_whole_function_to_its_stage() -> None:
    clock = Clock(lambda name: "sum" if name == "sum" else None)
    x = torch.ones(3)
    inner = clock.within(lambda _: "inner", x.relu)
    whole = clock.whole("whole", lambda: x.sum().relu())
    with clock:
        x.relu()  # no stage
        x.sum()
        inner()
        whole()
    assert set(clock._calls) == {"sum", "inner", "whole"}
    assert set(clock._calls.values()) == {1}
    assert set(clock.lap()) == {"sum", "inner", "whole"}
    assert clock.lap() == {}


def test_a_clock_ends_with_an_error() -> None:
    clock = Clock(lambda _: "all")

    def fails() -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError), clock:
        clock.within(lambda _: "none", clock.whole("fails", fails))()
    torch.ones(1).relu()
    assert clock.lap() == {}


def test_the_command_profiles_every_cell(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--dataset", "WN", "--dataset", "RM", "--method", "lsq", "--method", "two_hot"]
    assert main(["bench", "--profile", "--quick", *words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    cells = said["data"]["profiles"]
    assert [(cell["dataset"], cell["method"]) for cell in cells] == [
        ("wine_quality", "lsq"),
        ("wine_quality", "two_hot"),
    ]
    for cell in cells:
        assert set(cell["stages"]) == set(cell["shares"]) == set(said["data"]["stages"]) == set(STAGES)
        assert sum(cell["shares"].values()) == pytest.approx(1)
    assert said["warnings"] == ["retinamnist: not profiled, its network does not train depth first"]


def test_the_command_shows_a_row_for_each_cell_and_what_its_columns_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--profile", "--quick", "--dataset", "WN", "--method", "lsq"]) == 0
    header, row, *legend = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["dataset", "method", "step"]
    assert row.split()[:2] == ["wine_quality", "lsq"]
    assert [name for name in STAGES if not any(line.startswith(name) for line in legend)] == []


def test_the_help_says_what_a_profile_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--help"]) == 0
    assert "--profile" in capsys.readouterr().out


SPEED = Path(__file__).parents[1] / "results" / "published" / "speed"
GROUPS = {  # the columns of the published tables
    "products": PRODUCTS,
    "masks, ReLU": ("draw", "apply", "gate"),
    "of it drawing": ("draw",),
    "loss": ("loss",),
    "clipping, Adam": ("clip", "adam"),
    "rows": ("gather", "order"),
    "rest": ("bias", "rest"),
}


def published() -> list[dict[str, Any]]:
    """The cells of the published profile."""
    return json.loads((SPEED / "profile.json").read_text(encoding="utf-8"))["data"]["profiles"]


def percent(value: float) -> str:
    return f"{round(100 * value)} %"


def grouped(cell: dict[str, Any]) -> dict[str, float]:
    """The shares of a cell's step by GROUPS."""
    return {group: sum(cell["shares"][name] for name in names) for group, names in GROUPS.items()}


def cell_rows() -> list[str]:
    """The table beside the published profile: a row for each shape and method."""
    rows = [
        [
            *(cell["dataset"], cell["method"], f"{1e6 * cell['step']:,.0f}", percent(cell["of_floor"])),
            *map(percent, grouped(cell).values()),
            *(percent(cell["evaluation_share"]), cell["largest"]),
        ]
        for cell in published()
    ]
    return [f"| {' | '.join(row)} |" for row in rows]


def item_rows() -> list[str]:
    """What a step takes beyond its products alone: the least, the median and the most of the cells."""
    rows = []
    for name, word in WORDS.items():
        shares = [cell["beyond"][name] / cell["step"] for cell in published()]
        rows.append(f"| {word} | {percent(min(shares))} | {percent(median(shares))} | {percent(max(shares))} |")
    return rows


def method_rows() -> list[str]:
    """The table of the README: for each method the medians over the shapes."""
    rows = []
    for method in METHODS:
        cells = [cell for cell in published() if cell["method"] == method]
        shares = [median(grouped(cell)[group] for cell in cells) for group in GROUPS]
        rows.append([method, percent(median(cell["of_floor"] for cell in cells)), *map(percent, shares)])
    return [f"| {' | '.join(row)} |" for row in rows]


def test_the_tables_of_the_published_profile_are_those_of_its_numbers() -> None:
    beside = (SPEED / "README.md").read_text(encoding="utf-8")
    readme = (SPEED.parents[2] / "README.md").read_text(encoding="utf-8")
    assert [row for row in [*cell_rows(), *item_rows()] if row not in beside] == []
    assert [row for row in method_rows() if row not in readme] == []
