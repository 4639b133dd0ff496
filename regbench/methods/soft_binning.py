"""Classification into K bins with soft targets: each target is spread over the centres around it.

The encoder weights every centre by a Gaussian of its distance, ψ(y)_i ∝ exp(-‖y - c_i‖² / 2σ²) with σ = λ_σ δ, δ the
spacing of the centres (equations 4 and 5). The loss is KL(ψ‖π) (equation 3), and the prediction is the mean of π over
the centres. With 15 bins or more, the mean of ψ recovers the target to 1e-3 of the range, except within two spacings
of its ends.
"""

from torch import Tensor

from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import decode, kl, log_soft_bins, log_softmax
from regbench.methods.shared.scores import coverage_of_bins, crps_of_bins
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, hparams: HParams, _static: Static, stream: Stream) -> Params:
    """Fixed centres (K, M) over the range of the training targets (N, M), and the width σ () of a bin."""
    centres = place(y_NM, k, stream)
    return Params(fixed={"centres": centres.c, "sigma": hparams["lambda_sigma"] * centres.delta})


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """KL(ψ(y)‖π) of each row: outputs (B, K), targets (B, M) -> (B,)."""
    return kl(log_soft_bins(batch.y, params["centres"], params["sigma"]), log_softmax(batch.outputs))


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution: (B, K) -> (B, M)."""
    return decode(outputs_BK, params["centres"])


METHOD = Method(
    outputs=lambda k, _m: k,
    init=init,
    loss=loss,
    predict=predict,
    encode=lambda params, y_BM: log_soft_bins(y_BM, params["centres"], params["sigma"]),
    decoder=lambda params: params["centres"],
    scores={
        "crps": lambda params, outputs_BK, y_BM: crps_of_bins(outputs_BK, params["centres"], y_BM),
        "coverage": lambda params, outputs_BK, y_BM: coverage_of_bins(outputs_BK, params["centres"], y_BM),
    },
    hparams={"lambda_sigma": HParam(0.5, low=0.25, high=2.0, above=0, symbol="λ_σ")},
    uses_k=True,
    label="soft binning",
    colour="#0072B2",
    reference="Stewart, Bach, Berthet (2025), equation 4, https://arxiv.org/abs/2502.02996",
)
