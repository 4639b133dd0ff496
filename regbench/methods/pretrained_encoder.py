"""Soft binning with an encoder and a decoder fitted to the targets first, and then frozen.

Stage 1 starts from soft binning and fits w and μ to reproduce the training targets, ‖y - μᵀψ(y)‖² + α H(ψ(y))
(equations 7 and 8, the entropy penalised); it sees no features. Stage 2 trains the classifier on KL(ψ‖π) with both
frozen (equation 3) and decodes with the fitted μ. There is most to gain where bins are few.
"""

from torch import Tensor

from regbench.methods._autoencoder import fit
from regbench.methods._centres import place
from regbench.methods._encoder import decode, kl, log_affine
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, hparams: HParams, _static: Static, stream: Stream) -> Params:
    """Stage 1: fixed w_lin (M, K), w_bias (K,) and μ (K, M), fitted to the training targets (N, M)."""
    centres = place(y_NM, k, stream)
    return Params(fixed=fit(y_NM, centres.c, hparams["lambda_sigma"] * centres.delta, alpha=float(hparams["alpha"])))


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """Stage 2, KL(ψ(y)‖π) of each row: outputs (B, K), targets (B, M) -> (B,)."""
    return kl(log_affine(batch.y, params["w_lin"], params["w_bias"]), batch.outputs.log_softmax(-1))


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution over the fitted decoder: (B, K) -> (B, M)."""
    return decode(outputs_BK, params["mu"])


METHOD = Method(
    outputs=lambda k, _m: k,
    init=init,
    loss=loss,
    predict=predict,
    hparams={"lambda_sigma": HParam(0.5, low=0.25, high=2.0), "alpha": HParam(1e-6, low=1e-8, high=1e-3)},
    uses_k=True,
    reference="Stewart, Bach, Berthet (2025), equations 7 and 8, https://arxiv.org/abs/2502.02996",
)
