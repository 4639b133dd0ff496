"""A plain `criterion(prediction, target)` is a method like any other."""

import re

import pytest
import torch

from regbench import catalog, contract, kinds, roots
from regbench.config import parse_variant
from regbench.contract.made import made
from regbench.contract.subject import draws, job_of, model, targets
from regbench.errors import UsageError
from regbench.training.loop import Training
from tests.made.jobs import make_job

ENTRIES = '"""Absolute errors."""\n\ndef criterion(prediction, target):\n    return (prediction - target).abs()\n'
OF_ROWS = ENTRIES.replace(".abs()", ".abs().sum(-1)")
OF_ALL = ENTRIES.replace(".abs()", ".abs().mean()")
MODULE = '''"""Errors with a trained scale."""

import torch
from torch import nn


class Scaled(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Module()
        self.inner.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("power", torch.tensor(2.0))

    def forward(self, prediction, target):
        scale = self.inner.scale.exp()
        return (prediction - target).abs().pow(self.power) / scale + scale


criterion = Scaled()
'''
HUBER = '"""Huber."""\n\nimport torch\n\ncriterion = torch.nn.HuberLoss()\n'


def add(folder, text, name="mine"):
    (folder / f"{name}.py").write_text(text)
    roots.add([folder / f"{name}.py"])
    return name


def test_it_is_listed_with_its_first_sentence_and_ignores_k(tmp_path):
    name = add(tmp_path, ENTRIES)
    assert catalog.entry("methods", name).summary == "Absolute errors."
    assert not kinds.uses_k(name)
    assert not catalog.is_ours(name)
    assert parse_variant(name).label == name


@pytest.mark.parametrize(("text", "per_batch"), [(ENTRIES, False), (OF_ROWS, False), (OF_ALL, True), (HUBER, True)])
def test_what_it_returns_decides_how_it_is_averaged(tmp_path, text, per_batch):
    add(tmp_path, text)
    assert catalog.load("methods", "mine").per_batch is per_batch


def test_a_value_per_entry_is_summed_over_dimensions_as_l1_is(tmp_path):
    add(tmp_path, ENTRIES)
    mine, ours = (model(contract.subject("methods", name), y_NM=targets(60, 3)) for name in ("mine", "l1"))
    y, outputs = targets(9, 3, seed=1), draws(9, 3)
    assert torch.equal(mine.losses(y, outputs), ours.losses(y, outputs))


def test_a_module_with_parameters_keeps_every_promise_of_a_method(tmp_path):
    add(tmp_path, MODULE)
    of = contract.subject("methods", "mine")
    for promise in contract.promises("methods"):
        if promise.name not in {"learns", "batched", "dimensions"}:
            outcome = contract.ask(promise, of)
            assert outcome.outcome == "kept", outcome


def test_the_loss_of_the_readme_keeps_every_promise(tmp_path):
    text = (roots.PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    (block,) = [each for each in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "def criterion" in each]
    add(tmp_path, block)
    outcomes = contract.examine(contract.subject("methods", "mine"))
    assert {(each.outcome, each.note) for each in outcomes} == {("kept", "")}


def test_parameters_of_a_module_are_trained_and_its_buffers_stay(tmp_path):
    add(tmp_path, MODULE)
    training = Training([job_of("mine", seed=0, k=5, width=8)], made())
    *_, last = training
    found = last.looks[0].parameters
    assert found["inner__scale"] != 1
    assert found["power"] == 2


def test_its_digest_counts_the_function_and_what_makes_a_method_of_it(tmp_path):
    name = add(tmp_path, ENTRIES)
    before = kinds.code_digest(make_job(name))
    (tmp_path / "mine.py").write_text(ENTRIES.replace('"""Absolute', '"""All absolute'))
    roots.forget()
    assert kinds.code_digest(make_job(name)) == before
    (tmp_path / "mine.py").write_text(ENTRIES.replace(".abs()", ".abs().sqrt()"))
    roots.forget()
    assert kinds.code_digest(make_job(name)) != before
    assert ("regbench.criterion", "method_of") in catalog.starts("methods", name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def criterion(prediction): return prediction", "must take two tensors"),
        ("def criterion(prediction, target): return 3.0", "must return a tensor"),
        ("def criterion(prediction, target): return prediction - target[:, 0]", "broadcast against each other"),
        ("import torch\n\nclass Mine(torch.nn.Module): ...\n\ncriterion = Mine", "write `criterion = Mine()`"),
    ],
)
def test_one_that_cannot_be_used_is_one_line(tmp_path, text, said):
    add(tmp_path, text)
    with pytest.raises(UsageError, match=said.replace("(", r"\(").replace(")", r"\)")):
        catalog.load("methods", "mine")


def test_a_helper_in_a_folder_is_no_method(tmp_path):
    (tmp_path / "mine.py").write_text(ENTRIES)
    (tmp_path / "methods").mkdir()
    (tmp_path / "methods" / "other.py").write_text(ENTRIES)
    roots.add([tmp_path])
    assert "mine" not in catalog.names("methods")
    assert "other" in catalog.names("methods")


def test_a_file_with_an_object_is_what_the_object_is(tmp_path):
    add(tmp_path, f'{ENTRIES}\nfrom regbench.types import Regularizer\n\nREGULARIZER = Regularizer(reference="")\n')
    assert "mine" not in catalog.names("methods")
    assert "mine" in catalog.names("regularizers")
