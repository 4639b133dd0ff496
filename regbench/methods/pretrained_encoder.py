"""Soft binning with an encoder and a decoder fitted to the targets first, and then frozen.

Stage 1 starts from soft binning and fits w and μ to reproduce the training targets, ‖y - μᵀψ(y)‖² + α H(ψ(y))
(equations 7 and 8, with the entropy penalised); it does not use the features. Stage 2 trains the classifier on KL(ψ‖π)
with both frozen (equation 3) and decodes with the fitted μ. The gain is largest with few bins.
"""

from torch import Tensor

from regbench.errors import one_of
from regbench.methods.shared.autoencoder import fit
from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import decode, kl, log_affine, log_softmax
from regbench.methods.shared.scores import coverage_of_bins, crps_of_bins
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static

TARGETS = ("train", "uniform")


def init(y_NM: Tensor, k: int, hparams: HParams, static: Static, stream: Stream) -> Params:
    """Stage 1: fixed w_lin (M, K), w_bias (K,) and μ (K, M), fitted to targets (N, M).

    `targets=uniform` fits them to N synthetic targets, uniform over the range of the training targets. Raises
    `UsageError` for any other value but `train`.
    """
    centres = place(y_NM, k, stream)
    fitted_NM = _targets(y_NM, str(static["targets"]), stream)
    sigma = hparams["lambda_sigma"] * centres.delta
    return Params(fixed=fit(fitted_NM, centres.c, sigma, alpha=float(hparams["alpha"])))


def _targets(y_NM: Tensor, which: str, stream: Stream) -> Tensor:
    if one_of("targets", which, TARGETS, "targets of stage 1") == "train":
        return y_NM
    low, high = y_NM.amin(0), y_NM.amax(0)
    return low + (high - low) * stream.child("targets").uniform(*y_NM.shape)


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """Stage 2, KL(ψ(y)‖π) of each row: outputs (B, K), targets (B, M) -> (B,)."""
    return kl(log_affine(batch.y, params["w_lin"], params["w_bias"]), log_softmax(batch.outputs))


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution over the fitted decoder: (B, K) -> (B, M)."""
    return decode(outputs_BK, params["mu"])


METHOD = Method(
    outputs=lambda k, _m: k,
    init=init,
    loss=loss,
    predict=predict,
    encode=lambda params, y_BM: log_affine(y_BM, params["w_lin"], params["w_bias"]),
    decoder=lambda params: params["mu"],
    scores={
        "crps": lambda params, outputs_BK, y_BM: crps_of_bins(outputs_BK, params["mu"], y_BM),
        "coverage": lambda params, outputs_BK, y_BM: coverage_of_bins(outputs_BK, params["mu"], y_BM),
    },
    hparams={
        "lambda_sigma": HParam(0.5, low=0.25, high=2.0, above=0, symbol="λ_σ"),
        "alpha": HParam(1e-6, low=1e-8, high=1e-3, symbol="α"),
    },
    static={"targets": "train"},
    uses_k=True,
    cost=8e-5,
    label="pre-trained encoder",
    colour="#009E73",
    reference="Stewart, Bach, Berthet (2025), equations 7 and 8, https://arxiv.org/abs/2502.02996",
)
