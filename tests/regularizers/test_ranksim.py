"""RankSim: ranks, its loss written with loops, and the interpolated gradient."""

import pytest
import torch

from regbench.random import Stream
from regbench.regularizers.ranksim import representatives
from regbench.regularizers.shared.ranks import places, ranks
from tests.regularizers.samples import (
    batch,
    features,
    gradients,
    hparams,
    load,
    loss_of,
    parameters,
    static,
    targets,
    value,
)

EVERY = torch.ones(5, dtype=torch.bool)


def descending(s: torch.Tensor) -> torch.Tensor:
    """The rank of each value of a row, 1/n for the greatest, by counting those before it; ties go to the first."""
    n, index = len(s), torch.arange(len(s))
    before = (s[None] > s[:, None]) | ((s[None] == s[:, None]) & (index[None] < index[:, None]))
    return (before.sum(1) + 1) / n


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_ranks_count_from_the_greatest(dtype):
    s = torch.tensor([[0.3, -1.0, 2.0, -0.5, 0.0], [-3.0, -2.0, -2.0, 1e30, -torch.inf]], dtype=dtype)
    expected = torch.tensor([[2, 5, 1, 4, 3], [4, 2, 3, 1, 5]], dtype=dtype) / 5
    torch.testing.assert_close(ranks(s, EVERY), expected)


def test_minus_zero_and_zero_tie():
    assert places(torch.tensor([-0.0, 0.0, -0.0])).tolist() == [1, 2, 3]


def test_rows_of_all_sizes_are_ranked_as_torch_sorts_them():
    for n in (1, 2, 63, 64, 65, 300):
        s = features(4, n)
        assert places(s).equal(s.argsort(descending=True).argsort() + 1)


def test_ranks_are_among_the_members_only():
    member = torch.tensor([True, False, True, False, True])
    s = torch.tensor([[1.0, 9.0, 3.0, 2.0, 2.0]])
    assert ranks(s, member)[:, member].tolist() == [pytest.approx([1, 1 / 3, 2 / 3])]


def loss_by_loops(z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    z = torch.nn.functional.normalize(z, dim=-1)
    total = torch.zeros((), dtype=z.dtype)
    for i in range(len(z)):
        by_feature, by_target = descending(z @ z[i]), descending(-(y - y[i]).square().sum(-1).sqrt())
        total = total + (by_feature - by_target).square().mean()
    return total


@pytest.mark.parametrize("m", [1, 3])
def test_it_is_the_formula_row_by_row(m):
    z, y = features(12), targets(12, m)
    torch.testing.assert_close(value(load("ranksim"), z, y, weight=1), loss_by_loops(z, y), check_dtype=False)


def test_features_in_the_order_of_the_targets_have_no_loss_and_no_gradient():
    """On a quarter of a circle, angles are ordered as targets are."""
    y = targets(20)
    z = torch.cat([y.cos(), y.sin()], 1).requires_grad_()
    loss = value(load("ranksim"), z, y)
    assert loss == 0
    assert not gradients(loss, [z])[0].any()


def test_of_equal_targets_a_random_one_counts():
    y = torch.tensor([[1.0], [2.0], [1.0], [1.0], [3.0]])
    chosen = [representatives(y, Stream.named(seed, "draw")) for seed in range(40)]
    for each in chosen:
        assert sorted(y[each, 0].tolist()) == [1, 2, 3]
    assert {tuple(each.tolist()).index(True) for each in chosen if not each[0]} == {1}
    assert all(torch.stack(chosen)[:, row].any() for row in (0, 2, 3))


def test_repeated_targets_are_as_if_only_the_representatives_were_there():
    regularizer, z, y = load("ranksim"), features(30), targets(30, levels=8)  # eighths are exact, and tie exactly
    chosen = representatives(y, batch(z, y).stream.child("representatives"))
    assert 3 < chosen.sum() < 30
    z.requires_grad_()
    all_rows, (gradient,) = (loss := value(regularizer, z, y)), gradients(loss, [z])
    torch.testing.assert_close(all_rows, value(regularizer, z[chosen], y[chosen]))
    assert not gradient[~chosen].any()


def test_the_gradient_is_that_of_black_box_interpolation():
    """-(r - rank(s + λG)) / λ for the upstream gradient G of the ranks, by a function that autograd calls itself."""
    regularizer, z, y, step, weight = load("ranksim"), features(10), targets(10, 2), 2.0, 30.0

    class Ranks(torch.autograd.Function):
        @staticmethod
        def forward(ctx, s):
            ctx.s, ctx.ranked = s, torch.stack([descending(row) for row in s]).to(s.dtype)
            return ctx.ranked

        @staticmethod
        def backward(ctx, *upstream):
            moved = torch.stack([descending(row) for row in ctx.s + step * upstream[0]])
            return -(ctx.ranked - moved) / step

    z.requires_grad_()
    unit = torch.nn.functional.normalize(z, dim=-1)
    by_target = torch.stack([descending(row) for row in -torch.cdist(y, y)])
    written = weight * (Ranks.apply(unit @ unit.T) - by_target).square().mean(-1).sum()
    ours = value(regularizer, z, y, weight=weight, interpolation=step)
    torch.testing.assert_close(ours, written)
    torch.testing.assert_close(gradients(ours, [z])[0], gradients(written, [z])[0])


def test_a_long_step_only_shortens_the_gradient():
    """Moved by λG, values are in the order of G alone if λ is large: λ times the gradient is constant from there."""
    regularizer, z, y = load("ranksim"), features(10).requires_grad_(), targets(10, 2)
    scaled = [step * gradients(value(regularizer, z, y, weight=1, interpolation=step), [z])[0] for step in (1e5, 1e6)]
    torch.testing.assert_close(*scaled)
    assert scaled[0].any()


def test_steps_against_the_gradient_bring_the_ranks_together():
    regularizer, z, y = load("ranksim"), features(16), targets(16)
    settings, values = static(regularizer), hparams(regularizer, weight=1.0)
    start = value(regularizer, z, y, weight=1)
    for _ in range(200):
        z.requires_grad_()
        loss = loss_of(regularizer)(parameters(regularizer), batch(z, y), values, settings)
        z = (z - 0.1 * gradients(loss, [z])[0]).detach()
    assert value(regularizer, z, y, weight=1) < 0.5 * start
