"""A file of the user's that cannot be used is named in one line, and everything else works."""

from pathlib import Path

import pytest

from regbench import roots
from tests.cli.conftest import Command

BAD = {
    "a syntax error": (b"METHOD = Method(\n", "line 1: '(' was never closed"),
    "no METHOD": (b'"""\nMETHOD = none\n"""\n', "has no line `METHOD = ...` at its top level"),
    "no text": (b"\xff\xfe\nMETHOD = Method()\n", "cannot be read: it is not UTF-8 text"),
    "null bytes": (b"METHOD = Method()\0\n", ""),
    "no call": (b"METHOD = 3\n", "line 1: METHOD must be made by a call"),
    "a nested expression": (b"METHOD = " + b"(" * 5000 + b")" * 5000, ""),
}
GOOD = '"""A fine method."""\nMETHOD = Method(uses_k=False, reference="")\n'


@pytest.fixture
def folder(tmp_path: Path):
    before = roots.added()
    made = tmp_path / "own"
    made.mkdir()
    yield made
    roots.use(before)


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_is_named_in_one_line_and_the_others_work(regbench: Command, folder: Path, what: str) -> None:
    content, message = BAD[what]
    (folder / "bad.py").write_bytes(content)
    (folder / "fine.py").write_text(GOOD)
    said = regbench("list", "methods", "--plugins", folder)
    assert said.code == 0, said.err
    assert "A fine method." in said.out
    [line] = [line for line in said.err.splitlines() if "left out" in line]
    assert f"{folder / 'bad.py'}" in line
    assert message in line


def test_a_file_that_is_no_file_is_named_too(regbench: Command, folder: Path) -> None:
    (folder / "loop.py").symlink_to(folder / "loop.py")
    said = regbench("list", "methods", "--plugins", folder)
    assert said.code == 0, said.err
    assert "loop.py: cannot be read: Too many levels of symbolic links" in said.err


@pytest.mark.parametrize("kind", ["methods", "baselines"])
def test_a_method_with_the_name_of_a_baseline_is_refused(regbench: Command, folder: Path, kind: str) -> None:
    (folder / "ridge.py").write_text(GOOD)
    said = regbench("list", kind, "--plugins", folder)
    assert said.code == 2
    assert said.err.splitlines()[-1].startswith(f"regbench: 'ridge' is a method in {folder / 'ridge.py'} and a base")


def test_a_bad_file_that_is_asked_for_is_refused_with_its_place(regbench: Command, folder: Path) -> None:
    (folder / "bad.py").write_text("METHOD = Method(\n")
    said = regbench("plan", "smoke", "--method", folder / "bad.py")
    assert said.code == 2
    assert said.err.splitlines()[-1] == f"regbench: {folder / 'bad.py'}, line 1: '(' was never closed"
