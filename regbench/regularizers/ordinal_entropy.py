"""The features of different targets spread over the unit sphere, the further apart the more their targets differ.

L_d = -mean of ω ‖p - p'‖ over all pairs of different targets, where p is the unit vector of the mean feature of a
target, and ω = (‖y - y'‖ - least) / greatest of the distances of the pairs. That raises an estimate of the entropy of
the features, in the order of the targets.
L_t, the mean distance of the unit features from the p of their target, tightens features of equal targets. It is off by
default, as in the authors' experiments on generated data, and it needs targets that repeat.
"""

import torch
from torch import Tensor

from regbench.regularizers.shared.norms import ROUNDING, chords, differences, norms, units
from regbench.regularizers.shared.points import equal_rows, sample
from regbench.types import Batch, HParam, HParams, Params, Regularizer, Static


def loss(_: Params, batch: Batch, hparams: HParams, static: Static) -> Tensor:
    """λ_d L_d + λ_t L_t of `points` random rows: ()."""
    z, y = sample(batch.stream.child("points"), int(static["points"]), batch.z, batch.y)
    same = equal_rows(y)
    centres = units(same.to(z.dtype) @ z / same.sum(-1, keepdim=True))  # p of each row's target
    return hparams["weight"] * diversity(centres, y, same) + hparams["tightness_weight"] * tightness(z, centres)


def diversity(centres_BH: Tensor, y_BM: Tensor, same_BB: Tensor) -> Tensor:
    """L_d, which is negative: (). One row stands for all of its target; fewer than three targets have ω = 0."""
    first_B = ~same_BB.tril(-1).any(-1)  # no row before it has the same target
    pairs_BB = (first_B[:, None] & first_B).triu(1)
    apart_BB = differences(y_BM)
    greatest = torch.where(pairs_BB, apart_BB, 0).amax()
    least = torch.where(pairs_BB, apart_BB, torch.inf).amin()
    omega_BB = torch.where(pairs_BB, apart_BB - least, 0) / torch.where(greatest > 0, greatest, 1)
    return -(omega_BB * chords(centres_BH)).sum() / pairs_BB.sum().clamp(min=1)


def tightness(z_BH: Tensor, centres_BH: Tensor) -> Tensor:
    """L_t: the mean of ‖z/‖z‖ - p‖ over the rows where it is not 0; 0 if there is no such row: ()."""
    distance_B = norms(units(z_BH) - centres_BH)
    counts_B = distance_B > ROUNDING * torch.finfo(distance_B.dtype).eps
    return torch.where(counts_B, distance_B, 0).sum() / counts_B.sum().clamp(min=1)


REGULARIZER = Regularizer(
    loss=loss,
    hparams={
        "weight": HParam(0.1, low=1e-3, high=10.0, least=0, symbol="λ_d"),
        "tightness_weight": HParam(0.0, low=1e-3, high=10.0, least=0, symbol="λ_t"),
    },
    static={"points": 80},
    label="ordinal entropy",
    reference="Zhang, Yang, Bi Mi, Zheng, Yao (2023), https://arxiv.org/abs/2301.08915",
)
