"""A traced function is the function: the same bits, on other inputs too, from its operations alone."""

import weakref

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from regbench import catalog
from regbench.random import Stream
from regbench.training import heads
from regbench.training.heads import Head
from regbench.training.pack import build
from regbench.training.tracing import trace
from tests.made.data_samples import prepared
from tests.made.jobs import make_job

aten = torch.ops.aten
METHODS = catalog.names("methods")
ROWS, FEATURES = 32, 16


class Seen(TorchDispatchMode):
    """Lists the operations that are performed."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.found.append(func)
        return func(*args, **(kwargs or {}))


def numbers(*shape: int, seed: int = 0) -> Tensor:
    return Stream.named(seed, "numbers").normal(*shape)


def bits(tensor: Tensor) -> bytes:
    return tensor.detach().contiguous().numpy().tobytes()


def same(found, expected) -> bool:
    return [(tensor.shape, bits(tensor)) for tensor in found] == [(tensor.shape, bits(tensor)) for tensor in expected]


def head_of(method: str, *, k: int = 5, targets: int = 1, dtype: torch.dtype = torch.float32):
    """The head of two jobs of a method, and the function that makes arguments for its step."""
    jobs = [make_job(method, k=k, seed=seed) for seed in (0, 1)]
    model = build(jobs, prepared(60, targets=targets), torch.device("cpu"), dtype)
    (part,) = model.heads

    def arguments(number: int):
        z = numbers(2, ROWS, FEATURES, seed=number).to(dtype)
        batch = {
            "y": Stream.named(number, "y").uniform(2, ROWS, targets).to(dtype),
            "rows": torch.arange(ROWS).expand(2, ROWS),
            "key": torch.tensor([number, number + 1]),
            "progress": torch.tensor(0.1 * number, dtype=dtype),
        }
        return z, part.linear.views, part.trained_views, batch

    return part.head, arguments


def untraced(head, z, linear, trained, batch):
    """The same head's step, but by vmap and autograd at every step."""

    def whole(loss_of_one, arguments, zeros=None):
        _, structure = tree_flatten(arguments)
        return lambda *leaves: tree_leaves(again._differentiated(loss_of_one, *tree_unflatten(leaves, structure)))

    again = Head(head.method, head.jobs, head.fixed, head.hparams, head.regularizers, head.averaged)
    again._trace = whole
    return again.step(z, linear, trained, batch)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("k", "targets", "dtype"), [(5, 1, torch.float32), (2, 3, torch.float32), (25, 1, torch.float64)]
)
def test_a_traced_step_is_the_step_bit_for_bit(method, k, targets, dtype):
    """Also with other numbers than those it was traced with."""
    head, arguments = head_of(method, k=k, targets=targets, dtype=dtype)
    for number in (1, 2):
        found = tree_leaves(head.step(*arguments(number)))
        assert head.looped is None
        assert same(found, tree_leaves(untraced(head, *arguments(number))))


@pytest.mark.parametrize("method", METHODS)
def test_a_traced_step_repeats_operations_in_their_order_and_adds_none(method, monkeypatch):
    monkeypatch.setattr(heads, "simplify", lambda _graph, _inputs: None)  # it changes operations, and has its own tests
    head, arguments = head_of(method)
    head.step(*arguments(1))
    with Seen() as traced:
        head.step(*arguments(2))
    with Seen() as whole:
        untraced(head, *arguments(2))
    left = iter(whole.found)
    assert all(operation in left for operation in traced.found)


def test_a_traced_step_leaves_out_what_its_results_do_not_need():
    """The loss of soft_binning does not use the prediction, a softmax of the outputs."""
    head, arguments = head_of("soft_binning")
    head.step(*arguments(1))
    with Seen() as traced:
        head.step(*arguments(2))
    with Seen() as whole:
        untraced(head, *arguments(2))
    assert aten._softmax.default in whole.found
    assert aten._softmax.default not in traced.found


def check(function, *inputs: Tensor) -> None:
    """The traced function gives what the function gives, on the inputs of the trace and on others, again and again."""
    graph = trace(function, [tensor.clone() for tensor in inputs])
    for factor in (1.0, 3.0, 1.0):
        given = [tensor * factor for tensor in inputs]
        expected = function(*(tensor.clone() for tensor in given))
        assert same(graph.forward(*(tensor.clone() for tensor in given)), expected)


def test_a_tensor_from_outside_is_a_constant():
    outside = numbers(3, seed=5)
    check(lambda x: [x * outside + outside[0]], numbers(4, 3))


def test_a_tensor_made_inside_is_made_anew_by_every_run():
    def counting(x):
        total = torch.tensor(1.0, dtype=x.dtype)
        total += x.sum()
        filled = torch.zeros(3, dtype=x.dtype)
        filled[1] = total
        return [total, filled, torch.arange(3) + filled]

    check(counting, numbers(4))


def test_changes_in_place_reach_views_and_inputs():
    def changing(x, y):
        x.mul_(2)
        table = x.clone()
        table[:, 0].add_(y)
        flat = table.view(-1)
        flat[1:3] = 0.5
        flat.clamp_(max=1.0)
        return [table, x, flat]

    check(changing, numbers(4, 3), numbers(4))


def test_a_detached_tensor_shares_numbers_and_not_its_shape():
    def detaching(x):
        twin = x.detach()
        twin.add_(1)
        row = x.clone()
        other = row.detach()
        other.unsqueeze_(0)
        return [twin + x, row, other]

    check(detaching, numbers(4, 3))
    check(lambda x: [x.detach().mul_(2), x, x.detach()], numbers(4, 3))


def test_operations_with_several_results():
    def several(x):
        low, high = x.split([1, 3])
        values, places = x.sort(0)
        first, *others = x.unbind(1)
        return [low, high, values, places, first, torch.cat(others), torch.stack([first, *others])]

    check(several, numbers(4, 3))


def test_gradients_under_vmap():
    def gradient(weights, x):
        weights = weights.detach().requires_grad_()
        losses = torch.func.vmap(lambda w: (x @ w).tanh().exp().square().mean())(weights)
        return [*torch.autograd.grad(losses.sum(), weights, create_graph=True), losses]

    check(gradient, numbers(5, 3), numbers(7, 3, seed=1))


class Cube(torch.autograd.Function):
    """A gradient written by hand, as a plug-in may have it."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x * x * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, *gradients):
        (x,) = ctx.saved_tensors
        return 3 * x * x * gradients[0]


def test_a_gradient_written_by_hand():
    def gradient(x):
        x = x.detach().requires_grad_()
        return [*torch.autograd.grad(torch.func.vmap(Cube.apply)(x).sum(), x)]

    check(gradient, numbers(4, 3))


def test_random_numbers_are_drawn_anew_by_every_run():
    def noisy(x):
        return [x + torch.rand(4, dtype=x.dtype)]

    graph = trace(noisy, [numbers(4)])
    for seed in (1, 2):
        torch.manual_seed(seed)
        (found,) = graph.forward(numbers(4))
        torch.manual_seed(seed)
        assert same([found], noisy(numbers(4)))


@pytest.mark.parametrize(
    "reading",
    [
        lambda x: [x * x.sum().item()],
        lambda x: [x if x.sum() > 0 else -x],
        lambda x: [x if torch.equal(x, x + 1) else -x],
        lambda x: [x * torch.rand(()).item()],
        lambda x: [x * float(torch.zeros(4).copy_(x).sum())],
    ],
    ids=["item", "if", "equal", "random", "copied"],
)
def test_reading_a_value_that_may_be_another_next_time_is_refused(reading):
    with pytest.raises(RuntimeError, match="reads a value"):
        trace(reading, [numbers(4)])


def test_reading_what_has_changed_through_a_view_is_refused():
    def hidden(x):
        table = torch.zeros(2, 4, dtype=x.dtype)
        table[0].copy_(x)
        return [x * table.sum().item()]

    with pytest.raises(RuntimeError, match="reads a value"):
        trace(hidden, [numbers(4)])


def test_reading_a_constant_is_allowed():
    outside = torch.tensor([0.25, 0.75])
    check(lambda x: [x * outside[1].item() if torch.tensor(2.0) > 1 else -x], numbers(4))


def test_tensors_are_freed_during_a_trace():
    """A step of many jobs would not fit into memory with all of its tensors."""

    def freeing(x):
        passing = x * 2
        alive = weakref.ref(passing)
        result = passing + 1
        del passing
        assert alive() is None
        return [result]

    trace(freeing, [numbers(4)])
