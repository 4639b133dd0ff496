"""`run --until-decided` on the command line, and what `compare` says of a benchmark whose seeds were added by looks."""

from pathlib import Path

import pytest

from regbench.analysis.sequences import SEQUENTIAL, Look, Plan, Row, Sequential
from regbench.store import Store
from tests.cli.conftest import Command


@pytest.fixture
def looked(filled: Path) -> Sequential:
    """smoke was looked at twice, for the verdict between end2end and lsq."""
    look = Look(0.5, {"diamonds": 2}, 0.999, "undecided", -20.0, -40.0, 10.0)
    plan = Plan(
        planned=5, most=4, seeds=1, budget_s=60.0, share=0.675, looks=(look, Look(**{**vars(look), "fraction": 0.75}))
    )
    found = Sequential("smoke", Row("end2end", 25), Row("lsq", None), "rmse", 0.01, 0.95, (plan,))
    with Store.open(filled) as store:
        store.note("smoke", SEQUENTIAL, [found.data()])
    return found


def test_compare_says_that_seeds_were_added_and_which_boundary_holds(regbench: Command, looked: Sequential) -> None:
    said = regbench("compare", "lsq", "end2end")
    assert "seeds were added sequentially: 2 of 5 planned looks, O'Brien-Fleming-like spending." in said.out
    assert "at all looks at once" in said.out
    given = regbench("compare", "end2end", "lsq", "--json").data
    assert given["looks"]["fractions"] == [0.5, 0.75]
    assert 0.95 < given["look_level"] < 1
    fixed = regbench("compare", "end2end", "soft_binning", "--json")
    assert fixed.data["looks"] is None
    assert "seeds were added until end2end[k=25] and lsq could be told apart by rmse" in fixed.out
    assert "told apart: no boundary here" in regbench("compare", "lsq", "end2end", "soft_binning").err


def test_what_is_kept_is_read_back(looked: Sequential, filled: Path) -> None:
    from regbench.analysis.sequences import of_config

    with Store.open(filled, read_only=True) as store:
        assert of_config(store.config("smoke")) == [looked]
    later = looked.next_plan(1, planned=3, most=9, seeds=4, budget_s=60.0)
    assert later.plans[1].share == pytest.approx(0.9 * (0.75 - 0.675))
    assert later.boundary == looked.boundary


def test_wrong_questions_are_one_line(regbench: Command, filled: Path) -> None:
    ask = ("run", "--until-decided", "end2end", "lsq", "--devices", "cpu")
    for words, code, said in (
        ((), 2, "--until-decided needs a limit, such as --budget 20m"),
        (("--budget", "1m", "--seed", "3"), 2, "leave out --method, --seed"),
        (("--budget", "1m", "--dry-run"), 2, "leave out --dry-run"),
        (("smoke", "bridges", "--budget", "1m"), 2, "takes one benchmark, not 2"),
        (("--budget", "1m", "--db", "none.db"), 6, "name a benchmark, such as smoke"),
        (("--budget", "1m", "-b", "smok"), 2, "did you mean 'smoke'"),
    ):
        answer = regbench(*ask, *words)
        assert (answer.code, answer.out) == (code, ""), answer.err
        assert said in answer.err.splitlines()[-1]


def test_nothing_that_fits_is_said_and_nothing_is_trained(regbench: Command, filled: Path) -> None:
    said = regbench("run", "--until-decided", "end2end", "lsq", "--budget", "1s", "--devices", "cpu", "--workers", 1)
    assert said.code == 0, said.err
    assert "undecided: nothing fits the budget" in said.out
    assert "next: " in said.err
