"""Directions of moves: angles, principal directions, shapes; and the theorem that gradients follow θ."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from regbench.analysis import directions

LOSSES = {
    "squared error": functional.mse_loss,
    "absolute error": functional.l1_loss,
    "Huber": lambda outputs, y: functional.huber_loss(outputs, y, delta=0.1),
    "logistic": lambda outputs, y: functional.softplus(outputs * (1 - 2 * y)).mean(),
}


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("name", LOSSES)
def test_the_gradient_of_any_loss_of_a_linear_head_is_parallel_to_theta(name):
    z = torch.from_numpy(normal(20, 5)).requires_grad_()
    theta, y = torch.from_numpy(normal(5, seed=1)), torch.from_numpy(normal(20, seed=2))
    (gradient,) = torch.autograd.grad(LOSSES[name](z @ theta, y), z)
    np.testing.assert_allclose(np.abs(directions.cosine(gradient.numpy(), theta.numpy())), 1, atol=1e-14)
    np.testing.assert_allclose(directions.line_distance(gradient.numpy(), theta.numpy()), 0, atol=1e-28)


@pytest.mark.parametrize("name", LOSSES)
def test_with_several_targets_the_gradient_lies_in_the_span_of_their_thetas_and_not_on_a_line(name):
    z = torch.from_numpy(normal(20, 5)).requires_grad_()
    thetas, y = torch.from_numpy(normal(5, 2, seed=1)), torch.from_numpy(normal(20, 1, seed=2))
    (gradient,) = torch.autograd.grad(LOSSES[name](z @ thetas, y.expand(20, 2)), z)
    assert np.linalg.matrix_rank(np.hstack([gradient.numpy().T, thetas.numpy()]), tol=1e-12) == 2
    assert directions.principal(gradient.numpy(), centred=False)[1][0] < 1 - 1e-6


@pytest.mark.parametrize("name", LOSSES)
def test_theorem_2_the_gradient_is_orthogonal_to_a_convex_level_set(name):
    """Of a differentiable head, not only a linear one: g(z) = sinh(θᵀz) + θᵀz has flat level sets."""
    theta = torch.from_numpy(normal(5, seed=1))
    z = torch.from_numpy(normal(5)).requires_grad_()
    (gradient,) = torch.autograd.grad(LOSSES[name](torch.sinh(z @ theta) + z @ theta, torch.tensor(0.3).double()), z)
    across = torch.from_numpy(normal(8, 5, seed=3))
    level = z.detach() + across - (across @ theta)[:, None] * theta / (theta @ theta)
    np.testing.assert_allclose((level @ theta).numpy(), (z.detach() @ theta).numpy(), atol=1e-12)  # one prediction
    np.testing.assert_allclose(((level[:, None] - level) @ gradient).numpy(), 0, atol=1e-12)


def test_theorem_2_needs_the_level_set_to_be_convex():
    z = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad((z.square().sum() - 0.3) ** 2, z)  # level sets are circles
    a, b = torch.tensor([1.0, 0.0]).double(), torch.tensor([0.0, 1.0]).double()
    assert abs(float(gradient @ (a - b))) > 1


def test_distances_of_directions_ignore_length_and_of_lines_the_sign_too():
    a = normal(7, 3)
    np.testing.assert_allclose(directions.cosine_distance(a, 3 * a), 0, atol=1e-28)
    np.testing.assert_allclose(directions.cosine_distance(a, -a), 2)
    np.testing.assert_allclose(directions.line_distance(a, -2 * a), 0, atol=1e-28)
    assert directions.line_distance([1, 0], [0, 5]) == pytest.approx(1)
    b = normal(7, 3, seed=1)
    np.testing.assert_allclose(directions.cosine_distance(a, b), 1 - directions.cosine(a, b), atol=1e-14)


def test_small_angles_keep_their_digits():
    angle = 1e-9
    assert directions.cosine_distance([1, 0], [np.cos(angle), np.sin(angle)]) == pytest.approx(angle**2 / 2, rel=1e-6)


def test_the_direction_of_nothing_is_not_a_number():
    assert np.isnan(directions.cosine([0, 0], [1, 0]))
    assert np.isnan(directions.cosine_distance([0, 0], [1, 0]))


def test_principal_directions_are_those_of_the_covariance_with_the_largest_entry_positive():
    points = normal(200, 4) @ np.diag([1, 5, 2, 0.1])
    axes, shares = directions.principal(points)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    np.testing.assert_allclose(shares, values[::-1] / values.sum())
    np.testing.assert_allclose(directions.line_distance(axes, vectors.T[::-1]), 0, atol=1e-12)
    assert (axes[np.arange(4), np.abs(axes).argmax(1)] > 0).all()
    np.testing.assert_array_equal(directions.principal(-points)[0].round(10), axes.round(10))


def test_without_the_mean_a_common_shift_is_what_counts():
    moves = np.array([10.0, 0]) + normal(100, 2) * [0.1, 1]
    assert directions.line_distance(directions.principal(moves)[0][0], [0, 1]) < 0.01
    assert directions.line_distance(directions.principal(moves, centred=False)[0][0], [1, 0]) < 0.01


def test_turning_to_principal_axes_keeps_distances():
    points = normal(30, 3)
    np.testing.assert_allclose(
        directions.distances(directions.along_axes(points)), directions.distances(points), atol=1e-13
    )
    flat = directions.along_axes(normal(30, 2))
    assert flat.shape == (30, 3)
    np.testing.assert_array_equal(flat[:, 2], 0)


def test_a_shape_is_like_itself_turned_mirrored_scaled_and_shifted_in_more_dimensions_too():
    points = normal(40, 3)
    turn, _ = np.linalg.qr(normal(5, 5, seed=1))
    assert directions.unlike(points, 7 * points @ turn[:3] + 2) == pytest.approx(0, abs=1e-12)
    assert 0.1 < directions.unlike(points, normal(40, 3, seed=2)) <= 1
    assert np.isnan(directions.unlike(points, np.ones((40, 2))))


def test_rank_correlation_is_one_where_distances_keep_their_order():
    points = normal(40, 2)
    assert directions.rank_correlation(points, 3 * points + 1) == pytest.approx(1)
    assert directions.rank_correlation(np.arange(4.0)[:, None], np.arange(4.0)[:, None] ** 1.01) > 0.9
    assert np.isnan(directions.rank_correlation(points, np.ones((40, 1))))


def test_angles_go_round_a_circle_once():
    turns = np.linspace(-np.pi, np.pi, 50, endpoint=False)
    plane, _ = np.linalg.qr(normal(3, 3))
    found = directions.angles(np.stack([np.cos(turns), np.sin(turns) * 0.9, 0 * turns], 1) @ plane)
    steps = np.diff(np.unwrap(found))
    assert (np.sign(steps) == np.sign(steps[0])).all()
    assert abs(steps.sum()) == pytest.approx(2 * np.pi * 49 / 50, rel=0.05)
