"""A damaged database is answered, or refused in one line with its name; a bug on a whole one keeps its traceback."""

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from itertools import cycle
from pathlib import Path

import pytest

from regbench.errors import InfrastructureError, NothingMeasured
from regbench.store import Store, damage
from tests.cli.conftest import Command
from tests.made.damaged import damages, fill
from tests.made.jobs import make_job

COMMANDS = [
    ["status", "--json"],
    ["report", "-b", "made"],
    ["compare", "lsq", "end2end", "-b", "made"],
    ["db", "export", "out", "--replace"],
    ["report", "-b", "made", "--normalize", "none", "--units", "original", "--json"],
]
SLOWER = [
    *COMMANDS[1:],
    ["db", "export", "small", "--distilled", "--replace"],
    ["plan", "smoke", "--method", "lsq"],
    ["report", "curves", "-b", "made"],
    ["report", "sweep", "-b", "made"],
    ["report", "encoder", "-b", "made"],
    ["verify", "bridges", "-b", "made"],
    ["doctor"],
]
FEW = 37  # of how many damages the quick test tries one


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("whole") / "whole.db"
    fill(path, make_job)
    return path


def check(regbench: Command, whole: Path, start: int, step: int, commands: Sequence[Sequence[str]]) -> None:
    """Try every `step`-th damage, each with the next of the commands."""
    turns = cycle(commands)
    for number, (name, damaged) in enumerate(damages(whole, flips=40)):
        if number % step != start:
            continue
        for old in Path().glob("x.db*"):
            old.unlink()
        shutil.copy(whole, "x.db")
        try:
            damaged(Path("x.db"))
        except sqlite3.IntegrityError:  # an id that is no number: not even SQLite keeps it
            continue
        command = next(turns)
        said = regbench(*command, "--db", "x.db")
        messages = [
            line for line in said.err.splitlines() if not line.startswith(("regbench: plan", "wrote", "left", "next"))
        ]
        what = (name, command, said.code, messages)
        if command == ["doctor"]:
            assert said.code == 7, what
            continue
        assert said.code in {0, 2, 5, 6, 7}, what
        assert len(messages) == (said.code in {2, 6, 7}), what
        assert said.code != 7 or "x.db" in messages[0], what


def test_each_command_answers_with_a_whole_database(regbench: Command, whole: Path) -> None:
    assert damage.found(whole) is None
    for command in COMMANDS:
        assert regbench(*command, "--db", whole).code == 0, command


def test_a_damaged_database_is_answered_or_refused_in_one_line(regbench: Command, whole: Path) -> None:
    check(regbench, whole, 0, FEW, COMMANDS)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(FEW))
def test_every_damage_is_answered_or_refused_in_one_line(
    regbench: Command, whole: Path, start: int, generated_tables: None
) -> None:
    check(regbench, whole, start, FEW, SLOWER)


@pytest.mark.parametrize(
    ("change", "command", "said"),
    [
        ("UPDATE job SET epochs = 'many'", ["status"], "column epochs of table job holds text, not a whole number"),
        ("UPDATE dataset SET target_low = x'00'", ["db", "export", "out"], "the file is damaged"),
        ("UPDATE job SET config = '[]'", ["report"], "column config of table job holds what regbench does not write"),
        ("UPDATE job SET config = '{}'", ["report"], "is not one"),
        ("UPDATE metric SET value = 'low'", ["report"], "column value of table metric holds text, not a number"),
        ("UPDATE benchmark SET last_run = 4e18", ["status"], "table benchmark holds a time that is none"),
        ("UPDATE prediction SET rows = 7", ["db", "export", "out"], "prediction holds other bytes than its shape says"),
        ("UPDATE dataset SET target_low = '\"a\"'", ["db", "export", "out"], "column target_low of table dataset"),
    ],
)
def test_what_is_wrong_in_a_damaged_database_is_named(
    regbench: Command, whole: Path, change: str, command: list[str], said: str
) -> None:
    altered(whole, change)
    answer = regbench(*command, "--db", "x.db")
    assert answer.code == 7
    [line] = answer.err.splitlines()
    assert line.startswith(f"regbench: database {Path('x.db').absolute()}: ")
    assert said in line
    assert line.endswith("or give another file with --db FILE")


@pytest.mark.parametrize("change", ["shape = '[3, 3]'", "data = x'00'", "data = substr(data, 1, length(data) - 1)"])
def test_a_recorded_array_of_other_bytes_than_its_shape_is_named(whole: Path, in_tmp: Path, change: str) -> None:
    altered(whole, f"UPDATE recorded SET {change}")
    with (
        pytest.raises(InfrastructureError, match="table recorded holds other bytes than its shape says"),
        Store.open("x.db", read_only=True) as store,
    ):
        store.recorded(1)


def test_only_an_unexpected_error_is_put_down_to_the_damage(whole: Path, in_tmp: Path) -> None:
    altered(whole, "DELETE FROM environment")  # runs refer to it
    for expected in (NothingMeasured, FileNotFoundError, KeyboardInterrupt):
        with pytest.raises(expected), Store.open("x.db", read_only=True):
            raise expected
    with pytest.raises(InfrastructureError, match="refers to one of table environment that is not there"):
        use_wrongly(Path("x.db"))


def test_a_bug_on_a_whole_database_stays_a_bug(whole: Path) -> None:
    with pytest.raises(TypeError):
        use_wrongly(whole)


def use_wrongly(path: Path) -> None:
    with Store.open(path, read_only=True):
        raise TypeError


def altered(whole: Path, change: str) -> None:
    """A copy of the database at x.db, changed."""
    shutil.copy(whole, "x.db")
    with closing(sqlite3.connect("x.db")) as connection:
        connection.execute(change)
        connection.commit()
