"""Classification into K bins: each target belongs to its nearest centre.

The encoder is one-hot, ψ(y) = e_i with i the nearest centre. The loss is the cross-entropy, which is KL(ψ‖π) of
equation 3 because a one-hot distribution has no entropy. The prediction is the mean of the predicted distribution over
the centres, not the most likely centre. Encoding rounds the targets, with an RMS error of δ/√12 for uniform targets;
the prediction is not rounded.
"""

from torch import Tensor

from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import decode, log_hard_bins, log_softmax, nearest
from regbench.methods.shared.scores import coverage_of_bins, crps_of_bins
from regbench.random import Stream
from regbench.types import Batch, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, _hparams: HParams, _static: Static, stream: Stream) -> Params:
    """Fixed centres (K, M) over the range of the training targets (N, M), ends included."""
    return Params(fixed={"centres": place(y_NM, k, stream).c})


def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """-log π of the nearest centre (the first, if tied): outputs (B, K), targets (B, M) -> (B,)."""
    nearest_B = nearest(batch.y, params["centres"])
    return -log_softmax(batch.outputs).gather(-1, nearest_B[:, None]).squeeze(-1)


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution: (B, K) -> (B, M)."""
    return decode(outputs_BK, params["centres"])


METHOD = Method(
    outputs=lambda k, _m: k,
    init=init,
    loss=loss,
    predict=predict,
    encode=lambda params, y_BM: log_hard_bins(y_BM, params["centres"]),
    decoder=lambda params: params["centres"],
    scores={
        "crps": lambda params, outputs_BK, y_BM: crps_of_bins(outputs_BK, params["centres"], y_BM),
        "coverage": lambda params, outputs_BK, y_BM: coverage_of_bins(outputs_BK, params["centres"], y_BM),
    },
    uses_k=True,
    label="hard binning",
    colour="#56B4E9",
    reference="Stewart, Bach, Berthet, Vert (2023), AISTATS, https://arxiv.org/abs/2211.05641",
)
