"""`db merge` and several `--db`: machines' results side by side, as one."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.store.test_merging import machine


@pytest.fixture
def machines(in_tmp: Path) -> list[Path]:
    """Two databases: the same numbers of seed 0, other numbers of seed 1, and seed 2 of one alone."""
    machine(in_tmp, "a", seeds=(0,))
    machine(in_tmp, "bb", seeds=(0, 2))
    b = machine(in_tmp, "bb", seeds=(1,), curve=(0.25, 0.1875))
    a = machine(in_tmp, "a", seeds=(1,), curve=(0.25, 0.125))
    return [a, b]


def test_a_merge_says_what_agrees_and_how_large_the_effect_of_the_environment_is(
    regbench: Command, machines: list[Path]
) -> None:
    said = regbench("db", "merge", *machines, "--into", "all.db")
    assert said.code == 0
    for words in (
        "2 sources merged; new: 1 datasets, 2 environments, 3 jobs",
        "2 jobs finished several times by the same code: 1 alike to the last bit, 1 differ",
        "environment effect: a / bb, 1 job; they differ in host a / bb; torch a / bb",
        "diamonds lsq seed=1: test/rmse 0.25 (a, in tables) and 0.375 (bb)",
    ):
        assert words in said.out
    again = regbench("db", "merge", "*.db", "--into", "all.db", "--json")  # the target is left out
    assert set(again.data["rows"].values()) == {0}
    assert [each["metric"] for each in again.data["witnesses"]["metrics"]] == ["test/rmse", "val/rmse"]
    assert again.data["witnesses"]["differing"][0]["change"] == 0.125
    why = regbench("why", "lsq", "--db", "all.db").out
    assert "agree to the last bit in 4 numbers" in why
    assert "differ, most in test/rmse, by up to 50 %: test/rmse 0.25 (a, in tables) and 0.375 (bb)" in why
    assert len(regbench("runs", "--db", "all.db", "--json").data["runs"]) == 5


@pytest.mark.parametrize(
    "command", [["report"], ["status"], ["compare", "lsq", "lsq"], ["verify", "bridges", "--claim", "end2end-best"]]
)
def test_several_databases_give_what_the_merged_one_gives(
    regbench: Command, machines: list[Path], command: list[str]
) -> None:
    regbench("db", "merge", *machines, "--into", "merged/all.db")
    whole = regbench(*command, "--db", "merged/all.db", "--json")
    for several in (["--db", "a.db", "--db", "bb.db"], ["--db", "*.db"]):
        assert regbench(*command, *several, "--json") == whole


def test_the_variable_names_one_database_also_with_a_blank_in_its_name(
    regbench: Command, machines: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    machines[0].rename("my results.db")
    monkeypatch.setenv("REGBENCH_DB", "my results.db")
    assert "100%" not in regbench("status").out
    assert "small" in regbench("status").out


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["status", "--db", "node*.db"], 6, "there is no database node*.db; the pattern matches no file"),
        (["db", "merge", "nothing.db", "--into", "all.db"], 6, "there is no database or folder nothing.db"),
        (["db", "merge", "a.db"], 2, "missing option '--into'"),
        (["verify", "bridges", "--db", "a.db", "--db", "bb.db", "--budget", "1h"], 2, "give --db once"),
    ],
)
def test_a_wrong_place_is_one_line(
    regbench: Command, machines: list[Path], arguments: list[str], code: int, complaint: str
) -> None:
    said = regbench(*arguments)
    assert (said.code, said.out) == (code, "")
    assert complaint in said.err
    assert said.err.count("\n") == 1
