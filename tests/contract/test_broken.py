"""Each promise is found broken where it is, with the line that breaks it and a remedy."""

from pathlib import Path

import pytest

from regbench import contract, roots
from tests.contract.files import ERROR, method, regularizer

BY_HAND = """
class Kept(torch.autograd.Function):
    generate_vmap_rule = True
    forward = staticmethod(lambda x: x.sin())
    setup_context = staticmethod(lambda ctx, inputs, output: None)
    backward = staticmethod(lambda ctx, gradient: gradient)
"""
SINGLE = "return ((batch.prediction - batch.y + 1e6) - 1e6).square().sum(-1)"
COUNTED = f"seen.append(1); return {ERROR} * len(seen)"
RUNS = {
    "a mean over the batch": (method(f"return {ERROR}.mean()"), "per_batch"),
    "no sum over dimensions": (method("return (batch.prediction - batch.y).square()"), ".sum(-1)"),
    "broadcast": (method("return (batch.prediction[:, 0] - batch.y[:, :1]).square()"), "broadcast"),
    "a number of Python": (method(f"return {ERROR}.sum().item()"), "without .item()"),
    "not finite": (method(f"return {ERROR}.mul(-1).log()"), "logarithm"),
    "an error of Python": (method("return batch.predictions"), "see this line"),
    "single precision": (method(f"return {ERROR}.float()"), "batch.y"),
}
OTHERS = {
    "settings computed": (method().replace("reference", "static=dict(a=1), reference"), "settings", "write names"),
    "kept from call to call": (method(COUNTED, before="seen = []"), "vmap", "outside of it"),
    "a gradient by hand": (
        method(f"return {ERROR} + 3 * Kept.apply(batch.outputs).sum(-1)", before=BY_HAND),
        "gradients",
        "by hand",
    ),
    "cancellation": (method(SINGLE), "float32", "stable form"),
    "the mean of the batch": (method(predict="outputs - outputs.mean(0)"), "rows", "row alone"),
    "k not used": (method(uses_k=True), "k", "uses_k=False"),
    "k used": (method(outputs="m * k", predict="outputs[:, :batch_m]").replace("batch_m", "1"), "k", "uses_k=True"),
    "torch's numbers": (method(f"return {ERROR} + 0 * torch.rand(len(batch.y))"), "random", "batch.stream"),
    "NumPy's numbers": (method(f"return {ERROR} * (1 + 0 * np.random.rand())"), "random", "batch.stream"),
    "start": (
        method().replace("init=lambda *_: Params()", "init=lambda *_: Params(fixed={'a': torch.rand(2).double()})"),
        "start",
        "stream",
    ),
}
TERMS = {
    "one value per row": ('return hparams["weight"] * batch.z.square().mean(-1)', "runs", ".mean()"),
    "a root of zero": ('return hparams["weight"] * batch.z.square().sum(1).sqrt().mean()', "runs", "clamp"),
    "no weight": ("return batch.z.square().mean()", "weight", "multiply"),
}


def asked(folder: Path, text: str, promise: str, kind: str = "methods") -> contract.Outcome:
    """The outcome of one promise of a file with this text."""
    (folder / "mine.py").write_text(text)
    roots.add([folder / "mine.py"])
    (one,) = [each for each in contract.promises(kind) if each.name == promise]
    return contract.ask(one, contract.subject(kind, "mine"))


@pytest.mark.parametrize("what", RUNS)
def test_what_does_not_run_is_named_with_its_line(what, tmp_path):
    text, remedy = RUNS[what]
    outcome = asked(tmp_path, text, "runs")
    assert outcome.outcome == "broken"
    assert remedy in outcome.remedy
    assert outcome.line == next(n for n, line in enumerate(text.splitlines(), 1) if "def loss" in line) + (
        what == "an error of Python"
    )
    assert outcome.code in text


@pytest.mark.parametrize("what", OTHERS)
def test_a_broken_promise_of_a_method_is_found(what, tmp_path):
    text, promise, remedy = OTHERS[what]
    assert asked(tmp_path, method(), promise).outcome == "kept"
    outcome = asked(_fresh(tmp_path), text, promise)
    assert outcome.outcome == "broken"
    assert remedy in outcome.remedy
    assert outcome.expected != outcome.found
    if promise in {"vmap", "gradients", "float32", "rows"}:
        assert outcome.code
    if promise == "random":
        assert "rand(" in outcome.code


@pytest.mark.parametrize("what", TERMS)
def test_a_broken_promise_of_a_regularizer_is_found(what, tmp_path):
    term, promise, remedy = TERMS[what]
    outcome = asked(tmp_path, regularizer(term), promise, "regularizers")
    assert outcome.outcome == "broken"
    assert remedy in outcome.remedy
    assert "def loss" in outcome.code


def _fresh(folder: Path) -> Path:
    """Another folder, or Python would know the file already."""
    roots.use(roots.Added())
    made = folder / "other"
    made.mkdir()
    return made


def test_a_factor_that_is_detached_on_purpose_is_told_and_breaks_nothing(tmp_path):
    text = method(f"error = {ERROR}\n    return error * error.detach()")
    outcome = asked(tmp_path, text, "gradients")
    assert outcome.outcome == "kept"
    assert "line 12 detaches" in outcome.note


def test_what_vmap_refuses_is_looped_and_its_cost_is_measured(tmp_path):
    text = method(f"error = {ERROR}\n    return error if float(error.detach().sum()) > 0 else -error")
    outcome = asked(tmp_path, text, "batched")
    assert outcome.outcome == "kept"
    assert "line 12, `return error if float(error.detach().sum()) > 0 else -error`, cannot be batched" in outcome.note
    assert "ms" in outcome.note
    assert "torch.where" in outcome.note


def test_what_is_kept_outside_of_the_parameters_breaks_resumption_and_packs(tmp_path):
    text = method(
        f"seen.append(1)\n    return {ERROR} * (1 + 0.1 * (float(batch.y.sum()) > 0) * len(seen))", before="seen = []"
    )
    assert asked(tmp_path, text, "resume").outcome == "broken"
    assert asked(tmp_path, text, "packs").outcome == "broken"


def test_without_a_first_promise_the_others_are_not_asked(tmp_path):
    (tmp_path / "mine.py").write_text(method("return batch.predictions"))
    roots.add([tmp_path / "mine.py"])
    first, *others = contract.examine(contract.subject("methods", "mine"))
    assert first.outcome == "broken"
    assert {each.outcome for each in others} == {"not asked"}
