"""Classification with soft targets and the squared error of the decoded prediction in one loss.

λ_KL KL(ψ‖π) + λ_pred ‖y - μᵀπ‖², with the encoder ψ of soft binning. With λ_pred = 0 it is `soft_binning`, with
λ_KL = 0 it is `lsq_softmax`. It equals `end2end` with a frozen encoder and no autoencoding loss, so it shows what the
joint method achieves without learning the encoder. The decoder μ stays at the centres, or (`mu=trained`) starts there.
"""

from torch import Tensor

from regbench.errors import one_of
from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import decode, kl, log_soft_bins, log_softmax, squared_error
from regbench.methods.shared.scores import coverage_of_bins, crps_of_bins
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static

DECODERS = ("fixed", "trained")


def init(y_NM: Tensor, k: int, hparams: HParams, static: Static, stream: Stream) -> Params:
    """Fixed centres (K, M) and width σ () of a bin, and the decoder μ (K, M); `UsageError` for an unknown decoder."""
    decoder = one_of("mu", static["mu"], DECODERS, "decoder")
    centres = place(y_NM, k, stream)
    fixed = {"centres": centres.c, "sigma": hparams["lambda_sigma"] * centres.delta}
    mu = {"mu": centres.c}
    return Params(trained=mu, fixed=fixed) if decoder == "trained" else Params(fixed=fixed | mu)


def loss(params: Params, batch: Batch, hparams: HParams) -> Tensor:
    """λ_KL KL(ψ‖π) + λ_pred ‖y - μᵀπ‖² of each row: outputs (B, K), targets (B, M) -> (B,)."""
    divergence = kl(log_soft_bins(batch.y, params["centres"], params["sigma"]), log_softmax(batch.outputs))
    return hparams["lambda_kl"] * divergence + hparams["lambda_pred"] * squared_error(batch.y, batch.prediction)


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution over the decoder: (B, K) -> (B, M)."""
    return decode(outputs_BK, params["mu"])


METHOD = Method(
    outputs=lambda k, _m: k,
    init=init,
    loss=loss,
    predict=predict,
    encode=lambda params, y_BM: log_soft_bins(y_BM, params["centres"], params["sigma"]),
    decoder=lambda params: params["mu"],
    scores={
        "crps": lambda params, outputs_BK, y_BM: crps_of_bins(outputs_BK, params["mu"], y_BM),
        "coverage": lambda params, outputs_BK, y_BM: coverage_of_bins(outputs_BK, params["mu"], y_BM),
    },
    hparams={
        "lambda_sigma": HParam(0.5, low=0.25, high=2.0, above=0, symbol="λ_σ"),
        "lambda_kl": HParam(1.0, low=0.01, high=10.0, least=0, symbol="λ_KL"),
        "lambda_pred": HParam(1.0, low=0.1, high=10.0, least=0, symbol="λ_pred"),
        "encoder_lr": HParam(0.1, low=0.01, high=1.0, least=0, symbol="encoder rate"),
    },
    static={"mu": "fixed"},
    uses_k=True,
    label="cross-entropy + MSE",
    colour="#882255",
    reference="Stewart, Bach, Berthet (2025), equation 10 with a fixed encoder, https://arxiv.org/abs/2502.02996",
)
