"""`regbench replay`: what it says, and with which exit code."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command


def test_questions_without_an_answer_are_one_line(regbench: Command, filled: Path) -> None:
    for words, code, said in (
        ((), 2, "give a job's key or a cell"),
        (("lsq", "--sample", "2"), 2, "leave out their names"),
        (("lsqq",), 2, "did you mean 'lsq'"),
        (("lsq_softmax", "--seed", "1"), 6, "lsq_softmax has no finished run for seed 1"),
        (("end2end", "--k", "5", "--k", "9"), 2, "give --k once"),
        (("--sample", "2", "--budget", "5"), 2, "--budget"),
        (("--sample", "2", "--db", "none.db"), 6, "there is no database none.db"),
    ):
        answer = regbench("replay", *words, "--devices", "cpu")
        assert (answer.code, answer.out) == (code, ""), answer.err
        assert said in answer.err.splitlines()[-1]


@pytest.mark.parametrize("words", [("lsq",), ("--sample", "3")])
def test_data_that_are_not_here_are_an_error_that_says_how_to_get_them(
    regbench: Command, filled: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REGBENCH_DATA", raising=False)
    said = regbench("replay", *words, "--devices", "cpu")
    assert (said.code, said.out) == (7, "")
    assert "`regbench data fetch diamonds" in said.err
