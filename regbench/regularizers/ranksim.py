"""The neighbours of a row are in the same order by features as by targets.

Similarity is the cosine of two features, and minus the distance of two targets. Each row ranks all others by both, and
the loss is the squared difference of the ranks, averaged over the ranked rows and summed over the ranking ones. Of rows
with the same target one counts, chosen at random. Ranks have no derivative; theirs is interpolated with the step λ.

The gradient of one similarity is at most 1 / λ, whatever γ is. With a large λγ the values are moved so far that only
the upstream gradient orders them; the ranks then get worse. The authors' values for ages (γ = 100, λ = 2) do that to
tables with targets from 0 to 1, and least squares stops learning; so the default is theirs for sentence similarity.
"""

import torch
from torch import Tensor

from regbench.random import Stream
from regbench.regularizers.shared.norms import differences, units
from regbench.regularizers.shared.points import equal_rows, sample
from regbench.regularizers.shared.ranks import interpolated_gradient, ranks
from regbench.regularizers.shared.surrogate import with_gradient
from regbench.types import Batch, HParam, HParams, Params, Regularizer, Static


def loss(_: Params, batch: Batch, hparams: HParams, static: Static) -> Tensor:
    """γ times the loss of `points` random rows: ()."""
    z, y = sample(batch.stream.child("points"), int(static["points"]), batch.z, batch.y)
    member_B = representatives(y, batch.stream.child("representatives"))
    unit_BH = units(z)
    similar_BB = unit_BH @ unit_BH.mT
    fixed_BB = similar_BB.detach()
    by_feature, by_target = ranks(fixed_BB, member_B), ranks(-differences(y), member_B)
    difference = torch.where(member_B[:, None] & member_B, by_feature - by_target, 0)
    scale = hparams["weight"] / member_B.sum()
    gradient = interpolated_gradient(
        fixed_BB, member_B, by_feature, 2 * scale * difference, hparams["interpolation"]
    ).masked_fill(~(member_B[:, None] & member_B), 0)
    return with_gradient(scale * difference.square().sum(), similar_BB, gradient)


def representatives(y_BM: Tensor, stream: Stream) -> Tensor:
    """One random row of each different target: bool (B,)."""
    priority_B = stream.bits(len(y_BM))
    return ~(equal_rows(y_BM) & (priority_B < priority_B[:, None])).any(-1)


REGULARIZER = Regularizer(
    loss=loss,
    hparams={
        "weight": HParam(3e-4, low=1e-5, high=1000.0, least=0, symbol="γ"),
        "interpolation": HParam(2.0, low=0.1, high=1000.0, above=0, symbol="λ"),
    },
    static={"points": 100},
    label="RankSim",
    reference="Gong, Mori, Tung (2022), https://arxiv.org/abs/2205.15236",
)
