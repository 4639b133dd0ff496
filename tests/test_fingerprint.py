"""The code digest follows what a job runs through: all of that, and nothing else."""

import ast
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from regbench.fingerprint import Code, reach
from regbench.fingerprint.spelling import spell
from regbench.kinds import code_digest, starts
from regbench.roots import PACKAGE
from tests.made.jobs import make_job

SOFT = starts(make_job("soft_binning"))

# Every kind of syntax whose tree differs between versions of Python, or that `ast.unparse` writes differently.
SAMPLE = '''
from numpy import linalg as la
import torch

@decorated(1, key="x")
class C(Base, metaclass=M):
    x: int = 3
    def f(self, a, /, b=1, *c, d: float = 2e-3, **e) -> str:
        """Words."""
        return f"{a!r:>{b}} and" " more" f" {d:.3f}{{}}" + "\\u00e9\\n" + b"x".decode()
    async def g(self):
        async with a as b, c:
            yield await x
def h(x):
    match x:
        case {"k": [1, *rest], **more} | C(x=1.5j) if rest:
            lambda y, *z: (y := 1e400, -1, ..., None, True, not y, x[1:2, ::3], {**more}, {*z})
    try:
        del x.a
    except* (A, B) as error:
        raise error from None
    with open("f") as f, g():
        global q
    return [i async for i in j if i] if (yield) else x @ la.norm(x) ** -2 // 0x10
'''


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package, to be changed one file at a time; all others are then read once for all tests."""
    copy = tmp_path_factory.mktemp("copy") / "regbench"
    return Path(shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__")))


def changed(package: Path, name: str, before: str, after: str) -> bool:
    """Whether a change of one file's text, which is then undone, changes what `soft_binning` depends on."""
    path = package / name
    old = reach(Code({"regbench": package}), SOFT)
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    try:
        return reach(Code({"regbench": package}), SOFT) != old
    finally:
        path.write_text(text)


def test_a_method_leads_to_its_helpers_the_loop_and_the_backbone():
    found = {f"{module}.{name}" for module, name in reach(Code({"regbench": PACKAGE}), SOFT)}
    assert {
        "regbench.methods.soft_binning.loss",
        "regbench.methods.shared.encoder.kl",
        "regbench.training.optim.adam",
        "regbench.random.mix",
        "regbench.metrics.rmse.rmse",
        "regbench.backbones.mlp.backward",
        "regbench.data.preparation.prepare",
        "regbench.training.step.Steps.on_device",
        "regbench.training.tracing.trace",
        "torch.func.vmap",
    } <= found
    assert not any("end2end" in name or "cnn" in name for name in found)
    without = ("capture", "allocator", "catalog", "errors", "types.HParam", "types.Method", "job.Protocol", "job.Job")
    assert not [name for name in found if name.startswith("regbench.") and any(each in name for each in without)]


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("methods/shared/encoder.py", "log_pi_BK)).sum(-1)", "log_pi_BK)).mean(-1)"),
        ("training/optim.py", "BETA1, BETA2, EPSILON = 0.9,", "BETA1, BETA2, EPSILON = 0.8,"),
        ("metrics/mae.py", ".abs()", ".square()"),
        ("backbones/mlp.py", "relu_()", "tanh_()"),
        ("backbones/mlp.py", "h.relu_().mul_(mask)", "h.mul_(mask)"),
        ("random.py", "x, 30", "x, 31"),
        ("training/heads.py", "from torch.func import vmap", "from mine import vmap"),
        ("training/dropout.py", "DRAWS = 256", "DRAWS = 128"),
        ("training/dropout.py", "np.greater_equal(random(keys_L)", "np.greater(random(keys_L)"),
        ("methods/soft_binning.py", "uses_k=True", "uses_k=False"),
        ("types.py", "register_pytree_node(", "another_registry("),
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
        ("methods/soft_binning.py", "HParam(0.5, low=0.25", "HParam(0.5, low=0.1"),
        ("methods/soft_binning.py", "uses_k=True", 'label="soft", uses_k=True'),
        ("job.py", "    keep_predictions: str", "    another: int = 1\n    keep_predictions: str"),
        ("types.py", "    uses_k: bool", "    uses_k: bool\n    another: int = 1"),
        ("training/capture.py", "WARM_UPS = 3", "WARM_UPS = 4"),
        ("native/calls.py", "SIZE = 1051", "SIZE = 1052"),
        ("data/preparation.py", "has the same value in all", "is the same in all"),
        ("training/optim.py", "values: Tensor  # (jobs, P)", "values: 'Tensor'"),
    ],
)
def test_words_bounds_and_code_that_is_not_called_change_nothing(package, name, before, after):
    assert not changed(package, name, before, after)


def test_methods_differ_and_hyper_parameters_do_not():
    assert code_digest(make_job("lsq")) != code_digest(make_job("end2end"))
    assert code_digest(make_job("lsq", seed=1, learning_rate=1.0)) == code_digest(make_job("lsq"))


def test_the_spelling_is_pinned_so_that_every_python_gives_one_digest():
    text = spell(ast.parse(SAMPLE))
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "24eea46a18391303"


def test_a_start_that_is_not_there_is_an_error():
    with pytest.raises(LookupError, match=r"no METHOD in regbench\.methods\.nothing"):
        reach(Code({"regbench": PACKAGE}), [("regbench.methods.nothing", "METHOD")])


def plug_in(tmp_path: Path, folder: str, text: str, **others: str) -> dict:
    place = tmp_path / folder
    place.mkdir()
    (place / "gar.py").write_text(text)
    for name, content in others.items():
        (place / f"{name}.py").write_text(content)
    code = Code({"regbench": PACKAGE, f"regbench_plugins.{folder}": place})
    found = reach(code, [(f"regbench_plugins.{folder}.gar", "METHOD")])
    return {(code.neutral(module), name): text for (module, name), text in found.items()}


GAR = """
from torch import nn
from regbench.methods.shared.encoder import squared_error
from regbench.types import Method
from .helper import weight

class Net(nn.Module):
    def forward(self, x):
        return x

def loss(params, batch, hparams):
    return weight * squared_error(batch.y, Net()(batch.prediction))

METHOD = Method(loss=loss, reference="mine")
"""


def test_a_plug_in_is_followed_into_its_own_files_and_into_ours(tmp_path):
    found = plug_in(tmp_path, "one", GAR, helper="weight = 2")
    assert {
        ("plug-in.gar", "loss"),
        ("plug-in.helper", "weight"),
        ("regbench.methods.shared.encoder", "squared_error"),
    } <= set(found)
    assert "forward" in found["plug-in.gar", "Net"]
    assert ("torch", "nn") in found


def test_two_different_plug_ins_differ_and_one_in_two_places_does_not(tmp_path):
    one = plug_in(tmp_path, "one", GAR, helper="weight = 2")
    assert plug_in(tmp_path, "same", GAR, helper="weight = 2  # a comment") == one
    assert plug_in(tmp_path, "other", GAR, helper="weight = 3") != one
    assert plug_in(tmp_path, "third", GAR.replace("return x", "return -x"), helper="weight = 2") != one


def test_keywords_of_calls_that_are_not_the_catalogs_count(tmp_path):
    text = "def f(cost):\n    return cost\nMETHOD = f(cost={})\n"
    assert plug_in(tmp_path, "one", text.format(1)) != plug_in(tmp_path, "two", text.format(2))


def test_an_optimiser_a_schedule_and_scales_count_only_where_a_protocol_names_them():
    code = Code({"regbench": PACKAGE})
    usual = {f"{module}.{name}" for module, name in reach(code, SOFT)}
    names = {"regbench.training.sgd.sgd", "regbench.training.cosine.cosine", "regbench.training.patience.Patient"}
    names |= {
        "regbench.data.rescaling.rescaled",
        "regbench.training.targets.fit",
        "regbench.training.label_noise.noisy",
    }
    assert not names & usual
    job = make_job("soft_binning", optimizer="sgd", schedule="cosine", patience=3, inputs="quantiles", label_noise=0.1)
    assert names <= {f"{module}.{name}" for module, name in reach(code, starts(job))}
    assert code_digest(job) != code_digest(make_job("soft_binning"))
    noisy = reach(code, starts(replace(job, method="ridge", backbone="none")))
    assert ("regbench.training.label_noise", "noisy") in noisy
    assert ("regbench.training.sgd", "sgd") not in noisy
