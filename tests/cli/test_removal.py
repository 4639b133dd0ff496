"""`regbench db rm` and `db rename`: what would go is said first, and a copy is put aside."""

from pathlib import Path

import pytest

from regbench.store import Store
from tests.cli.conftest import Command, Said
from tests.made.damaged import fill
from tests.made.jobs import make_job


def names(regbench: Command, *db: str) -> list[str]:
    return [standing["benchmark"] for standing in regbench("status", "--json", *db).data]


def one_line(said: Said, code: int, words: str) -> None:
    assert (said.code, said.out) == (code, "")
    assert said.err.count("\n") == 1, said.err
    assert words in said.err


def test_without_yes_nothing_changes(regbench: Command, filled: Path) -> None:
    before = filled.read_bytes()
    said = regbench("db", "rm", "smoke")
    assert said.code == 0
    assert "would remove: benchmark smoke with 12 jobs, 12 runs, 88 metrics" in said.out
    assert "--yes" in said.err
    assert filled.read_bytes() == before
    assert not list(filled.parent.glob("*.bak"))


def test_with_yes_the_benchmark_is_gone_and_the_copy_has_it(regbench: Command, filled: Path) -> None:
    said = regbench("db", "rm", "smoke", "--yes")
    assert said.code == 0
    assert "removed: benchmark smoke" in said.out
    [copy] = filled.parent.glob("regbench.db.rm-*.bak")
    assert str(copy) in said.out
    assert names(regbench) == []
    assert regbench("runs").code == 6
    assert regbench("runs", "--db", str(copy), "--json").data["total"] == 12


def test_only_failed_runs_go_and_their_jobs_stay(regbench: Command, filled: Path) -> None:
    assert regbench("db", "rm", "--failed", "--json").data["rows"] == {"run": 1}
    said = regbench("db", "rm", "smoke", "--failed", "--yes", "--json").data
    assert (said["removed"], said["benchmark"], said["rows"]) == (True, "smoke", {"run": 1})
    [standing] = regbench("status", "--json").data
    assert (standing["jobs"], standing["done"], standing["failed"], standing["pending"]) == (12, 11, 0, 1)
    again = regbench("db", "rm", "--failed", "--yes")
    assert (again.code, again.out) == (0, "there are no such runs\n")


def test_stale_runs_go(regbench: Command, filled: Path) -> None:
    said = regbench("db", "rm", "--stale", "--yes", "--json").data
    assert said["rows"] == {"run": 11, "metric": 88}
    assert regbench("runs", "--json").data["total"] == 1


def test_a_benchmark_that_is_being_trained_stays(regbench: Command, in_tmp: Path) -> None:
    fill(in_tmp / "made.db", make_job)
    for yes in ((), ("--yes",)):
        one_line(regbench("db", "rm", "made", "--db", "made.db", *yes), 7, "1 of its jobs is being trained")
    assert not list(in_tmp.glob("*.rm-*.bak"))
    assert "made" in names(regbench, "--db", "made.db")


def test_the_rows_that_chose_from_a_sweep_are_told(regbench: Command, in_tmp: Path) -> None:
    fill(in_tmp / "made.db", make_job)
    said = regbench("db", "rm", "sweep", "--db", "made.db", "--yes")
    assert "made has taken values from it" in said.out
    assert regbench("why", "lsq", "-b", "made", "--db", "made.db", "--json").data["choice"]["source"] == "sweep"


def test_a_renamed_benchmark_keeps_everything_and_its_place_in_others(regbench: Command, in_tmp: Path) -> None:
    fill(in_tmp / "made.db", make_job)
    db = ("--db", "made.db")
    assert regbench("db", "rename", "sweep", "tried", *db).out == "sweep is now tried: 2 jobs\n"
    assert regbench("db", "rename", "made", "shown[epochs=3]", *db).code == 0
    assert sorted(set(names(regbench, *db))) == ["shown[epochs=3]", "tried"]
    found = regbench("why", "lsq", "-b", "shown[epochs=3]", *db, "--json").data
    assert (found["choice"]["source"], len(found["runs"])) == ("tried", 3)
    with Store.open(in_tmp / "made.db", read_only=True) as store:
        assert store.config("shown[epochs=3]")["choose"]["from"] == ["tried"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rm",), 2, "name a benchmark, or give --failed or --stale"),
        (("rm", "smok"), 2, "did you mean 'smoke'?"),
        (("rm", "smok", "--yes"), 2, "did you mean 'smoke'?"),
        (("rm", "smoke", "--db", "none.db", "--yes"), 6, "there is no database none.db"),
        (("rename", "smoke", "smoke"), 2, "is called 'smoke' already"),
        (("rename", "smoke", "a[b"), 2, "is not written as name or name[key=value,...]"),
        (("rename", "smoke", "a\nb"), 2, "cannot be the name of a benchmark"),
        (("rename", "other", "smoke"), 2, "other"),
        (("rename", "smoke", "new", "--db", "none.db"), 6, "there is no database none.db"),
    ],
)
def test_wrong_wishes_are_refused_in_one_line(
    regbench: Command, filled: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    one_line(regbench("db", *words), code, said)
    assert names(regbench) == ["smoke"]


def test_no_two_benchmarks_get_one_name(regbench: Command, in_tmp: Path) -> None:
    fill(in_tmp / "made.db", make_job)
    one_line(regbench("db", "rename", "made", "sweep", "--db", "made.db"), 2, "there is a benchmark called 'sweep'")
