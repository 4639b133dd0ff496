"""A multi-layer perceptron whose features are few, so that they can be drawn: `mlp`, then a linear layer to 2 or 3.

The linear layer has neither ReLU nor dropout: of three rectified units one is often dead, and then the picture is flat.
Made for Figures 3, 4, 6 and 8 of Zhang, Yan, Yao (2025), which change the last hidden layer to three dimensions.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from regbench.backbones import mlp
from regbench.backbones.shared.linear import init_linear
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, Static

WEIGHT, BIAS = "narrow.weight", "narrow.bias"


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for D inputs: those of `mlp`, then `narrow.weight` (W, H) and `narrow.bias` (1, H)."""
    last = init_linear(int(options["width"]), features(options), stream.child("narrow"))
    return {**mlp.init(shape, options, stream), WEIGHT: last["weight"], BIAS: last["bias"]}


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, Any]:
    """Features (J, B, H) of x (J, B, D)."""
    h, saved = mlp.forward(_wide(weights), x, keep, options)
    return torch.baddbmm(weights[BIAS], h, weights[WEIGHT]), (saved, h)


def backward(weights: Mapping[str, Tensor], saved: Any, dz: Tensor) -> dict[str, Tensor]:
    """Gradients of the weights from dz (J, B, H)."""
    of_mlp, h = saved
    last = {WEIGHT: h.mT @ dz, BIAS: dz.sum(1, keepdim=True)}
    return {**mlp.backward(_wide(weights), of_mlp, dz @ weights[WEIGHT].mT), **last}


def features(options: Static) -> int:
    """H, the number of features."""
    return int(options["features"])


def _wide(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor for name, tensor in weights.items() if name not in (WEIGHT, BIAS)}


BACKBONE = Backbone(
    init=init,
    forward=forward,
    backward=backward,
    dropped=mlp.dropped,
    features=features,
    options={"layers": 2, "width": 128, "features": 3},
    hparams={
        "dropout": HParam(0.3, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-4, low=1e-6, high=1e-2, least=0),
    },
    reference="Zhang, Yan, Yao (2025), Improving Deep Regression with Tightness, Figure 3",
)
