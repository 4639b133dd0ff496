"""What is recorded about where a number comes from."""

import subprocess
from pathlib import Path

import regbench
from regbench import provenance


def commit(folder: Path, *files: str) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "--", *files], check=True)
    subprocess.run([*git, "commit", "-qm", "one"], check=True)


def test_the_commit_is_that_of_the_repository_that_has_the_package_and_of_no_other_around_it(tmp_path: Path) -> None:
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").touch()
    (tmp_path / "notes.txt").touch()
    commit(tmp_path, "notes.txt")  # somebody's repository, with the package lying in it unknown
    assert provenance.git_state(package) == {"commit": None, "dirty": None}
    commit(tmp_path, "package")
    state = provenance.git_state(package)
    assert len(state["commit"]) == 40
    assert state["dirty"] is False
    (package / "__init__.py").write_text("changed = True\n")
    assert provenance.git_state(package)["dirty"] is True


def test_the_words_of_the_command_are_recorded_however_it_was_called(monkeypatch) -> None:
    module = str(Path(regbench.__file__).with_name("__main__.py"))
    for program in ("/usr/bin/regbench", module):
        monkeypatch.setattr("sys.argv", [program, "run", "smoke"])
        provenance.environment.cache_clear()
        assert provenance.environment()["arguments"] == ["run", "smoke"]
    monkeypatch.setattr("sys.argv", ["/usr/bin/pytest", "tests"])
    provenance.environment.cache_clear()
    assert provenance.environment()["arguments"] == []
