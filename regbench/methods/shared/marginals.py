"""A separate distribution over K bins for each target dimension: M·K outputs, for encoders defined on a line.

Tensors are (M, K, B): by dimension and, as in `_encoder`, stored bin by bin. For one-dimensional targets this is the
same as `_encoder` with (B, K). A joint distribution over several dimensions has no edges and no order, so methods that
need those treat the dimensions as independent; losses are summed over dimensions, as squared errors are.
The value a bin decodes to is called its `point`; `centres` belong to joint distributions.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from regbench.methods.shared.centres import grid
from regbench.methods.shared.logits import LOWEST
from regbench.types import Params


def grids(y_NM: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """An even grid over the range of every dimension, ends included: points (K, M) and spacings (M,)."""
    axes = [grid(y_NM[:, [m]], k) for m in range(y_NM.shape[1])]
    return torch.cat([axis.c for axis in axes], dim=1), torch.stack([axis.delta for axis in axes])


def logits(outputs_BK: Tensor, m: int) -> Tensor:
    """Reshape outputs (B, M·K) to (M, K, B)."""
    return outputs_BK.mT.unflatten(0, (m, -1))


def means(q_MKB: Tensor, points_KM: Tensor) -> Tensor:
    """The mean of each dimension's distribution over its points: (B, M)."""
    return (q_MKB * points_KM.mT[:, :, None]).sum(1).mT


def decode(outputs_BK: Tensor, points_KM: Tensor) -> Tensor:
    """The mean of each dimension's predicted distribution: outputs (B, M·K) -> (B, M)."""
    return means(logits(outputs_BK, points_KM.shape[1]).softmax(1), points_KM)


def divergence(q_MKB: Tensor, outputs_BK: Tensor) -> Tensor:
    """KL(q‖π) of each row, summed over dimensions: the cross-entropy minus the entropy of q, a constant; (B,)."""
    log_pi_MKB = logits(outputs_BK, len(q_MKB)).log_softmax(1)
    return (torch.special.xlogy(q_MKB, q_MKB) - q_MKB * log_pi_MKB).sum((0, 1))


def encoder(encode: Callable[[Params, Tensor], Tensor]) -> Callable[[Params, Tensor], Tensor]:
    """The `encode` of a `Method`, which gives log q (B, M·K), from the function that gives q (M, K, B)."""
    lowest = torch.tensor(LOWEST).exp().item()
    return lambda params, y_BM: encode(params, y_BM).clamp(min=lowest).log().flatten(0, 1).mT


def decoder(params: Params) -> Tensor:
    """The `decoder` of a `Method`: μ (M·K, M) with the points (K, M) of each dimension as a diagonal block."""
    return torch.block_diag(*(column[:, None] for column in params["points"].unbind(1)))
