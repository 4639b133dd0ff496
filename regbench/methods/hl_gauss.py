"""The histogram loss: each target becomes a Gaussian, and a bin's probability is the mass between its two edges.

q_i = [Φ((e_{i+1} - y)/σ) - Φ((e_i - y)/σ)] / [Φ((e_k - y)/σ) - Φ((e_0 - y)/σ)], with σ = `sigma_ratio` bin widths, and
the prediction is the mean over the midpoints. Soft binning uses the density at the centres instead of the mass between
edges. The bins extend beyond the range of the targets by `padding` σ: otherwise a target at the end of the range would
decode to a value well inside it. At small k there is less padding, at most a quarter of the bins on either side. With
several target dimensions, each has its own bins.
"""

import math

import torch
from torch import Tensor

from regbench.methods.shared import marginals
from regbench.methods.shared.scores import coverage_of_marginals, crps_of_marginals
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static

MOST_PADDED = 0.25  # largest fraction of the bins used as padding on either side


def init(y_NM: Tensor, k: int, hparams: HParams, _static: Static, _stream: Stream) -> Params:
    """Fixed edges (K + 1, M) and midpoints (K, M) of bins over the range of the targets (N, M), and σ (M,)."""
    low_M, high_M = y_NM.amin(0), y_NM.amax(0)
    range_M = torch.where(high_M > low_M, high_M - low_M, 1.0)
    padded = (hparams["sigma_ratio"] * hparams["padding"]).clamp(max=MOST_PADDED * k)  # bins beyond each end
    width_M = range_M / (k - 2 * padded)
    edges_EM = low_M + width_M * (torch.arange(k + 1, dtype=y_NM.dtype)[:, None] - padded)
    points_KM = (edges_EM[1:] + edges_EM[:-1]) / 2
    return Params(fixed={"edges": edges_EM, "points": points_KM, "sigma": hparams["sigma_ratio"] * width_M})


def encode(params: Params, y_BM: Tensor) -> Tensor:
    """The mass of each target's Gaussian in each bin of each dimension: (B, M) -> (M, K, B)."""
    edges_ME, sigma_M = params["edges"].mT, params["sigma"]
    y_MB = y_BM.mT.clamp(edges_ME[:, :1], edges_ME[:, -1:])  # far beyond the bins the mass underflows to 0
    below_MEB = torch.erf((edges_ME[:, :, None] - y_MB[:, None]) / (sigma_M[:, None, None] * math.sqrt(2)))
    return below_MEB.diff(dim=1) / (below_MEB[:, -1:] - below_MEB[:, :1])


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """KL(q‖π) of each row: outputs (B, M·K), targets (B, M) -> (B,)."""
    return marginals.divergence(encode(params, batch.y), batch.outputs)


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution over the midpoints: (B, M·K) -> (B, M)."""
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
    hparams={
        "sigma_ratio": HParam(0.75, low=0.25, high=2.0, above=0),
        "padding": HParam(3.0, low=0.5, high=4.0, least=0),
    },
    uses_k=True,
    label="HL-Gauss",
    colour="#117733",
    reference="Imani, White (2018), ICML, https://arxiv.org/abs/1806.04613; Farebrother et al. (2024)",
)
