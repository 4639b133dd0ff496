"""Encoder, decoder and classifier trained together: autoencoding, classification and regression in one loss.

Equation 10: λ_auto (‖y - μᵀψ‖² + α H(ψ)) + λ_KL KL(ψ‖π) + λ_pred ‖y - μᵀπ‖², with the encoder ψ = softmax(wᵀy + b) of
equation 6 and the decoder μ trained together with the network, initialised as soft binning. With λ_auto = λ_KL = 0 it
is `lsq_softmax`; with λ_auto = λ_pred = 0 and a frozen encoder it is `soft_binning`.
The learning rate of encoder and decoder decides whether it works: a tenth of the network's (`encoder_lr`) does.
"""

from torch import Tensor

from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import (
    affine_soft_bins,
    decode,
    expectation,
    log_affine,
    log_softmax,
    squared_error,
    start_decoder,
)
from regbench.methods.shared.scores import coverage_of_bins, crps_of_bins
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, hparams: HParams, static: Static, stream: Stream) -> Params:
    """A trained encoder w_lin (M, K), w_bias (K,) at its soft-binning values, and a trained decoder μ (K, M)."""
    centres = place(y_NM, k, stream)
    encoder = affine_soft_bins(centres.c, hparams["lambda_sigma"] * centres.delta)
    return Params(trained={**encoder, "mu": start_decoder(centres.c, static, stream)})


def loss(params: Params, batch: Batch, hparams: HParams) -> Tensor:
    """Equation 10 for each row, with the entropy penalised: outputs (B, K), targets (B, M) -> (B,)."""
    log_psi_BK = log_affine(batch.y, params["w_lin"], params["w_bias"])
    psi_BK = log_psi_BK.exp()
    entropy = -(psi_BK * log_psi_BK).sum(-1)
    cross_entropy = -(psi_BK * log_softmax(batch.outputs)).sum(-1)
    auto = squared_error(batch.y, expectation(psi_BK, params["mu"])) + hparams["alpha"] * entropy
    kl = cross_entropy - entropy
    error = squared_error(batch.y, batch.prediction)
    return hparams["lambda_auto"] * auto + hparams["lambda_kl"] * kl + hparams["lambda_pred"] * error


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution over the trained decoder: (B, K) -> (B, M)."""
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
        "lambda_auto": HParam(1.0, low=0.01, high=100.0, least=0, symbol="λ_auto"),
        "lambda_kl": HParam(1.0, low=0.01, high=10.0, least=0, symbol="λ_KL"),
        "lambda_pred": HParam(1.0, low=0.1, high=10.0, least=0, symbol="λ_pred"),
        "alpha": HParam(1e-6, low=1e-8, high=1e-3, symbol="α"),
        "encoder_lr": HParam(0.1, low=0.01, high=1.0, least=0, symbol="encoder rate"),
    },
    static={"init": "grid"},
    uses_k=True,
    label="end to end",
    colour="#D55E00",
    reference="Stewart, Bach, Berthet (2025), equation 10, https://arxiv.org/abs/2502.02996",
)
