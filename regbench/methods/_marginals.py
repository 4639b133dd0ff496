"""A distribution over K bins for each target dimension on its own: M·K outputs, for encoders defined on a line.

Everything is (M, K, B): dimension by dimension and, as in `_encoder`, bin by bin in memory. For targets of one
dimension it is what `_encoder` has for (B, K). A joint distribution of several dimensions has no edges and no order,
so methods that need those treat the dimensions as independent; losses are summed over them, as squared errors are.
Where a bin decodes to is a `point`; `centres` are those of joint distributions.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from regbench.methods._centres import grid
from regbench.methods._encoder import LOWEST
from regbench.types import Params


def grids(y_NM: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """An even grid over the range of every dimension, end points on its ends: points (K, M) and spacings (M,)."""
    found = [grid(y_NM[:, [m]], k) for m in range(y_NM.shape[1])]
    return torch.cat([each.c for each in found], dim=1), torch.stack([each.delta for each in found])


def logits(outputs_BK: Tensor, m: int) -> Tensor:
    """Outputs (B, M·K) as (M, K, B)."""
    return outputs_BK.mT.unflatten(0, (m, -1))


def means(shares_MKB: Tensor, points_KM: Tensor) -> Tensor:
    """The mean of each dimension's distribution over its points: (B, M)."""
    return (shares_MKB * points_KM.mT[:, :, None]).sum(1).mT


def decode(outputs_BK: Tensor, points_KM: Tensor) -> Tensor:
    """The mean of each dimension's predicted distribution: outputs (B, M·K) -> (B, M)."""
    return means(logits(outputs_BK, points_KM.shape[1]).softmax(1), points_KM)


def divergence(shares_MKB: Tensor, outputs_BK: Tensor) -> Tensor:
    """KL(q‖π) of each row, summed over dimensions: the cross-entropy less what no network can change; (B,)."""
    log_pi_MKB = logits(outputs_BK, len(shares_MKB)).log_softmax(1)
    return (torch.special.xlogy(shares_MKB, shares_MKB) - shares_MKB * log_pi_MKB).sum((0, 1))


def encoder(shares: Callable[[Params, Tensor], Tensor]) -> Callable[[Params, Tensor], Tensor]:
    """What a `Method` says of its encoder: log q (B, M·K), from the function that gives q (M, K, B)."""
    lowest = torch.tensor(LOWEST).exp().item()
    return lambda params, y_BM: shares(params, y_BM).clamp(min=lowest).log().flatten(0, 1).mT


def decoder(params: Params) -> Tensor:
    """What a `Method` says of its decoder: the points (K, M) of each dimension as a block of μ (M·K, M)."""
    return torch.block_diag(*(column[:, None] for column in params["points"].unbind(1)))
