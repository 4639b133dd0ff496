"""Classification into bins of equal mass: each holds the same number of training targets and decodes to their mean.

Hard binning with edges at the quantiles of the training targets instead of an even grid. Bins that stay empty because
of equal targets (grades, ages) are never predicted. A bin decodes to the mean of its training targets, or
(`centre=median`) to their median. With several target dimensions, each has its own bins.
"""

import torch
from torch import Tensor

from regbench.errors import one_of
from regbench.methods.shared import marginals
from regbench.metrics import coverage as intervals
from regbench.metrics import crps as distances
from regbench.random import Stream
from regbench.types import Batch, HParams, Method, Params, Static

CENTRES = {"mean": torch.mean, "median": torch.median}


def init(y_NM: Tensor, k: int, _hparams: HParams, static: Static, _stream: Stream) -> Params:
    """Fixed edges (K - 1, M), the highest target (M,), centres (K, M), and which bins are used (K, M), 1 or 0.

    Raises `UsageError` for an unknown `centre`.
    """
    name = one_of("centre", static["centre"], CENTRES, "centre of a bin")
    edges_EM = torch.stack([_edges(column_N, k) for column_N in y_NM.unbind(1)], dim=1)
    high_M = y_NM.amax(0)
    points_KM, used_KM = y_NM.new_zeros(2, k, y_NM.shape[1])
    for m, which_N in enumerate(bins(edges_EM, high_M, y_NM)):
        for used in which_N.unique():
            points_KM[used, m] = CENTRES[name](y_NM[which_N == used, m])
            used_KM[used, m] = 1
    return Params(fixed={"edges": edges_EM, "high": high_M, "points": points_KM, "used": used_KM})


def _edges(y_N: Tensor, k: int) -> Tensor:
    """Edges halfway between the last target of a bin and the next larger one; equal targets share a bin: (K - 1,)."""
    sorted_N = y_N.sort().values
    last_E = sorted_N[((torch.arange(1, k) * len(y_N) / k).round().long() - 1).clamp(min=0)]
    next_E = torch.searchsorted(sorted_N, last_E, right=True).clamp(max=len(y_N) - 1)
    return (last_E + sorted_N[next_E]) / 2


def bins(edges_EM: Tensor, high_M: Tensor, y_BM: Tensor) -> Tensor:
    """The bin of each target: (M, B). There is a training target between any two different edges."""
    y_MB = y_BM.minimum(high_M).mT
    return (y_MB[:, None] > edges_EM.mT[:, :, None]).sum(1)


def encode(params: Params, y_BM: Tensor) -> Tensor:
    """The one-hot q of each target and dimension: (B, M) -> (M, K, B)."""
    which_MB = bins(params["edges"], params["high"], y_BM)
    bins_K = torch.arange(len(params["points"]), device=y_BM.device)
    return (which_MB[:, None] == bins_K[:, None]).to(y_BM.dtype)


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """-log π of each target's bin, summed over dimensions: outputs (B, M·K), targets (B, M) -> (B,)."""
    which_MB = bins(params["edges"], params["high"], batch.y)
    return -_used(params, batch.outputs).log_softmax(1).gather(1, which_MB[:, None])[:, 0].sum(0)


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution over the centres: (B, M·K) -> (B, M)."""
    return marginals.means(_used(params, outputs_BK).softmax(1), params["points"])


def crps(params: Params, outputs_BK: Tensor, y_BM: Tensor) -> Tensor:
    """CRPS of the predicted distribution over the points of the used bins: (B,)."""
    return distances.of_atoms(*distribution(params, outputs_BK), y_BM)


def coverage(params: Params, outputs_BK: Tensor, y_BM: Tensor) -> Tensor:
    """Coverage of the same distribution: (B,)."""
    return intervals.of_atoms(*distribution(params, outputs_BK), y_BM)


def distribution(params: Params, outputs_BK: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (M, K, B) and atoms (M, K, 1)."""
    return _used(params, outputs_BK).softmax(1), params["points"].mT[:, :, None]


def _used(params: Params, outputs_BK: Tensor) -> Tensor:
    """Logits (M, K, B), -∞ for bins without a training target."""
    used_MK = params["used"].mT
    return marginals.logits(outputs_BK, len(used_MK)).masked_fill(used_MK[:, :, None] == 0, -torch.inf)


METHOD = Method(
    outputs=lambda k, m: k * m,
    init=init,
    loss=loss,
    predict=predict,
    encode=marginals.encoder(encode),
    decoder=marginals.decoder,
    scores={"crps": crps, "coverage": coverage},
    static={"centre": "mean"},
    uses_k=True,
    label="equal-mass bins",
    colour="#332288",
    reference="Stewart, Bach, Berthet, Vert (2023), AISTATS, section 3, https://arxiv.org/abs/2211.05641",
)
