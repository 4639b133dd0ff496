"""Least absolute deviations: the network predicts the target itself, and the loss is the one MAE measures.

The best constant prediction is the median, not the mean; compare with it wherever errors are reported as MAE.
"""

from torch import Tensor

from regbench.types import Batch, HParams, Method, Params


def loss(_params: Params, batch: Batch, _hparams: HParams) -> Tensor:
    """Σ_m |y - ŷ| of each row: targets and prediction (B, M) -> (B,)."""
    return (batch.y - batch.prediction).abs().sum(-1)


METHOD = Method(
    outputs=lambda _k, m: m,
    init=lambda *_: Params(),
    loss=loss,
    predict=lambda _params, outputs_BM: outputs_BM,
    uses_k=False,
    label="least deviations",
    colour="#000000",
    reference="Boscovich (1757), De litteraria expeditione per pontificiam ditionem",
)
