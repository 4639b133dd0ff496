"""Classification with two-hot targets: each is split between the two centres next to it, so that the mean is exact.

The weights fall linearly with the distance, q_i = max(0, 1 - |y - c_i| / δ), so Σ q_i c_i = y wherever y lies between
the lowest and the highest centre. Beyond them the target is clipped for the encoder, never for the metric. Soft binning
also uses centres further away, which makes it inexact at the ends. With several target dimensions, each has its own
bins.
"""

from torch import Tensor

from regbench.methods.shared import marginals
from regbench.methods.shared.scores import coverage_of_marginals, crps_of_marginals
from regbench.random import Stream
from regbench.types import Batch, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, _hparams: HParams, _static: Static, _stream: Stream) -> Params:
    """Fixed centres (K, M) over the range of the training targets (N, M), and their spacings δ (M,)."""
    points_KM, delta_M = marginals.grids(y_NM, k)
    return Params(fixed={"points": points_KM, "delta": delta_M})


def encode(params: Params, y_BM: Tensor) -> Tensor:
    """The two-hot q of each target and dimension: (B, M) -> (M, K, B)."""
    points_MK = params["points"].mT
    y_MB = y_BM.mT.clamp(points_MK[:, :1], points_MK[:, -1:])
    apart_MKB = (y_MB[:, None] - points_MK[:, :, None]).abs()
    return (1 - apart_MKB / params["delta"][:, None, None]).clamp(min=0)


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """KL(q‖π) of each row: outputs (B, M·K), targets (B, M) -> (B,)."""
    return marginals.divergence(encode(params, batch.y), batch.outputs)


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution: (B, M·K) -> (B, M)."""
    return marginals.decode(outputs_BK, params["points"])


METHOD = Method(
    outputs=lambda k, m: k * m,
    init=init,
    loss=loss,
    predict=predict,
    encode=marginals.encoder(encode),
    decoder=marginals.decoder,
    scores={
        "crps": lambda params, outputs_BK, y_BM: crps_of_marginals(outputs_BK, params["points"], y_BM),
        "coverage": lambda params, outputs_BK, y_BM: coverage_of_marginals(outputs_BK, params["points"], y_BM),
    },
    uses_k=True,
    label="two-hot",
    colour="#88CCEE",
    reference="Schrittwieser et al. (2020), Nature 588, appendix Network Architecture, https://arxiv.org/abs/1911.08265",
)
