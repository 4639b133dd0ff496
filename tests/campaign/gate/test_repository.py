"""The commit of a baseline: found, missing, or cut off by a shallow clone; and data that are not those of the file."""

import shutil
import subprocess
from pathlib import Path

import pytest

from regbench import roots
from regbench.campaign.gate.ready import make_ready
from regbench.campaign.gate.repository import Repository, present
from regbench.errors import DataUnavailable, InfrastructureError, Mismatch, UsageError
from regbench.roots import PACKAGE, Added
from tests.made.data_samples import table, write_csv
from tests.made.locks import COMMIT, lock

IDENTITY = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(["git", "-C", folder, *IDENTITY, *words], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Somebody's repository with a plug-in, in two commits; the second changed it."""
    top = tmp_path / "mine"
    (top / "plugins" / "methods").mkdir(parents=True)
    git(top, "init", "-q")
    for text in ("one", "two"):
        (top / "plugins" / "methods" / "l4.py").write_text(f'"""Version {text}."""\n')
        git(top, "add", "-A")
        git(top, "commit", "-q", "-m", text)
    found = Repository.of(top / "ci" / "a.lock.yaml")
    assert found is not None
    return found


def test_the_repository_is_that_of_the_lock_file_even_before_it_exists(repository, tmp_path):
    assert repository.top.name == "mine"
    assert Repository.of(tmp_path / "elsewhere" / "a.lock.yaml") is None


def test_a_plug_in_has_its_code_of_the_commit_and_an_installed_regbench_is_the_present_one(repository):
    first = git(repository.top, "rev-parse", "HEAD~1")
    places = (str(repository.top / "plugins"),)
    assert repository.relative(places) == ["plugins"]
    with repository.at(first, present(Added(places)), ["plugins"]) as version:
        assert version.folder == PACKAGE.parent
        assert "Version one" in (Path(version.added.places[0]) / "methods" / "l4.py").read_text()
    assert git(repository.top, "worktree", "list").count("\n") == 0
    with pytest.raises(InfrastructureError, match="has no others"), repository.at(first, present(Added()), ["others"]):
        pass


def test_a_plug_in_outside_of_the_repository_is_refused(repository, tmp_path):
    with pytest.raises(UsageError, match="outside the repository"):
        repository.relative([str(tmp_path / "other")])


def test_a_commit_that_is_not_here_is_told_with_its_remedy(repository, tmp_path):
    with pytest.raises(InfrastructureError, match=r"2e2e2e2e2e is not in .*bless again at a commit that stays"):
        repository.check(COMMIT, ["plugins"])
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository.top}", "shallow")
    shallow, first = Repository(tmp_path / "shallow"), git(repository.top, "rev-parse", "HEAD~1")
    with pytest.raises(InfrastructureError, match=r"shallow clone: `git fetch --unshallow`"):
        shallow.check(first, ["plugins"])
    git(shallow.top, "fetch", "-q", "--unshallow")
    shallow.check(first, ["plugins"])


def test_commits_of_a_repository_without_code_tell_nothing(repository):
    head = repository.commit()
    assert head
    with pytest.raises(InfrastructureError, match="holds neither regbench nor a plug-in"):
        repository.check(head, [])


@pytest.fixture
def own(tmp_path: Path) -> dict:
    """The entry of a lock for a table beside it, which is `table.csv`."""
    write_csv(tmp_path / "table.csv", table(60))
    return {"name": "table.csv:y@000000", "path": "table.csv", "targets": ["y"]}


def test_a_table_that_is_gone_is_missing_data_and_a_changed_one_a_mismatch(own, tmp_path):
    made = lock(tables=[own])
    with pytest.raises(Mismatch, match=r"table\.csv:y@\w+ by now, and the baseline is of table\.csv:y@000000"):
        make_ready(made, tmp_path / "a.yaml", None, print)
    (tmp_path / "table.csv").unlink()
    with pytest.raises(DataUnavailable, match=r"needs the file .*table\.csv, which is not there"):
        make_ready(made, tmp_path / "a.yaml", None, print)


def test_another_table_or_method_than_the_files_is_a_mismatch(tmp_path):
    def refused(**fields: object) -> str:
        made = lock({"lsq": [0.1]})
        [cell] = made.cells
        with pytest.raises(Mismatch) as error:
            make_ready(
                made.model_copy(update={"cells": [cell.model_copy(update={"job": fields})]}),
                tmp_path / "a.yaml",
                None,
                print,
            )
        return str(error.value)

    assert "synthetic_crescent has another digest; bless again" in refused(digest="sha256:other")
    assert "there is no dataset synthetic_crecsent here; did you mean 'synthetic_crescent'?" in refused(
        dataset="synthetic_crecsent"
    )
    assert "there is no lqs any more; bless again" in refused(method="lqs")
    assert "lsq has other settings; bless again" in refused(hparams={"gamma": 1.0})


def test_plug_ins_of_the_file_are_used(tmp_path):
    (tmp_path / "plugins").mkdir()
    make_ready(lock(plugins=["plugins"]), tmp_path / "a.yaml", None, print)
    assert roots.added().places == (str(tmp_path / "plugins"),)
    shutil.rmtree(tmp_path / "plugins")
    with pytest.raises(Mismatch, match="there is no plug-in"):
        make_ready(lock(plugins=["plugins"]), tmp_path / "a.yaml", None, print)
