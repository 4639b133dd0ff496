"""What the Tab key offers, asked as a shell asks: by an environment variable and the words typed so far."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from regbench import catalog
from regbench.cli.main import main

Complete = Callable[..., list[str]]
HEAVY = {"torch", "pandas", "sqlalchemy", "sklearn", "scipy"}


@pytest.fixture
def offered(in_tmp: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Complete:
    """`offered("regbench run smo")`: the lines that bash gets; the last word is the one that is typed."""

    def complete(line: str) -> list[str]:
        for name, value in asked(line).items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        assert main() == 0
        said = capsys.readouterr()
        assert said.err == ""
        return said.out.split()

    return complete


def asked(line: str) -> dict[str, str]:
    """What bash hands over."""
    return {
        "_REGBENCH_COMPLETE": "complete_bash",
        "COMP_WORDS": line.replace(" ", "\n"),
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("regbench ru", ["run", "runs"]),
        ("regbench run smo", ["smoke"]),
        ("regbench plan bridges-fixed-", ["bridges-fixed-per-seed"]),
        ("regbench run smoke --method soft", ["soft_binning"]),
        ("regbench run smoke --method lsq+ran", ["lsq+ranksim"]),
        ("regbench run smoke --method lsq+rot[gamma=1]+multi", ["lsq+rot[gamma=1]+multi_target"]),
        ("regbench run smoke --dataset dia", ["diamonds"]),
        ("regbench report figure", [f"figure{n}" for n in range(2, 9)]),
        ("regbench report bridges-fig", [f"bridges-figure{n}" for n in range(2, 8)]),
        ("regbench report bridges_figure3", ["bridges_figure3"]),
        ("regbench report --metric cr", ["crps"]),
        ("regbench compare soft-bin", ["soft-binning"]),
        ("regbench why two_h", ["two_hot"]),
        ("regbench data fetch wine", ["wine_quality"]),
        ("regbench list meth", ["methods"]),
        ("regbench verify bri", ["bridges"]),
        ("regbench db rm smo", []),
    ],
)
def test_names_come_from_the_catalog(offered: Complete, line: str, found: list[str]) -> None:
    assert offered(line) == found


def test_names_come_from_the_database(offered: Complete, filled: Path) -> None:
    assert main(["db", "rename", "smoke", "mine[epochs=3]"]) == 0
    assert offered("regbench report -b mi") == ["mine[epochs=3]"]
    assert offered("regbench db rm ") == ["mine[epochs=3]"]
    assert offered("regbench why ") == [
        "lsq",
        "lsq_softmax",
        "hard_binning",
        "soft_binning",
        "pretrained_encoder",
        "end2end",
    ]
    assert offered("regbench why -b smoke l")[0] == "l1"  # no such benchmark: methods
    other = filled.rename(filled.with_name("other.db"))
    assert offered("regbench status mi") == []
    assert offered(f"regbench status --db {other} mi") == ["mine[epochs=3]"]


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0 and no more", b"text", None])
def test_a_broken_database_offers_what_the_catalog_has(offered: Complete, in_tmp: Path, content: bytes | None) -> None:
    path = in_tmp / "results" / "regbench.db"
    path.parent.mkdir()
    path.mkdir() if content is None else path.write_bytes(content)
    assert offered("regbench report -b smo") == ["smoke"]
    assert offered("regbench why two_h") == ["two_hot"]


@pytest.mark.parametrize(
    "db", ["postgresql://me@nowhere.invalid/x", "host=nowhere dbname=x", "sqlite:///a?b=c", "~nobody/x"]
)
def test_a_server_or_a_wrong_address_is_not_asked(offered: Complete, db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGBENCH_DB", db)
    assert offered("regbench status smo") == ["smoke"]


def test_a_broken_benchmarks_file_and_broken_plugins_hide_nothing_else(
    offered: Complete, filled: Path, in_tmp: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (in_tmp / "benchmarks.yaml").write_text("smoke: [", encoding="utf-8")
    assert offered("regbench status smo") == ["smoke"]
    monkeypatch.setenv("REGBENCH_PLUGINS", str(in_tmp / "nowhere"))
    assert offered("regbench status smo") == ["smoke"]
    assert offered("regbench list meth") == ["methods"]


def test_a_users_methods_are_offered_and_not_run(offered: Complete, in_tmp: Path) -> None:
    folder = in_tmp / "plug" / "methods"
    folder.mkdir(parents=True)
    (folder / "zebra.py").write_text('"""A loss."""\nprint("run")\ncriterion = 1 / 0\n', encoding="utf-8")
    (folder / "zorro.py").write_text("METHOD = (", encoding="utf-8")
    assert offered(f"regbench --plugins {in_tmp / 'plug'} run --method z") == ["zebra"]
    known = Path(os.environ["REGBENCH_CACHE"]) / "plug-ins.json"
    assert not known.exists()  # who uses them first is still told that they are code


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_other_shells_get_the_first_sentence_too(
    offered: Complete, shell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {
        "_REGBENCH_COMPLETE": f"complete_{shell}",
        "_TYPER_COMPLETE_ARGS": "regbench run --method two_h",
        "_TYPER_COMPLETE_FISH_ACTION": "get-args",
    }.items():
        monkeypatch.setenv(name, value)
    assert main() == 0
    said = capsys.readouterr().out
    assert "two_hot" in said
    assert catalog.entry("methods", "two_hot").summary[:20] in said


def test_completion_imports_no_large_library(filled: Path) -> None:
    """The import of torch or SQLAlchemy would be felt at every press of the key."""
    script = f"""
import sys
from regbench.cli.main import main
main()
sys.stdout.write(" ".join(sorted({HEAVY!r} & set(sys.modules))))
"""
    line = "regbench report -b smo"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env={**os.environ, **asked(line)}
    )
    assert (done.stdout, done.stderr, done.returncode) == ("smoke\n", "", 0)
