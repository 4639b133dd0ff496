"""Contrastive regularizer: rows that are predicted alike but have other targets repel each other.

For an anchor i, positives P are the other rows with a target within ω of its own; negatives N are rows whose targets
are farther, but whose predictions are within ω. With the cosine similarity s of two features, the term is the mean over
anchors of -1/|P| Σ_P log(exp(s / τ) / (Σ_P exp(s / τ) + Σ_N exp(e |Δy| + s / τ))): the wronger a negative, the harder
it is pushed; e is `push`. Anchors without positives or without negatives add 0.

The paper doubles the batch by a second augmented view of each row, so that each has a positive. Rows of a table have no
such view, and of an image the training draws one; so an anchor counts if there is another row near its target.
The authors' code adds exp(0) to the sum for each row that is in neither set, sets τ = 0.07 whatever is given, and is
NaN for anchors without positives; here the sum is as printed, τ is theirs. Weights by the density of targets, which the
paper allows, are not in this term.

Distances of targets are Euclidean. ω = 1 and e = 0.01 are the authors' for ages that span a hundred years; for targets
in [0, 1] these are ω = 0.01 and e = 1. Their weight, 4, belongs to errors of years, as 0.04 does to shares of the
range; the default is smaller because errors are squared by most methods.
"""

import torch
from torch import Tensor

from regbench.regularizers.shared.norms import differences, units
from regbench.regularizers.shared.points import sample
from regbench.types import Batch, HParam, HParams, Params, Regularizer, Static


def loss(_: Params, batch: Batch, hparams: HParams, static: Static) -> Tensor:
    """β times the mean over anchors, which are `points` random rows: ()."""
    stream, points = batch.stream.child("points"), int(static["points"])
    z_BH, y_BM, prediction_BM = sample(stream, points, batch.z, batch.y, batch.prediction.detach())
    apart_BB, reach = differences(y_BM), hparams["omega"]
    same = torch.eye(len(y_BM), dtype=torch.bool, device=y_BM.device)
    near_BB = apart_BB <= reach
    positive_BB = near_BB & ~same
    negative_BB = ~near_BB & (differences(prediction_BM) <= reach)
    return hparams["weight"] * contrast(
        units(z_BH), positive_BB, negative_BB, hparams["push"] * apart_BB, hparams["temperature"]
    )


def contrast(
    unit_BH: Tensor, positive_BB: Tensor, negative_BB: Tensor, pushed_BB: Tensor, temperature: Tensor
) -> Tensor:
    """The mean over anchors, given unit vectors, both sets (bool), and what is added to the logits of negatives: ()."""
    logits_BB = unit_BH @ unit_BH.mT / temperature
    number_B = positive_BB.sum(-1)
    counts_B = (number_B > 0) & negative_BB.any(-1)
    all_BB = torch.where(negative_BB, logits_BB + pushed_BB, logits_BB)
    member_BB = positive_BB | negative_BB | ~counts_B[:, None]  # a row without members would have no finite gradient
    whole_B = all_BB.masked_fill(~member_BB, -torch.inf).logsumexp(-1)
    mean_B = torch.where(positive_BB, logits_BB, 0).sum(-1) / number_B.clamp(min=1)
    return torch.where(counts_B, whole_B - mean_B, 0).mean()


REGULARIZER = Regularizer(
    loss=loss,
    hparams={
        "weight": HParam(0.003, low=1e-4, high=10.0, least=0, symbol="β"),
        "omega": HParam(0.01, low=0.001, high=1.0, above=0, symbol="ω"),
        "push": HParam(1.0, low=0.01, high=10.0, least=0),
        "temperature": HParam(0.07, low=0.01, high=1.0, above=0, symbol="τ"),
    },
    static={"points": 256},
    label="ConR",
    reference="Keramati, Meng, Evans (2024), https://arxiv.org/abs/2309.06651",
)
