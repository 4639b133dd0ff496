"""A mixture of Gaussians fitted to numbers, by expectation maximisation; nothing about it is random."""

import torch
from torch import Tensor

STEPS = 200
NARROWEST = 1e-3  # least standard deviation of a component, as a fraction of that of the numbers


def fit(y_N: Tensor, components: int) -> dict[str, Tensor]:
    """`log_weights`, `means` and `variances` of a mixture of likely density, (L,) each.

    It starts from parts with equally many numbers. Equal numbers are merged into one with a weight.
    """
    value_U, count_U = torch.unique(y_N, return_counts=True)
    share_U = count_U.to(y_N.dtype) / len(y_N)
    spread = y_N.var(correction=0)
    floor = torch.where(spread > 0, NARROWEST**2 * spread, 1)
    middle = (torch.arange(components, dtype=y_N.dtype) + 0.5) / components
    means = torch.quantile(y_N, middle)
    variances = (spread / components**2).clamp(min=floor).expand(components)
    log_weights = torch.full_like(means, 1 / components).log()
    for _ in range(STEPS):
        member_UL = log_terms(value_U, log_weights, means, variances).softmax(-1) * share_U[:, None]
        weights = member_UL.sum(0)
        total = weights.clamp(min=torch.finfo(weights.dtype).tiny)
        means = torch.where(weights > 0, (member_UL * value_U[:, None]).sum(0) / total, means)
        variances = ((member_UL * (value_U[:, None] - means).square()).sum(0) / total).clamp(min=floor)
        log_weights = total.log()
    return {"log_weights": log_weights, "means": means, "variances": variances}


def log_terms(y_B: Tensor, log_weights: Tensor, means: Tensor, variances: Tensor) -> Tensor:
    """The logarithms of α_l N(y; m_l, v_l) without the constant -½ log 2π: (B, L)."""
    return log_weights - (variances.log() + (y_B[:, None] - means).square() / variances) / 2
