"""Least squares: the network predicts the target itself.

The baseline of every comparison, equation 1 of Stewart, Bach, Berthet (2025), https://arxiv.org/abs/2502.02996. The
gradient of its loss has rank one in the features, whatever the batch; the other methods avoid that.
"""

from torch import Tensor

from regbench.methods.shared.encoder import squared_error
from regbench.types import Batch, HParams, Method, Params


def loss(_params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """‖y - ŷ‖² of each row: targets and prediction (B, M) -> (B,)."""
    return squared_error(batch.y, batch.prediction)


METHOD = Method(
    outputs=lambda _k, m: m,
    init=lambda *_: Params(),
    loss=loss,
    predict=lambda _params, outputs_BM: outputs_BM,
    uses_k=False,
    label="least squares",
    colour="#8C8C8C",
    reference="Legendre (1805), Nouvelles méthodes pour la détermination des orbites des comètes",
)
