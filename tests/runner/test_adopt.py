"""Adoption, with real commits of a copy of the package: the old code is trained beside the new one."""

import os
import shutil
import subprocess
import sys

import pytest

from regbench import catalog, kinds
from regbench.errors import Mismatch, UsageError
from regbench.job import Job
from regbench.roots import PACKAGE
from regbench.runner.adopt.adopt import _agreeing, adopt
from regbench.runner.adopt.ask import PROBE
from regbench.runner.adopt.sample import outgrown, packs, sample
from regbench.store import Store, Trained
from regbench.store.adoptions import Codes
from tests.made.jobs import make_job, with_parts

FILE = """
tiny:
  datasets: [synthetic_crescent]
  methods: [lsq, soft_binning]
  k: [5]
  seeds: 1
  protocol: {epochs: 2}
"""
NOTHING = Codes(())


def on_crescent(method: str, **changes) -> Job:
    about = catalog.entry("datasets", "synthetic_crescent").arguments
    fixed = {"dataset": "synthetic_crescent", "digest": about["digest"]}
    return Job(**{**vars(make_job(method, k=5)), **fixed, **changes} | {"seed": changes.get("seed", 0)})


def test_only_other_code_of_jobs_that_can_still_be_trained_is_looked_at():
    old, current, elsewhere = on_crescent("lsq"), on_crescent("lsq", seed=1), on_crescent("lsq", digest="gone")
    trained = [Trained(old, "c0"), Trained(elsewhere, "c0"), Trained(current, "c0")]
    trained.append(Trained(current, kinds.code_digest(current)))
    found = outgrown(trained, NOTHING)
    assert [(pair.old, jobs) for pair, jobs in found.items()] == [("c0", [old])]
    assert outgrown(trained, Codes([("c0", kinds.code_digest(old))])) == {}
    assert outgrown(trained, NOTHING, methods=["end2end"]) == {}
    assert outgrown([Trained(on_crescent("lsq", hparams=(("lambda", 1.0),)), "c0")], NOTHING) == {}


def test_every_pair_of_digests_has_a_sample_and_samples_are_trained_together():
    jobs = [on_crescent(name, seed=seed) for name in ("lsq", "soft_binning") for seed in range(3)]
    chosen = sample(outgrown([Trained(job, f"old {job.method}") for job in jobs], NOTHING))
    assert {pair.old for pair in chosen} == {"old lsq", "old soft_binning"}
    assert all(len(some) == 1 for some in chosen.values())
    assert [len(pack) for pack in packs(job for some in chosen.values() for job in some)] == [2]


@pytest.mark.parametrize(("seeds", "weights"), [((0, 1), (1.0,)), ((0,), (1.0, 2.0))])
def test_with_a_regularizer_two_jobs_are_trained_together(seeds, weights):
    jobs = [with_parts(on_crescent("lsq", seed=seed), "rot", weight=weight) for seed in seeds for weight in weights]
    alone = with_parts(on_crescent("soft_binning"), "rot")
    (chosen, single) = sample(outgrown([Trained(job, f"old {job.method}") for job in [*jobs, alone]], NOTHING)).values()
    assert {*chosen} == {*jobs}
    assert single == [alone]


def test_a_version_gets_no_module_that_it_lacks_from_the_installed_one(tmp_path):
    """An editable installation has a finder that would find `regbench.kinds` for a version without it."""
    (tmp_path / "regbench").mkdir()
    (tmp_path / "regbench" / "__init__.py").write_text("")
    find = f"import sys; sys.path.insert(0, {str(PROBE.parent)!r}); import probe"
    script = f"{find}; probe.forget_installed(); import regbench.kinds"
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "No module named 'regbench.kinds'" in done.stderr


def test_one_differing_bit_is_a_mismatch_that_names_its_place():
    job = make_job()
    before = {job.key: {"curves": {"val/rmse": ["0x1p-3", "0x1p-4"]}}}
    assert _agreeing(job, before, before) == 2
    after = {job.key: {"curves": {"val/rmse": ["0x1p-3", "0x1.1p-4"], "val/r2": ["0x1p-1", "0x1p-1"]}}}
    with pytest.raises(Mismatch, match=r"val/rmse of epoch 2"):
        _agreeing(job, before, after)
    with pytest.raises(Mismatch, match=r"val/rmse"):
        _agreeing(job, before, {job.key: {"curves": {}}})


def test_a_commit_that_is_not_there_is_one_line(tmp_path):
    with (
        Store.open(tmp_path / "regbench.db") as store,
        pytest.raises(UsageError, match=r"--from nonsense: no such commit"),
    ):
        adopt(store, "nonsense")


@pytest.mark.slow
def test_a_rewritten_loss_is_adopted_and_another_one_is_not(tmp_path):
    """Three versions of the code as commits: the second computes the same, the third does not."""
    home = tmp_path / "home"
    shutil.copytree(PACKAGE, home / "regbench", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "benchmarks.yaml").write_text(FILE)
    environment = {**os.environ, "PYTHONPATH": str(home), "REGBENCH_CACHE": str(tmp_path / "cache")}

    def call(*command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    def regbench(*arguments: str) -> subprocess.CompletedProcess[str]:
        return call(sys.executable, "-m", "regbench", *arguments)

    def commit(before: str, after: str) -> None:
        path = home / "regbench" / "methods" / "shared" / "encoder.py"
        text = path.read_text()
        assert before in text or not before
        path.write_text(text.replace(before, after, 1) if before else text)
        identity = ("-c", "user.name=test", "-c", "user.email=test@example.org")
        assert call("git", "-C", str(home), "init", "-q").returncode == 0
        call("git", "-C", str(home), "add", "-A")
        assert call("git", "-C", str(home), *identity, "commit", "-q", "-m", "a version").returncode == 0

    commit("", "")
    assert regbench("run", "tiny").returncode == 0
    commit(
        "return (y_BM - prediction_BM).square().sum(-1)",
        "error_BM = y_BM - prediction_BM\n    return error_BM.square().sum(-1)",
    )
    assert "1 to train" in regbench("plan", "tiny").stdout
    said = regbench("db", "adopt", "--from", "HEAD~1")
    assert said.returncode == 0, said.stderr
    assert "adopted" in said.stdout
    assert "nothing to train" in regbench("run", "tiny").stderr
    commit("return error_BM.square().sum(-1)", "return error_BM.abs().sum(-1)")
    said = regbench("db", "adopt", "--from", "HEAD~1")
    assert said.returncode == 8
    assert "lsq" in said.stderr
    assert "of epoch 1" in said.stderr
    assert "nothing to train" not in regbench("run", "tiny").stderr
