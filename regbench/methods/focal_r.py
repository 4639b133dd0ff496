"""Focal-R: the error of a row, scaled down where it is small, so that hard rows count more.

The loss is e (2 sigmoid(β |ŷ - y|) - 1)^γ, summed over dimensions, with e = |ŷ - y| or, for `base=mse`, its square.
2 sigmoid(x) - 1 is tanh(x / 2).
With γ = 0 it is `l1` or `lsq`. The authors' β = 0.2 is for ages in years, which span a hundred; for targets in [0, 1]
that is 20, the default here.
"""

import torch
from torch import Tensor

from regbench.errors import one_of
from regbench.random import Stream
from regbench.types import Batch, HParam, HParams, Method, Params, Static

BASES = ("mae", "mse")


def init(_y_NM: Tensor, _k: int, _hparams: HParams, static: Static, _stream: Stream) -> Params:
    """Nothing to train; the exponent () of the error, 1 or 2. `UsageError` for an unknown base."""
    base = one_of("base", static["base"], BASES, "loss of focal_r")
    return Params(fixed={"exponent": torch.tensor(1.0 + BASES.index(base), dtype=torch.float64)})


def loss(params: Params, batch: Batch, hparams: HParams) -> Tensor:
    """The scaled error of each row: targets and prediction (B, M) -> (B,)."""
    error_BM = (batch.y - batch.prediction).abs()
    base_BM = torch.where(params["exponent"] > 1, error_BM.square(), error_BM)
    apart_BM = error_BM > 0  # where the error is 0, the power has no finite gradient for γ < 1
    scale_BM = (hparams["beta"] / 2 * torch.where(apart_BM, error_BM, 1)).tanh() ** hparams["gamma"]
    return (base_BM * torch.where(apart_BM, scale_BM, 1)).sum(-1)


METHOD = Method(
    outputs=lambda _k, m: m,
    init=init,
    loss=loss,
    predict=lambda _params, outputs_BM: outputs_BM,
    hparams={
        "beta": HParam(20.0, low=0.1, high=100.0, above=0),
        "gamma": HParam(1.0, low=0.1, high=5.0, least=0, symbol="γ"),
    },
    static={"base": "mae"},
    uses_k=False,
    label="Focal-R",
    colour="#661100",
    reference="Yang, Zha, Chen, Wang, Katabi (2021), https://arxiv.org/abs/2102.09554",
)
