"""Rewriting a traced loss changes no bit of what it computes, and nothing that it is given."""

import pytest
import torch
from torch.fx import GraphModule

from regbench import catalog
from regbench.training import heads
from regbench.training.simplify import simplify
from regbench.training.tracing import trace
from tests.made.data_samples import prepared
from tests.made.jobs import make_job
from tests.training.test_step import inputs_of, steps_of

aten = torch.ops.aten


def traced(monkeypatch, method, dtype):
    """The graph of a method's loss before it is simplified, after, and the tensors that it is given."""
    seen = []

    def rewrite(module, inputs):
        before = GraphModule(module, module.graph.__deepcopy__({}))
        simplify(module, inputs)
        seen.append((before, module, inputs))

    monkeypatch.setattr(heads, "simplify", rewrite)
    steps = steps_of([make_job(method, k=9, seed=seed) for seed in (0, 1, 2)], prepared(200), dtype)
    steps(inputs_of(steps, 1), 0.5, 1)
    ((before, after, inputs),) = seen
    return before, after, [tensor.detach().clone() for tensor in inputs]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("method", catalog.names("methods"))
def test_every_method_computes_the_same_bits_again_and_again(monkeypatch, method, dtype):
    before, after, inputs = traced(monkeypatch, method, dtype)
    given = [tensor.clone() for tensor in inputs]
    for _ in range(2):
        for ours, theirs in zip(after(*inputs), before(*inputs), strict=True):
            assert (ours is None) == (theirs is None)
            assert ours is None or torch.equal(ours, theirs)
    assert all(torch.equal(now, then) for now, then in zip(inputs, given, strict=True))


def test_least_squares_is_left_with_what_it_computes(monkeypatch):
    _, after, _ = traced(monkeypatch, "lsq", torch.float32)
    targets = [node.target for node in after.graph.nodes if node.op == "call_function"]
    assert targets == [aten.sub.Tensor, aten.pow.Tensor_Scalar, aten.sum.dim_IntList, aten.mean.dim, aten.mul_.Tensor]


def same(function, *inputs):
    """The simplified graph of a function, after a check that it computes the same."""
    graph = trace(function, inputs)
    expected = [tensor.clone() for tensor in function(*inputs)]
    simplify(graph, inputs)
    given = [tensor.clone() for tensor in inputs]
    for _ in range(2):
        assert all(torch.equal(one, other) for one, other in zip(graph(*inputs), expected, strict=True))
    assert all(torch.equal(now, then) for now, then in zip(inputs, given, strict=True))
    return [node.target for node in graph.graph.nodes if node.op == "call_function"]


def test_memory_is_taken_only_from_what_nobody_needs():
    x = torch.randn(4, 5)
    assert same(lambda x: [x.exp().mul(2.5)], x) == [aten.exp.default, aten.mul_.Tensor]
    assert aten.mul_.Tensor not in same(lambda x: [x * 2.5], x)  # the input
    assert aten.mul_.Tensor not in same(lambda x: [(e := x.exp()), e * 2.5], x)  # a result
    assert aten.mul_.Tensor not in same(lambda x: [(e := x.exp()) * 2.5 + e.mT.sum(0)[:, None]], x)  # needed in a view
    assert aten.add_.Tensor not in same(lambda x: [(e := x[:4, :4].exp()) + e.mT], x)  # read in another order
    assert aten.add_.Tensor not in same(lambda x: [x[:1].exp() + x], x)  # smaller than the result


def test_factors_are_joined_only_where_that_is_exact():
    x = torch.randn(300)
    assert same(lambda x: [(x * 0.5).mul(0.3).neg()], x) == [aten.mul.Tensor]
    assert same(lambda x: [(x * 0.1).mul(0.3)], x) == [aten.mul.Tensor, aten.mul_.Tensor]
    assert same(lambda x: [torch.ones_like(x) * x.exp()], x) == [aten.exp.default]


def test_whole_numbers_stay_whole():
    bits = torch.arange(5) * 0x9E3779B97F4A7C15 % 2**62
    assert same(lambda bits: [(bits * -1) * (2**61 + 1) >> 3], bits)[-1] == aten.__rshift__.Scalar


def test_chance_is_no_constant_and_operations_in_place_are_left_alone():
    x = torch.zeros(3)
    graph = trace(lambda x: [x + torch.rand_like(x)], [x])
    simplify(graph, [x])
    assert not torch.equal(graph(x)[0], graph(x)[0])
    before = trace(lambda x: [x.clone().add_(1).neg().neg()], [x])
    code = before.code
    simplify(before, [x])
    assert before.code == code


def test_a_factor_that_enlarges_is_not_taken_for_one_that_scales():
    """As in the gradient of a mean over copies: ones of a larger shape must stay, whatever they are multiplied by."""
    x, ones = torch.arange(1.0, 5.0, dtype=torch.float64).view(4, 1), torch.ones(4, 3).double()
    same(lambda x: [(x * torch.ones_like(ones)) * 0.5], x)
