"""Ordinal entropy: its formula written with loops, and its limiting cases."""

from itertools import combinations

import pytest
import torch

from tests.regularizers.samples import features, gradients, load, targets, value


def both(z: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """L_d and L_t."""
    regularizer = load("ordinal_entropy")
    diversity = value(regularizer, z, y, weight=1, tightness_weight=0)
    return diversity.item(), value(regularizer, z, y, weight=0, tightness_weight=1).item()


@pytest.mark.parametrize("m", [1, 3])
def test_it_is_the_formula_over_the_different_targets(m):
    z, y = features(30), targets(30, m, levels=3)
    groups: dict[tuple[float, ...], list[int]] = {}
    for row, target in enumerate(y.tolist()):
        groups.setdefault(tuple(target), []).append(row)
    p = {target: torch.nn.functional.normalize(z[each].mean(0), dim=0) for target, each in groups.items()}
    pairs = list(combinations(groups, 2))
    apart = {(a, b): (torch.tensor(a) - torch.tensor(b)).norm().item() for a, b in pairs}
    least, greatest = min(apart.values()), max(apart.values())
    terms = [(apart[a, b] - least) / greatest * (p[a] - p[b]).norm().item() for a, b in pairs]
    spread = [
        (torch.nn.functional.normalize(z[row], dim=0) - p[target]).norm().item()
        for target, each in groups.items()
        for row in each
        if len(each) > 1
    ]
    diversity, tightness = both(z, y)
    assert diversity == pytest.approx(-sum(terms) / len(terms))
    assert tightness == pytest.approx(sum(spread) / len(spread))


def test_two_targets_have_no_weight_and_three_do():
    """With a single distance, least and greatest are the same."""
    z = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    y = torch.tensor([[0.0], [1.0], [3.0]], dtype=torch.float64)
    assert both(z[:2], y[:2])[0] == 0
    # distances 1, 3, 2 of targets; weights 0, 2/3, 1/3; both chords of positive weight are √2
    assert both(z, y)[0] == pytest.approx(-(2**0.5) / 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_equal_features_have_neither_diversity_nor_spread(dtype):
    z, y = features(1).repeat(30, 1).to(dtype), targets(30, levels=4).to(dtype)
    assert both(z, y) == (0, 0)


def test_targets_that_do_not_repeat_have_no_spread():
    z = features(30).requires_grad_()
    tightness = value(load("ordinal_entropy"), z, targets(30), weight=0, tightness_weight=1)
    assert tightness == 0
    assert gradients(tightness, [z])[0].isfinite().all()


def test_neither_sees_the_length_of_features_or_the_scale_of_targets():
    z, y = features(30), targets(30)
    torch.testing.assert_close(both(5 * z, 100 * y), both(z, y))


def test_tightening_pulls_the_features_of_a_target_together():
    z, y = features(20), targets(20, levels=2)
    before = both(z, y)[1]
    for _ in range(40):
        z.requires_grad_()
        (slope,) = gradients(value(load("ordinal_entropy"), z, y, weight=0, tightness_weight=1), [z])
        z = (z - 5 * slope).detach()
    assert both(z, y)[1] < 0.5 * before
