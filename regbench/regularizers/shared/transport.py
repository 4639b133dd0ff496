"""Entropic optimal transport of a set to itself, in which no point stays where it is.

T = argmin ⟨C, T⟩ + γ Σ T log T over T ≥ 0 with T1 = Tᵀ1 = p = 1/n and T_ii = 0: Yan et al. (2024), as in Zhang, Yan,
Yao (2025), https://arxiv.org/abs/2502.09122. As C is symmetric, one potential is enough: T_ij = exp((f_i + f_j - C_ij)
/ γ).

f is found by Sinkhorn's iteration: a few steps in the log domain, which no cost can overflow, then steps on the kernel
K_ij = exp((f_i + f_j - C_ij) / γ), which are products of a matrix and a vector. Both are symmetric, and those on the
kernel have momentum. For small γ the plan is nearly a matching; the plain damped iteration is slow then, and 30 steps
with momentum come nearer to the solution than 50 without (measured).
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

FIRST_STEPS = 5  # in the log domain
STEPS = 25  # on the kernel
MOMENTUM = 0.5  # a root, and no power, on the kernel
LOWEST = -80.0  # logarithm of the least entry; `exp` of less takes 40 times as long (measured)
FARTHEST = math.exp(30)  # by which factor the steps on the kernel may change a row; it keeps products finite in float32


class Transport(NamedTuple):
    """The plan T (B, B), its potential f (B,), and the γ () they belong to."""

    plan: Tensor
    potential: Tensor
    gamma: Tensor


def transport(cost_BB: Tensor, gamma: Tensor) -> Transport:
    """The plan for symmetric costs (B, B), B ≥ 3, after a fixed number of iterations; without gradient."""
    cost_BB = _without_diagonal(cost_BB.detach())
    return _on_kernel(cost_BB, _in_log_domain(cost_BB, gamma), gamma)


def converged(cost_BB: Tensor, gamma: Tensor, tolerance: float = 1e-9, most: int = 400) -> Transport:
    """The same, until the row sums are right to a fraction `tolerance`, but at most `most` times as many steps."""
    cost_BB = _without_diagonal(cost_BB.detach())
    found = _on_kernel(cost_BB, _in_log_domain(cost_BB, gamma), gamma)
    for _ in range(most):
        if ((found.plan.sum(-1) * len(cost_BB) - 1).abs() <= tolerance).all():
            break
        found = _on_kernel(cost_BB, found.potential, gamma)
    return found


def pullback(found: Transport, upstream_BB: Tensor) -> Tensor:
    """The gradient of a function of the plan with respect to the costs, from its gradient with respect to the plan.

    All (B, B) and symmetric. By implicit differentiation of T1 = p: with v_i = Σ_j V_ij T_ij for the upstream gradient
    V, and w the solution of (diag(T1) + T) w = v, it is T ∘ (w_i + w_j - V_ij) / γ. The matrix is nearly singular for
    plans that are nearly matchings, but v lies in its range then. So the system is solved by the iteration that finds
    the plan, linearised: it stays bounded where a direct solution does not.
    """
    plan_BB, _, gamma = found
    sums_B = plan_BB.sum(-1)
    goal_B = (plan_BB * upstream_BB).sum(-1) / sums_B
    share_BB = plan_BB / sums_B[:, None]
    before, now = torch.zeros_like(goal_B), goal_B
    for _ in range(FIRST_STEPS + STEPS - 1):
        before, now = now, goal_B - share_BB @ now + MOMENTUM * (now - before)
    return plan_BB * (now[:, None] + now - upstream_BB) / gamma


def _without_diagonal(cost_BB: Tensor) -> Tensor:
    """The costs, infinite on the diagonal."""
    same = torch.eye(cost_BB.shape[-1], dtype=torch.bool, device=cost_BB.device)
    return cost_BB.masked_fill(same, math.inf)


def _in_log_domain(cost_BB: Tensor, gamma: Tensor) -> Tensor:
    """A potential (B,) that fits up to small factors.

    The first step is a full one: a point that is far from all others has a potential as large as its distance, which
    half steps from 0 would only approach.
    """
    log_p = -math.log(cost_BB.shape[-1])
    cost_BB = cost_BB / gamma
    f_B = log_p - _logsumexp(-cost_BB)
    for _ in range(FIRST_STEPS - 1):
        f_B = (f_B + log_p - _logsumexp(f_B - cost_BB)) / 2
    return f_B * gamma


def _logsumexp(x_BB: Tensor) -> Tensor:
    """Of each row, without the terms that are too small to matter: (B,)."""
    highest_B1 = x_BB.amax(-1, keepdim=True)
    return (x_BB - highest_B1).clamp(min=LOWEST).exp().sum(-1).log() + highest_B1[:, 0]


def _on_kernel(cost_BB: Tensor, f_B: Tensor, gamma: Tensor) -> Transport:
    """The transport after steps from this potential.

    In logarithms, with s the factor of each row: log s + ½ (log s - log s_before) + (log p - log (s ∘ Ks)), in which
    log s cancels.
    """
    log_BB = (f_B[:, None] + f_B - cost_BB) / gamma
    kernel_BB = log_BB.clamp(min=LOWEST).exp().masked_fill(log_BB == -math.inf, 0)
    scaled_BB = kernel_BB * cost_BB.shape[-1]  # by 1 / p
    before, now = torch.ones_like(f_B), (1 / (scaled_BB.sum(-1))).clamp(1 / FARTHEST, FARTHEST)
    for _ in range(STEPS - 1):
        step = ((now / before).sqrt() / (scaled_BB @ now)).clamp(1 / FARTHEST, FARTHEST)
        before, now = now, step
    return Transport(kernel_BB * now[:, None] * now, f_B + gamma * now.log(), gamma)
