"""`regbench db import` of other tools' results on the command line."""

from pathlib import Path

import pytest

from tests.cli.conftest import Command


def write(folder: Path, text: str, name: str = "theirs.csv") -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_the_command_says_what_came_of_it(regbench: Command, in_tmp: Path) -> None:
    write(in_tmp, "dataset,method,seed,test/rmse\nd,Net,0,1\nd,Net,1,3\n")
    said = regbench("db", "import", "theirs.csv")
    assert (said.code, said.out) == (0, "theirs: 2 runs imported, 0 there before\n")
    table = regbench("report")
    assert "2.0000 ± 1.4" in table.out
    assert "imported, not trained here: Net (theirs.csv, " in table.out
    assert "from /" in regbench("why", "Net").out
    assert "imported" in regbench("runs").out
    assert regbench("stale").out.startswith("0 finished jobs stale")
    assert regbench("bless", "--reason", "no").err.startswith(
        "regbench: Net: imported, and so nothing that a gate could"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere.csv"], "there is no file nowhere.csv"),
        (["nowhere"], "there is no folder nowhere"),
        (["a.txt.bak"], "a.txt.bak is no table of results by its name"),
        (["theirs.csv", "--units", "orignal"], "--units orignal: no such units; did you mean 'original'?"),
        (["folder", "--predictions", "p.csv"], "--predictions goes with a table of results, such as a.csv"),
        (["theirs.csv", "--predictions", "theirs.csv"], "theirs.csv: needs a column row, and prediction or quantiles"),
    ],
)
def test_wrong_words_are_one_line(regbench: Command, in_tmp: Path, words: list[str], message: str) -> None:
    (in_tmp / "folder").mkdir()
    write(in_tmp, "dataset,method,test/rmse\nd,Net,1\n")
    write(in_tmp, "x", "a.txt.bak")
    said = regbench("db", "import", *words)
    assert said.code == 2
    assert message in said.err
