"""Properties of our own regularizers, besides those that every one promises (`tests/contract/test_catalog.py`)."""

import ast
import subprocess
import sys

import pytest
import torch
from torch import Tensor

from regbench import catalog, roots
from regbench.training.simplify import simplify
from regbench.training.tracing import trace
from regbench.types import HParam, Params
from tests.regularizers.samples import (
    FEATURES,
    arguments,
    batch,
    cast,
    features,
    gradients,
    hparams,
    keys,
    load,
    parameters,
    rows,
    static,
    step_of,
    targets,
    total,
    value,
)

NAMES = catalog.names("regularizers")
INTERPOLATED = {
    "ranksim"
}  # its gradient is by definition that of an interpolation of the loss, which is a step function
ONE_DIMENSION = {"lds", "fds"}  # they count rows by target
TERMS = [name for name in NAMES if load(name).loss]
ITERATED = {"rot"}  # its gradient is that of the solution, which a fixed number of iterations approaches
RANDOM_ROWS = [name for name in NAMES if "points" in load(name).static]
every_regularizer = pytest.mark.parametrize("name", NAMES)
every_term = pytest.mark.parametrize("name", TERMS)
every_m = pytest.mark.parametrize("m", [1, 3])  # one dimension, and several


def test_the_catalog_has_those_that_the_second_paper_compares():
    papers = {"ranksim", "ordinal_entropy", "ph_reg", "topological_autoencoder", "information_dropout"}
    assert papers <= set(NAMES)


@every_regularizer
def test_a_regularizer_says_what_it_does_in_one_sentence_and_names_its_source(name):
    entry = catalog.entry("regularizers", name)
    assert entry.summary.endswith(".")
    assert entry.year
    assert "https://" in load(name).reference
    assert load(name).label


@every_regularizer
def test_the_ranges_of_a_sweep_are_literals_that_hold_the_default(name):
    """A default of 0 turns a part off; no range on a logarithmic scale holds it."""
    tree = ast.parse((roots.PACKAGE / "regularizers" / f"{name}.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "HParam"]
    read = [
        HParam(
            *map(ast.literal_eval, call.args),
            **{each.arg: ast.literal_eval(each.value) for each in call.keywords if each.arg},
        )
        for call in calls
    ]
    assert read == list(load(name).hparams.values())
    for each in read:
        assert each.low is not None
        assert each.high is not None
        assert 0 < each.low < each.high
        assert each.default == 0 or each.low <= each.default <= each.high
        assert each.least is not None or each.above is not None


@every_regularizer
@every_m
@pytest.mark.parametrize("sampled", [False, True])
def test_many_models_at_once_are_the_models_one_by_one_forward_and_backward(name, m, sampled):
    """`vmap` over jobs with other seeds, targets and hyper-parameters, traced or not, gives what each alone gives."""
    if name in ONE_DIMENSION and m > 1:
        pytest.skip("counts rows by target, which has one dimension")
    regularizer, jobs, n = load(name), 3, 24
    settings = static(regularizer, **({"points": 10, "smallest": 5, "step": 3, "largest": 15} if sampled else {}))
    z = torch.stack([features(n, seed=job) for job in range(jobs)])
    y = torch.stack([targets(n, m, seed=job, levels=9) for job in range(jobs)])
    params = [parameters(regularizer, seed=job) for job in range(jobs)]
    values = [{key: (1 + job) * each for key, each in hparams(regularizer).items()} for job in range(jobs)]
    names = list(params[0].trained)
    fixed = params[0].fixed if name in ONE_DIMENSION else {}
    step, packed = step_of(regularizer, names, settings, fixed), arguments(regularizer, z, y, params, values)
    together = step(*packed)
    for job in range(jobs):
        alone = step(*(each[job : job + 1] for each in packed))
        for one, other in zip(together, alone, strict=True):
            torch.testing.assert_close(one[job : job + 1], other, rtol=1e-9, atol=1e-12)

        leaves = [
            z[job].clone().requires_grad_(),
            *(each.clone().requires_grad_() for each in params[job].trained.values()),
        ]
        now, key = Params(dict(zip(names, leaves[1:], strict=True)), fixed), keys(jobs)[job]
        term = total(regularizer, now, leaves[0], y[job], key, values[job], settings)
        for one, other in zip(together, [term, *gradients(term, leaves)], strict=True):
            torch.testing.assert_close(one[job], other.detach(), rtol=1e-9, atol=1e-12)

    graph = trace(step, packed)
    simplify(graph, packed)
    other_z = z.flip(0).contiguous()
    for inputs in (packed, [other_z, *packed[1:]]):
        for one, other in zip(graph(*inputs), step(*inputs), strict=True):
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted({*TERMS} - INTERPOLATED))
@every_m
def test_gradients_are_those_of_finite_differences(name, m):
    regularizer, n = load(name), 8
    settings = static(regularizer, smallest=4, step=2, largest=8)
    params, values, y = (
        parameters(regularizer),
        hparams(regularizer, tightness_weight=0.3, gamma=1.0),
        targets(n, m, levels=4),
    )
    values = {key: each for key, each in values.items() if key in regularizer.hparams}
    names = list(params.trained)

    term = regularizer.loss
    assert term

    def loss(z: Tensor, *trained: Tensor) -> Tensor:
        return term(Params(dict(zip(names, trained, strict=True))), batch(z, y), values, settings)

    trained = [each.clone().requires_grad_() for each in params.trained.values()]
    atol = 1e-4 if name in ITERATED else 1e-5
    assert torch.autograd.gradcheck(loss, (features(n).requires_grad_(), *trained), atol=atol)


@pytest.mark.parametrize("name", [name for name in NAMES if load(name).transform])
def test_gradients_of_a_transformation_are_those_of_finite_differences(name):
    regularizer, y = load(name), targets(5)
    params, values, settings = parameters(regularizer), hparams(regularizer), static(regularizer)
    names = list(params.trained)
    assert regularizer.transform
    transform = regularizer.transform

    def changed(z: Tensor, *trained: Tensor) -> Tensor:
        return transform(Params(dict(zip(names, trained, strict=True)), params.fixed), z, rows(y), values, settings)

    assert changed(features(5), *params.trained.values()).shape == (5, FEATURES)
    trained = [each.clone().requires_grad_() for each in params.trained.values()]
    assert torch.autograd.gradcheck(changed, (features(5).requires_grad_(), *trained))


@pytest.mark.parametrize("name", RANDOM_ROWS)
def test_rows_are_drawn_anew_from_each_stream(name):
    regularizer, z, y = load(name), features(30), targets(30, levels=9)
    params, settings = parameters(regularizer), static(regularizer, points=8)
    wide = {"omega": torch.tensor(0.3).double()}  # so that eight rows have some near each other
    values = hparams(regularizer) | {key: each for key, each in wide.items() if key in regularizer.hparams}
    term = regularizer.loss
    assert term
    first, again, other = (term(params, batch(z, y, key), values, settings) for key in keys(2)[[0, 0, 1]])
    assert first == again
    assert first != other


@pytest.mark.parametrize("name", RANDOM_ROWS)
def test_the_order_of_the_rows_does_not_matter_if_all_are_used(name):
    """Without repeated targets, the loss of a small batch has nothing to draw."""
    regularizer, z, y, order = load(name), features(12), targets(12, 2), torch.randperm(12)
    torch.testing.assert_close(value(regularizer, z, y), value(regularizer, z[order], y[order]), rtol=1e-10, atol=1e-12)


@every_regularizer
def test_parameters_are_finite_float64_and_the_same_from_the_same_stream(name):
    first, second, other = (parameters(load(name), seed=seed) for seed in (0, 0, 1))
    for key, each in first.trained.items():
        assert each.dtype == torch.float64
        assert each.isfinite().all()
        assert each.equal(second.trained[key])
        assert not each.equal(other.trained[key])
    assert cast(first, torch.float32).trained.keys() == first.trained.keys()


def test_a_traced_step_needs_neither_dynamo_nor_sympy():
    """They take seconds to import; every worker would wait for them."""
    program = f"""
import sys
import torch
from regbench.training.tracing import trace
from tests.regularizers.samples import *

for name in {NAMES}:
    regularizer, params = load(name), parameters(load(name))
    inputs = arguments(regularizer, features(12)[None], targets(12)[None], [params], [hparams(regularizer)])
    step = step_of(regularizer, list(params.trained), static(regularizer), params.fixed)
    trace(step, inputs)(*inputs)
print([name for name in ("torch._dynamo", "sympy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=roots.PACKAGE.parent, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
