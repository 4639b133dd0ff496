"""Least squares through a softmax layer: the prediction is a trained mean of K values.

The network's outputs become a distribution π over K bins, a trained decoder μ turns it into ŷ = μᵀπ, and the loss is
the squared error: equation 2. It has the architecture of a classifier without the classification loss, so it shows the
effect of the architecture alone. Its gradient vanishes where all μ are equal and where π is one-hot. A small random μ
(`init=random`) starts near the first of these plateaus; the even grid does not.
"""

from torch import Tensor

from regbench.methods.shared.centres import place
from regbench.methods.shared.encoder import decode, squared_error, start_decoder
from regbench.methods.shared.scores import coverage_of_bins, crps_of_bins
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static


def init(y_NM: Tensor, k: int, _hparams: HParams, static: Static, stream: Stream) -> Params:
    """A trained decoder μ (K, M) that starts at the centres of the training targets (N, M)."""
    return Params(trained={"mu": start_decoder(place(y_NM, k, stream).c, static, stream)})


def loss(_params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """‖y - μᵀπ‖² of each row: targets and prediction (B, M) -> (B,)."""
    return squared_error(batch.y, batch.prediction)


def predict(params: Params, outputs_BK: Tensor) -> Tensor:
    """The mean of the predicted distribution, always between the lowest and the highest μ: (B, K) -> (B, M)."""
    return decode(outputs_BK, params["mu"])


METHOD = Method(
    outputs=lambda k, _m: k,
    init=init,
    loss=loss,
    predict=predict,
    decoder=lambda params: params["mu"],
    scores={
        "crps": lambda params, outputs_BK, y_BM: crps_of_bins(outputs_BK, params["mu"], y_BM),
        "coverage": lambda params, outputs_BK, y_BM: coverage_of_bins(outputs_BK, params["mu"], y_BM),
    },
    hparams={"encoder_lr": HParam(1.0, low=0.1, high=10.0, least=0, symbol="encoder rate")},
    static={"init": "grid"},
    uses_k=True,
    label="LS with softmax",
    colour="#E69F00",
    reference="Stewart, Bach, Berthet (2025), equation 2, https://arxiv.org/abs/2502.02996",
)
