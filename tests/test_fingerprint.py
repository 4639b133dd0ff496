"""The code digest follows what a job runs through: all of that, and nothing else."""

import shutil
from pathlib import Path

import pytest

from regbench import fingerprint
from regbench.fingerprint import ALWAYS, code_digest, definitions
from tests.made.jobs import make_job

SOFT = (*ALWAYS, ("regbench.methods.soft_binning", "METHOD"), ("regbench.backbones.mlp", "BACKBONE"))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of the package, to be changed."""
    return Path(shutil.copytree(fingerprint.ROOT, tmp_path / "regbench", ignore=shutil.ignore_patterns("__pycache__")))


def changed(package: Path, name: str, before: str, after: str) -> bool:
    """Whether a change of one file's text changes what `soft_binning` depends on."""
    path = package / name
    old = definitions(*SOFT, root=package)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    fingerprint._parse.cache_clear()
    fingerprint._definition.cache_clear()
    return definitions(*SOFT, root=package) != old


def test_a_method_leads_to_its_helpers_the_loop_and_the_backbone():
    found = {f"{module}.{name}" for module, name in definitions(*SOFT)}
    assert {
        "regbench.methods.soft_binning.loss",
        "regbench.methods._encoder.kl",
        "regbench.training.optim.adam",
        "regbench.random.mix",
        "regbench.metrics.rmse",
        "regbench.backbones.mlp.backward",
        "regbench.data.preparation.prepare",
    } <= found
    assert not any("end2end" in name or "cnn" in name for name in found)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("methods/_encoder.py", "log_pi_BK)).sum(-1)", "log_pi_BK)).mean(-1)"),
        ("training/optim.py", "BETA1, BETA2, EPSILON = 0.9,", "BETA1, BETA2, EPSILON = 0.8,"),
        ("metrics.py", ".abs()", ".square()"),
        ("backbones/mlp.py", "relu_()", "tanh_()"),
        ("random.py", "x, 30", "x, 31"),
    ],
)
def test_a_change_of_what_a_job_computes_changes_its_digest(package, name, before, after):
    assert changed(package, name, before, after)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("methods/soft_binning.py", '"""', '"""More words. '),
        ("training/optim.py", "def adam(", "# a comment\ndef adam("),
        ("methods/end2end.py", "METHOD", "UNUSED = 1\nMETHOD"),
        ("backbones/cnn.py", "(16, 32, 64)", "(8, 32, 64)"),
        ("errors.py", "did you mean", "perhaps"),
        ("methods/soft_binning.py", "Bach, Berthet (2025)", "Bach and Berthet (2025)"),
    ],
)
def test_words_and_code_that_is_not_called_change_nothing(package, name, before, after):
    assert not changed(package, name, before, after)


def test_methods_differ_and_hyper_parameters_do_not():
    assert code_digest(make_job("lsq")) != code_digest(make_job("end2end"))
    assert code_digest(make_job("lsq", seed=1, learning_rate=1.0)) == code_digest(make_job("lsq"))
