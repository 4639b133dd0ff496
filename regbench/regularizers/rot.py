"""Regression by optimal transport: the features must be transported among themselves as the targets are.

The plan T^S of a set S pairs its points with their near neighbours, at the least cost (`shared/transport.py`). The term
is λ |⟨C^Z, T^Y⟩ - ⟨C^Z, T^Z⟩|: what the plan of the targets costs among the features, less the least that any plan
costs. C^Z are Euclidean distances of features divided by their mean norm, C^Y those of targets divided by the largest.
The paper (section 4.2) prints the difference without absolute value, but it is often negative, for only ⟨C, T⟩ with the
entropy is minimal at T^Z; the authors' code takes the absolute value, and lets the gradient flow through T^Z.

variant: `through`, as the authors' code; `detach`, the same with T^Z held fixed; `gap`, γ KL(T^Y‖T^Z), which is the
difference with the entropies and so never negative; two that the paper rejects: `costs`, ‖C^Z - C^Y‖, and `plans`,
‖T^Z - T^Y‖ (Frobenius norms).
points: rows that are drawn from each batch. The plan of fewer than 4 does not depend on costs, so the term is 0.

Ten models with 100 points and 100 features, one thread of a busy machine: 22 ms a step, 16 ms if the plan of the
targets is kept, 148 ms with 50 iterations in the log domain that autograd unrolls.
"""

import torch
from torch import Tensor

from regbench.errors import UsageError, one_of
from regbench.random import Stream
from regbench.regularizers.shared.distances import by_mean_norm, distances, relative_distances
from regbench.regularizers.shared.points import sample
from regbench.regularizers.shared.surrogate import with_gradient
from regbench.regularizers.shared.transport import Transport, converged, pullback, transport
from regbench.types import Batch, HParam, HParams, Params, Regularizer, Static

VARIANTS = ("through", "detach", "gap", "costs", "plans")
FEWEST = 4  # points whose plan depends on their costs


def init(y_NM: Tensor, _h: int, hparams: HParams, static: Static, _stream: Stream) -> Params:
    """The targets' plan (or costs) (N, N), if a call can have all training rows; `UsageError` for a wrong setting."""
    variant, points = _settings(static)
    if not FEWEST <= len(y_NM) <= points:
        return Params()
    cost_NN = relative_distances(y_NM)
    if variant == "costs":
        return Params(fixed={"cost": cost_NN})
    return Params(fixed={"plan": converged(cost_NN, hparams["gamma"]).plan})


def loss(params: Params, batch: Batch, hparams: HParams, static: Static) -> Tensor:
    """λ times the difference between features (B, H) and targets (B, M), as the variant measures it: ()."""
    variant, points = _settings(static)
    if len(batch.y) < FEWEST:
        return batch.z.new_zeros(())
    z_BH, y_BM = sample(batch.stream.child("points"), points, by_mean_norm(batch.z), batch.y)
    cost_BB, gamma = distances(z_BH), hparams["gamma"]
    kept_BB = _kept(params, batch.rows)
    if variant == "costs":
        of_y_BB = relative_distances(y_BM) if kept_BB is None else kept_BB
        return hparams["weight"] * costs(cost_BB, of_y_BB)
    plan_BB = transport(relative_distances(y_BM), gamma).plan if kept_BB is None else kept_BB
    return hparams["weight"] * TERMS[variant](cost_BB, plan_BB, transport(cost_BB, gamma))


def through(cost_BB: Tensor, plan_BB: Tensor, of_z: Transport) -> Tensor:
    """|⟨C^Z, T^Y⟩ - ⟨C^Z, T^Z⟩|, with the gradient also through T^Z: ()."""
    difference_BB = plan_BB - of_z.plan
    gradient_BB = difference_BB - pullback(of_z, cost_BB.detach())
    return with_gradient((cost_BB.detach() * difference_BB).sum(), cost_BB, gradient_BB).abs()


def detach(cost_BB: Tensor, plan_BB: Tensor, of_z: Transport) -> Tensor:
    """The value of `through`, with the gradient of `gap` or its negative: ()."""
    return (cost_BB * (plan_BB - of_z.plan)).sum().abs()


def gap(cost_BB: Tensor, plan_BB: Tensor, of_z: Transport) -> Tensor:
    """γ KL(T^Y‖T^Z) ≥ 0, whose gradient is T^Y - T^Z: ().

    Of plans whose sums are not exactly equal, the generalised divergence: each pair of points adds at least 0.
    """
    f_B, gamma = of_z.potential, of_z.gamma
    log_ratio_BB = gamma * plan_BB.clamp(min=torch.finfo(plan_BB.dtype).tiny).log() - (f_B[:, None] + f_B)
    difference_BB = plan_BB - of_z.plan
    value = (plan_BB * (log_ratio_BB + cost_BB.detach()) - gamma * difference_BB).sum()
    return with_gradient(value, cost_BB, difference_BB)


def plans(cost_BB: Tensor, plan_BB: Tensor, of_z: Transport) -> Tensor:
    """‖T^Z - T^Y‖ with the gradient through T^Z: ()."""
    difference_BB = of_z.plan - plan_BB
    norm = torch.linalg.vector_norm(difference_BB)
    upstream_BB = difference_BB / norm.clamp(min=torch.finfo(norm.dtype).tiny)
    return with_gradient(norm, cost_BB, pullback(of_z, upstream_BB))


def costs(cost_BB: Tensor, of_y_BB: Tensor) -> Tensor:
    """‖C^Z - C^Y‖ without the diagonals, which are rounding errors: ()."""
    same = torch.eye(len(cost_BB), dtype=torch.bool, device=cost_BB.device)
    return torch.linalg.vector_norm((cost_BB - of_y_BB).masked_fill(same, 0))


TERMS = {"through": through, "detach": detach, "gap": gap, "plans": plans}


def _kept(params: Params, rows_B: Tensor) -> Tensor | None:
    """What `init` kept, for the rows of a batch that has all training rows: (B, B); otherwise None."""
    for kept_NN in params.fixed.values():
        if len(kept_NN) == len(rows_B):
            return kept_NN[rows_B][:, rows_B]
    return None


def _settings(static: Static) -> tuple[str, int]:
    """The variant and the number of points; `UsageError` if they cannot be."""
    variant, points = one_of("variant", static["variant"], VARIANTS, "variant of rot"), int(static["points"])
    if points < FEWEST:
        raise UsageError(f"points={points}: rot needs {FEWEST} or more, because fewer points have one plan only")
    return variant, points


REGULARIZER = Regularizer(
    loss=loss,
    init=init,
    hparams={
        "weight": HParam(10.0, low=0.1, high=1000.0, least=0, symbol="λ"),
        "gamma": HParam(0.01, low=0.01, high=10.0, above=0, symbol="γ"),
    },
    static={"variant": "through", "points": 100},
    label="ROT",
    reference="Zhang, Yan, Yao (2025), equation 9, https://arxiv.org/abs/2502.09122",
)
