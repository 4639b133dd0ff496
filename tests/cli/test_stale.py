"""What the present code has outgrown is found, and the changed definitions are named from real commits."""

import shutil
import subprocess
from pathlib import Path

import pytest

from regbench import catalog, kinds
from regbench.campaign import stale
from regbench.campaign.stale import commits
from regbench.campaign.stale.commits import CommitUnknown, package_of
from regbench.fingerprint import Code, digest_of, reach
from regbench.job import Job
from regbench.roots import PACKAGE
from regbench.store import Adoption, EpochRows, Finished, Store
from tests.cli.conftest import Command
from tests.made.jobs import make_job


def on_crescent(method: str = "lsq", **changes) -> Job:
    about = catalog.entry("datasets", "synthetic_crescent").arguments
    return Job(**{**vars(make_job(method)), "dataset": "synthetic_crescent", "digest": about["digest"], **changes})


def put(path: Path, code: dict[Job, str], commit: str | None = None, *, dirty: bool = False) -> None:
    """Finished runs of these jobs by code with these digests."""
    with Store.open(path) as store:
        store.add_benchmark("made", {}, [(job, job.method) for job in code])
        keys = {job.key: digest for job, digest in code.items()}
        environment = {"commit": commit, "dirty": dirty}
        claims = store.claim(keys, owner="me", lease_s=60, environment=environment, device="cpu")
        rows = [EpochRows(claim.run_id, 1, {"val/rmse": 0.5, "test/rmse": 0.5}) for claim in claims]
        store.write(rows, claims=claims)
        store.finish([Finished(claim.run_id, seconds=1.0, epochs=1) for claim in claims], claims=claims)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a copy of the package in which the loss of `lsq` has another power."""
    folder = tmp_path / "repository"
    package = Path(shutil.copytree(PACKAGE, folder / "regbench", ignore=shutil.ignore_patterns("__pycache__")))
    loss = package / "methods" / "lsq.py"
    text = loss.read_text()
    extra = text.replace("def loss(", "def extra():\n    return 3\n\n\ndef loss(")
    loss.write_text(extra.replace("return squared_error(", "return extra() * squared_error("))
    for words in (["init", "-q"], ["add", "regbench"], ["commit", "-q", "-m", "before"]):
        named = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *named, *words], cwd=folder, check=True)
    monkeypatch.setattr(commits, "PACKAGE", package)
    return folder


def head(repository: Path) -> str:
    asked = subprocess.run(["git", "rev-parse", "HEAD"], cwd=repository, check=True, capture_output=True, text=True)
    return asked.stdout.strip()


def test_only_jobs_that_no_present_code_has_finished_are_stale(in_tmp: Path) -> None:
    old, current, adopted = on_crescent(), on_crescent(seed=1), on_crescent(seed=2)
    gone, other = on_crescent(hparams=(("lambda", 1.0),)), on_crescent(digest="sha256:other")
    present = kinds.code_digest(current)
    put(in_tmp / "made.db", {old: "c0", current: present, adopted: "c1", gone: "c0", other: present})
    with Store.open(in_tmp / "made.db") as store:
        store.adopt([Adoption("c1", present, "abc")])
        found = stale.find(store)
        assert (found.jobs, found.current, found.adopted) == (3, 2, 1)
        assert {group.why: (group.jobs, group.new) for group in found.groups} == {
            "": ((old,), present),
            "lsq has other settings": ((gone,), None),
            "synthetic_crescent has another digest": ((other,), present),
        }
        assert stale.find(store, methods=["end2end"]).jobs == 0
        assert len(stale.stale_runs(store)) == 1  # only what the present code could repeat


def test_the_function_that_changed_is_named(in_tmp: Path, repository: Path, regbench: Command) -> None:
    job = on_crescent()
    starts = kinds.starts(job)
    old = Code({"regbench": repository / "regbench"})
    put(in_tmp / "made.db", {job: digest_of(old, reach(old, starts))}, head(repository))
    said = regbench("stale", "--why", "--db", "made.db")
    assert said.code == 0
    assert "changed  regbench.methods.lsq.loss" in said.out
    assert "removed  regbench.methods.lsq.extra" in said.out
    assert "rules by which digests are made" not in said.out
    assert f"db adopt --from {head(repository)[:10]} --db made.db" in said.err
    [group] = regbench("stale", "--why", "--db", "made.db", "--json").data["groups"]
    assert group["difference"]["exact"]
    assert group["difference"]["changed"] == ["regbench.methods.lsq.loss"]


def test_doubts_are_said(in_tmp: Path, repository: Path) -> None:
    put(in_tmp / "dirty.db", {on_crescent(): "c0"}, head(repository), dirty=True)
    put(in_tmp / "rules.db", {on_crescent(): "c0"}, head(repository))
    for name, words in (("dirty.db", "files were changed since"), ("rules.db", "the rules by which digests")):
        with Store.open(in_tmp / name, read_only=True) as store:
            [(_, reason)] = stale.explain(stale.find(store).groups)
        assert not reason.exact
        assert words in reason.said


@pytest.mark.parametrize("commit", [None, "0" * 40])
def test_a_commit_that_is_not_here_is_told(in_tmp: Path, repository: Path, commit: str | None) -> None:
    put(in_tmp / "made.db", {on_crescent(): "c0"}, commit)
    with Store.open(in_tmp / "made.db", read_only=True) as store:
        [(_, reason)] = stale.explain(stale.find(store).groups)
    assert reason.difference is None
    assert ("not recorded" if commit is None else "shallow clone") in reason.said


def test_a_package_without_its_repository_has_no_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commits, "PACKAGE", tmp_path)
    with pytest.raises(CommitUnknown, match="not in regbench's own repository"), package_of("abc"):
        pass


def test_names_that_concern_several_methods_stand_once(in_tmp: Path, repository: Path) -> None:
    jobs = {on_crescent(method): "c0" for method in ("lsq", "l1")}
    put(in_tmp / "made.db", jobs, head(repository))
    with Store.open(in_tmp / "made.db", read_only=True) as store:
        [found] = stale.since(stale.explain(stale.find(store).groups))
    assert found.concerned([(method, "mlp") for method in ("lsq", "l1")]) == ["all of them"]
    assert found.concerned([("lsq", "mlp")]) == ["lsq"]
    names = [name for _, lines in found.shared for _, name in lines]
    assert len(names) == len(set(names))


def test_nothing_stale_is_said(in_tmp: Path, regbench: Command) -> None:
    job = on_crescent()
    put(in_tmp / "made.db", {job: kinds.code_digest(job)})
    said = regbench("stale", "--db", "made.db")
    assert (said.code, said.out, said.err) == (0, "0 finished jobs stale, 1 current\n", "")


def test_changes_are_counted_from_the_newest_code_that_was_shown_to_be_the_same(in_tmp: Path, repository: Path) -> None:
    put(in_tmp / "made.db", {on_crescent(): "c0"}, "0" * 40)
    with Store.open(in_tmp / "made.db") as store:
        store.adopt([Adoption("c0", "c1", "0" * 40, {"commit": head(repository)})])
        [group] = stale.find(store).groups
        [(_, reason)] = stale.explain([group])
    assert (group.commit, group.base.commit, group.base.code) == ("0" * 40, head(repository), "c1")
    assert reason.difference is not None
    assert "regbench.methods.lsq.loss" in reason.difference.changed
    assert "they ran at 0000000000" in reason.said
