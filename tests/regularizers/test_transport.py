"""Transport of a set to itself: feasibility, limits, known plans and gradients."""

import math

import pytest
import torch
from torch import Tensor

from regbench.random import Stream
from regbench.regularizers.shared.distances import by_mean_norm, distances, relative_distances
from regbench.regularizers.shared.surrogate import with_gradient
from regbench.regularizers.shared.transport import converged, pullback, transport


def points(n: int = 12, h: int = 3, seed: int = 0) -> Tensor:
    return Stream.named(seed, "points").normal(n, h)


def gamma(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def unrolled(cost: Tensor, gamma: Tensor, iterations: int) -> Tensor:
    """The plan after damped iterations in the log domain, through which autograd can go."""
    n = len(cost)
    cost = cost.masked_fill(torch.eye(n, dtype=torch.bool), math.inf)
    f = torch.zeros_like(cost[0])
    for _ in range(iterations):
        f = (f + gamma * (-math.log(n) - torch.logsumexp((f - cost) / gamma, -1))) / 2
    return ((f[:, None] + f - cost) / gamma).exp()


def free(cost: Tensor) -> Tensor:
    """A symmetric matrix of the entries above the diagonal, which may then be changed one by one."""
    return cost.triu(1) + cost.triu(1).T


@pytest.mark.parametrize("value", [10, 1, 0.1, 0.03])
def test_a_plan_is_symmetric_with_equal_sums_and_nothing_stays(value):
    plan = converged(distances(by_mean_norm(points(20))), gamma(value)).plan
    torch.testing.assert_close(plan.sum(-1), torch.ones(20).double() / 20, rtol=1e-4, atol=0)
    torch.testing.assert_close(plan, plan.T, rtol=1e-12, atol=0)
    assert not plan.diag().any()
    assert plan.min() >= 0


@pytest.mark.parametrize("value", [1, 0.1, 0.03])
def test_a_fixed_number_of_iterations_is_near_the_solution_and_float32_near_float64(value):
    cost = distances(by_mean_norm(points(40, 6)))
    exact = converged(cost, gamma(value)).plan
    for dtype in (torch.float64, torch.float32):
        found = transport(cost.to(dtype), gamma(value).to(dtype)).plan
        assert (found - exact).abs().sum() < 0.02  # of 1; plans that are nearly matchings take long
        assert (cost * found).sum() == pytest.approx(float((cost * exact).sum()), rel=1e-3)


def test_of_two_plans_with_these_sums_it_has_the_least_cost_with_entropy():
    cost, g = distances(points(4)), gamma(0.3)
    plan = converged(cost, g).plan
    cycle = torch.tensor([[0, 1, -1, 0], [1, 0, 0, -1], [-1, 0, 0, 1], [0, -1, 1, 0]]).double()  # changes no sum

    def objective(plan: Tensor) -> Tensor:
        return (cost * plan + g * torch.xlogy(plan, plan)).sum()

    for by in (0.01, -0.01):
        assert objective(plan + by * cycle) > objective(plan)


@pytest.mark.parametrize("value", [1, 0.1])
def test_three_points_have_one_plan_whatever_the_costs(value):
    plan = converged(distances(points(3)), gamma(value)).plan
    torch.testing.assert_close(plan, (1 - torch.eye(3).double()) / 6, rtol=1e-6, atol=0)


def test_known_plans_of_four_points():
    """Computed independently in float64."""
    y = torch.tensor([[0.0], [1], [3], [4]]).double()
    z = torch.tensor([[1.0, 0], [0, 1], [1, 1], [2, 0]]).double()
    plan = converged(relative_distances(y), gamma(1)).plan
    assert plan[0, 1:].tolist() == pytest.approx([0.112966, 0.068517, 0.068517], abs=1e-6)
    assert plan[2, 3].item() == pytest.approx(0.112966, abs=1e-6)
    plan = converged(relative_distances(y), gamma(0.1)).plan
    assert plan[0, 1:3].tolist() == pytest.approx([0.246676, 0.001662], abs=1e-6)
    plan = converged(distances(by_mean_norm(z)), gamma(0.1)).plan
    assert plan[0, 1:].tolist() == pytest.approx([0.011085, 0.002459, 0.236456], abs=1e-6)


def test_without_entropy_it_is_no_minimum_spanning_tree():
    """The paper says so, but 0, 1, 3, 4 are paired (0, 1), (3, 4); a tree needs an edge between the pairs as well."""
    y = torch.tensor([[0.0], [1], [3], [4]]).double()
    pairs = converged(relative_distances(y), gamma(0.01)).plan > 1e-6
    assert pairs.nonzero().tolist() == [[0, 1], [1, 0], [2, 3], [3, 2]]


@pytest.mark.parametrize("value", [1, 0.3])
def test_the_gradient_of_the_cost_is_that_of_finite_differences_and_of_unrolled_iterations(value):
    cost, g = distances(points()), gamma(value)
    found = converged(cost, g)
    gradient = found.plan + pullback(found, cost)
    for i, j in ((0, 1), (2, 7), (5, 11)):
        change = torch.zeros_like(cost)
        change[i, j] = change[j, i] = 1e-5
        above, below = ((c * converged(c, g, 1e-12).plan).sum() for c in (cost + change, cost - change))
        assert ((above - below) / 2e-5).item() == pytest.approx(2 * gradient[i, j].item(), rel=1e-3, abs=1e-5)
    leaf = cost.clone().requires_grad_()
    (exact,) = torch.autograd.grad((free(leaf) * unrolled(free(leaf), g, 300)).sum(), leaf)
    off_diagonal = cost > 1e-3
    torch.testing.assert_close(2 * gradient.triu(1)[off_diagonal], exact[off_diagonal], rtol=1e-3, atol=1e-5)


def test_the_gradient_stays_bounded_where_plans_are_matchings():
    """The linear system is singular for them; the exact gradient is 0."""
    y = torch.tensor([[0.0], [0.1], [5], [5.1], [9], [9.1]]).double()
    cost = distances(y)
    found = converged(cost, gamma(0.01))
    assert found.plan.max() == pytest.approx(1 / 6)
    torch.testing.assert_close(pullback(found, cost), torch.zeros_like(cost), rtol=0, atol=1e-3)


@pytest.mark.parametrize("value", [0.01, 0.1])
@pytest.mark.parametrize("scale", [1, 10, 1000])
def test_float32_is_finite_for_points_on_very_different_scales(value, scale):
    z = points(50, 20).float() * torch.logspace(0, math.log10(scale), 50)[:, None]
    cost = distances(by_mean_norm(z))
    found = transport(cost, gamma(value).float())
    for each in (found.plan, found.potential, pullback(found, cost)):
        assert each.isfinite().all()
    assert found.plan.sum() == pytest.approx(1, abs=0.1)


def test_many_costs_at_once_are_the_costs_one_by_one():
    cost = torch.stack([distances(points(seed=seed)) for seed in range(3)])
    values = torch.tensor([1, 0.1, 0.02]).double()
    together = torch.func.vmap(lambda cost, gamma: transport(cost, gamma).plan)(cost, values)
    for job in range(3):
        torch.testing.assert_close(together[job], transport(cost[job], values[job]).plan, rtol=1e-9, atol=1e-15)


def test_a_value_can_be_given_a_gradient():
    x = points(4).requires_grad_()
    value, gradient = torch.tensor(2.5).double(), points(4, seed=1)
    found = with_gradient(value, x, gradient)
    assert found == value
    assert torch.autograd.grad(found, x)[0].equal(gradient)


def test_distances_are_euclidean_and_equal_rows_have_no_gradient():
    x = points(6)
    apart = 1 - torch.eye(6)
    torch.testing.assert_close(distances(x + 1e3) * apart, torch.cdist(x, x) * apart, rtol=1e-8, atol=1e-8)
    same = torch.ones(4, 3).double().requires_grad_()
    assert not torch.autograd.grad(distances(same).sum(), same)[0].any()
    assert relative_distances(x).max() == 1
