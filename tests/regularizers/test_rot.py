"""Regression by optimal transport: golden numbers, the variants' values and gradients, and what is kept."""

from functools import partial

import pytest
import torch
from torch import Tensor

from regbench.errors import UsageError
from regbench.random import Stream
from regbench.regularizers import rot
from regbench.regularizers.shared.distances import by_mean_norm, distances, relative_distances
from regbench.regularizers.shared.transport import converged
from regbench.types import Params
from tests.regularizers.samples import arguments, batch, cast, features, hparams, load, loss_of, static, targets

ROT = load("rot")
VARIANTS = ("through", "detach", "gap", "costs", "plans")
every_variant = pytest.mark.parametrize("variant", VARIANTS)
Y = torch.tensor([[0.0], [1], [3], [4]]).double()
Z = torch.tensor([[1.0, 0], [0, 1], [1, 1], [2, 0]]).double()


def term(z: Tensor, y: Tensor, gamma: float = 0.3, weight: float = 1, **changed: int | str) -> Tensor:
    values = hparams(ROT, z.dtype, gamma=gamma, weight=weight)
    return loss_of(ROT)(Params(), batch(z, y), values, static(ROT, **changed))


def both(z: Tensor, y: Tensor, gamma: float) -> tuple[Tensor, Tensor, Tensor]:
    """The costs of the features, the plan of the targets and that of the features, converged."""
    g, cost = torch.tensor(gamma, dtype=torch.float64), distances(by_mean_norm(z))
    return cost, converged(relative_distances(y), g).plan, converged(cost, g).plan


def of_targets(y: Tensor) -> Tensor:
    """Features that are a noisy linear image of the targets: those of a trained network."""
    return 2 + y @ Stream.named(0, "map").normal(y.shape[1], 7) + 0.1 * features(len(y))


@pytest.mark.parametrize(
    ("gamma", "value", "gap"), [(1, 0.046283, 0.057781), (0.1, 0.286926, 0.302569), (0.05, 0.305297, 0.306078)]
)
def test_known_values(gamma, value, gap):
    """Computed independently in float64; a fixed number of iterations comes within a hundredth."""
    cost, of_y, _ = both(Z, Y, gamma)
    found = converged(cost, torch.tensor(gamma, dtype=torch.float64))
    for variant, known in (("through", value), ("detach", value), ("gap", gap)):
        assert rot.TERMS[variant](cost, of_y, found).item() == pytest.approx(known, abs=1e-5)
        assert term(Z, Y, gamma, variant=variant).item() == pytest.approx(known, rel=0.01)


@every_variant
@pytest.mark.parametrize("n", [1, 2, 3])
def test_fewer_than_four_rows_have_no_term(variant, n):
    assert term(features(n), targets(n), variant=variant) == 0


def test_the_gap_is_the_divergence_of_the_plans_and_the_difference_of_the_objectives():
    z, y, g = features(12), targets(12, 2), 0.3
    cost, of_y, of_z = both(z, y, g)

    def objective(plan: Tensor) -> Tensor:
        return (cost * plan + g * torch.xlogy(plan, plan)).sum()

    divergence = g * (torch.xlogy(of_y, of_y) - torch.xlogy(of_y, of_z)).sum()
    torch.testing.assert_close(term(z, y, g, variant="gap"), divergence, rtol=1e-5, atol=1e-8)
    torch.testing.assert_close(objective(of_y) - objective(of_z), divergence, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("gamma", [1, 0.1, 0.01])
def test_the_gap_is_never_negative_also_far_from_convergence_and_zero_for_features_like_the_targets(gamma):
    for seed in range(10):
        assert term(features(20, seed=seed), targets(20, seed=seed), gamma, variant="gap") >= 0
    y = targets(20, 2)
    cost = relative_distances(y)
    plan = rot.transport(cost, torch.tensor(gamma).double())
    assert rot.gap(cost, plan.plan, plan).item() == pytest.approx(0, abs=1e-12)


def test_the_variants_have_the_gradients_that_they_promise():
    cost, of_y, _ = both(features(12), targets(12), 0.3)
    found = converged(cost, torch.tensor(0.3).double())

    def gradient(variant: str, plan: Tensor) -> Tensor:
        leaf = cost.clone().requires_grad_()
        return torch.autograd.grad(rot.TERMS[variant](leaf, plan, found), leaf)[0]

    torch.testing.assert_close(gradient("gap", of_y), of_y - found.plan, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(gradient("detach", of_y), of_y - found.plan, rtol=1e-9, atol=1e-12)
    assert (gradient("through", of_y) - gradient("detach", of_y)).norm() > 0.01 * of_y.norm()


def test_the_difference_may_be_negative_and_then_its_gradient_is_reversed():
    """Without relation to the targets the difference is positive; it is negative for features of a trained network."""
    y = targets(20, 2)
    signs = set()
    for z in (features(20), of_targets(y)):
        cost, of_y, of_z = both(z, y, 0.1)
        difference = (cost * (of_y - of_z)).sum()
        signs.add(difference.sign().item())
        for variant in ("through", "detach"):
            assert term(z, y, 0.1, variant=variant).item() == pytest.approx(abs(difference.item()), rel=1e-3, abs=1e-6)
        leaves = [z.clone().requires_grad_() for _ in range(2)]
        detached, gap = (
            torch.autograd.grad(term(leaf, y, 0.1, variant=variant), leaf)[0]
            for leaf, variant in zip(leaves, ("detach", "gap"), strict=True)
        )
        torch.testing.assert_close(detached, difference.sign() * gap, rtol=1e-8, atol=1e-12)
    assert signs == {1, -1}


@pytest.mark.parametrize("variant", ["through", "gap", "costs", "plans"])
def test_gradients_are_those_of_finite_differences_on_both_sides_of_zero(variant):
    y = targets(8, 2)
    for z in (features(8), of_targets(y)):
        assert torch.autograd.gradcheck(partial(term, y=y, gamma=1, variant=variant), z.requires_grad_(), atol=1e-4)


@every_variant
def test_scaled_features_have_the_same_term_but_moved_ones_do_not(variant):
    z, y = features(12), targets(12)
    for scale in (1e-3, 1e3):
        torch.testing.assert_close(term(scale * z, y, variant=variant), term(z, y, variant=variant))
    assert (term(z + 1, y, variant=variant) - term(z, y, variant=variant)).abs() > 1e-4


@every_variant
@pytest.mark.parametrize("m", [1, 3])
def test_degenerate_features_and_targets_give_finite_numbers_in_float32(variant, m):
    z, y = features(30).float(), targets(30, m).float()
    outlier = z * torch.cat([torch.full((1,), 1e4), torch.ones(29)])[:, None]
    for z_BH, y_BM in (
        (z, y[:1].repeat(30, 1)),
        (z[:1].repeat(30, 1), y),
        (z * 0, y),
        (z * 0, y * 0),
        (outlier, y),
        (1e-6 * z, y),
        (1e6 * z, 1e6 * y),
    ):
        leaf = z_BH.clone().requires_grad_()
        found = term(leaf, y_BM, 0.01, 10, variant=variant)
        assert found.isfinite()
        assert torch.autograd.grad(found, leaf)[0].isfinite().all()


@every_variant
def test_what_is_kept_of_the_targets_is_what_a_call_computes(variant):
    y, z, order = targets(20, 2), features(20), torch.randperm(20)
    settings, values = static(ROT, variant=variant), hparams(ROT, gamma=0.3)
    params = ROT.init(y, 7, values, settings, Stream.named(0))
    assert set(params.fixed) == {"cost" if variant == "costs" else "plan"}
    seen = batch(z[order], y[order])._replace(rows=order)
    kept, anew = (loss_of(ROT)(each, seen, values, settings) for each in (params, Params()))
    torch.testing.assert_close(kept, anew, rtol=1e-4, atol=1e-6)
    part = batch(z[:9], y[:9])
    assert loss_of(ROT)(params, part, values, settings).equal(loss_of(ROT)(Params(), part, values, settings))
    assert not ROT.init(y, 7, values, {**settings, "points": 19}, Stream.named(0)).fixed


def test_many_models_with_a_kept_plan_are_the_models_one_by_one():
    y, jobs = targets(20), 3
    z = torch.stack([features(20, seed=job) for job in range(jobs)]).float()
    rows = torch.stack([torch.randperm(20) for _ in range(jobs)])
    values = [hparams(ROT, gamma=gamma) for gamma in (0.01, 0.1, 1)]
    plans = [cast(ROT.init(y, 7, each, static(ROT), Stream.named(0)), torch.float32) for each in values]
    stacked = {name: torch.stack([each[name].float() for each in values]) for name in values[0]}
    kept = {"plan": torch.stack([each["plan"] for each in plans])}

    def one(z: Tensor, rows: Tensor, values: dict[str, Tensor], fixed: dict[str, Tensor]) -> Tensor:
        return loss_of(ROT)(Params({}, fixed), batch(z, y.float()[rows])._replace(rows=rows), values, static(ROT))

    together = torch.func.vmap(one)(z, rows, stacked, kept)
    assert len(arguments(ROT, z, z, plans, values)) == 5
    for job in range(jobs):
        alone = one(z[job], rows[job], {name: each[job] for name, each in stacked.items()}, {"plan": kept["plan"][job]})
        torch.testing.assert_close(together[job], alone, rtol=1e-4, atol=1e-5)


def test_rows_are_drawn_without_replacement():
    """As many points as rows, less one, leave out one row: changing only its target changes nothing."""
    z, y = features(9), targets(9)
    known = term(z, y, points=8)
    same = [
        term(z, y.index_add(0, torch.tensor([row]), torch.ones(1, 1).double()), points=8) == known for row in range(9)
    ]
    assert sum(same) == 1


def test_an_unknown_variant_gets_the_nearest_known_one_and_too_few_points_are_refused():
    for changed, message in (({"variant": "trough"}, r"variant=trough.*did you mean 'through'"), ({"points": 3}, "=3")):
        settings = {**static(ROT), **changed}
        with pytest.raises(UsageError, match=message):
            ROT.init(targets(9), 7, hparams(ROT), settings, Stream.named(0))
        with pytest.raises(UsageError, match=message):
            loss_of(ROT)(Params(), batch(features(9), targets(9)), hparams(ROT), settings)
