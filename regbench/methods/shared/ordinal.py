"""Ordinal regression: K ranks, and for each of the K - 1 thresholds between them the probability of exceeding it.

The ranks of a continuous target are an even grid c_1 .. c_K over its range; the thresholds lie halfway between ranks.
The exceedance probabilities give the mean, E[y] = c_1 + δ Σ_t P(y > t), and the rank that the papers predict,
c_1 + δ Σ_t 1[P(y > t) > ½]. Tensors are (M, T, B), with T = K - 1 thresholds for each target dimension separately.
"""

import torch
from torch import Tensor

from regbench.errors import one_of
from regbench.methods.shared.marginals import grids
from regbench.metrics import coverage as intervals
from regbench.metrics import crps as distances
from regbench.types import Params, Static

DECODINGS = ("mean", "rank")


def thresholds(y_NM: Tensor, k: int, static: Static) -> dict[str, Tensor]:
    """The lowest rank (M,), the spacing (M,), the thresholds (T, M), and whether to decode as a rank (), 1 or 0.

    Raises `UsageError` for an unknown decoding.
    """
    decode = one_of("decode", static["decode"], DECODINGS, "decoding")
    centres_KM, delta_M = grids(y_NM, k)
    as_rank = torch.tensor(float(decode == "rank"), dtype=y_NM.dtype)
    between_TM = (centres_KM[1:] + centres_KM[:-1]) / 2
    return {"lowest": centres_KM[0], "delta": delta_M, "thresholds": between_TM, "as_rank": as_rank}


def levels(params: Params, y_BM: Tensor) -> Tensor:
    """1 where a target exceeds a threshold, else 0: (B, M) -> (M, T, B)."""
    return (y_BM.mT[:, None] > params["thresholds"].mT[:, :, None]).to(y_BM.dtype)


def decode(params: Params, above_MTB: Tensor) -> Tensor:
    """The mean, or the rank, given the probabilities `above_MTB` of exceeding each threshold: (B, M)."""
    steps_MTB = torch.where(params["as_rank"] > 0, (above_MTB > 0.5).to(above_MTB.dtype), above_MTB)
    return (params["lowest"][:, None] + params["delta"][:, None] * steps_MTB.sum(1)).mT


def crps(params: Params, above_MTB: Tensor, y_BM: Tensor) -> Tensor:
    """CRPS of the distribution over ranks given by the exceedance probabilities, whatever the decoding: (B,)."""
    return distances.of_atoms(*distribution(params, above_MTB, y_BM), y_BM)


def coverage(params: Params, above_MTB: Tensor, y_BM: Tensor) -> Tensor:
    """Coverage of the same distribution: (B,)."""
    return intervals.of_atoms(*distribution(params, above_MTB, y_BM), y_BM)


def distribution(params: Params, above_MTB: Tensor, y_BM: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (M, K, B) and ranks (M, K, 1), on the device and in the precision of the targets."""
    certain_M1B = torch.ones_like(above_MTB[:, :1])
    probability_MKB = -torch.cat([certain_M1B, above_MTB, 0 * certain_M1B], dim=1).diff(dim=1)
    steps_K = torch.arange(probability_MKB.shape[1], device=y_BM.device, dtype=y_BM.dtype)
    ranks_MK = params["lowest"][:, None] + params["delta"][:, None] * steps_K
    return probability_MKB, ranks_MK[:, :, None]


def threshold_losses(logits_MTB: Tensor, levels_MTB: Tensor) -> Tensor:
    """The binary cross-entropy at every threshold, -[r log σ(g) + (1 - r) log(1 - σ(g))]: (M, T, B)."""
    return torch.nn.functional.softplus(logits_MTB) - levels_MTB * logits_MTB
