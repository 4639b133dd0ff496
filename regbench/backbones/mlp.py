"""A multi-layer perceptron: linear, ReLU, dropout, for every hidden layer, the last one included.

Dropout is where the code that paper 1 cites for its networks (Gorishniy et al., 2021) has it: after every hidden ReLU,
so also directly before the head, and not on the inputs. The backward pass is written by hand: it takes most of the
training time, and autograd's overhead exceeds the cost of such small products.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from regbench import native
from regbench.backbones.shared.linear import init_linear
from regbench.random import Stream
from regbench.types import Backbone, Buffers, HParam, Keep, Static

threshold_backward = torch.ops.aten.threshold_backward.grad_input  # dz where h > 0, in one pass over memory


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for D inputs: `0.weight` (D, H), `0.bias` (1, H), ..."""
    widths = [shape[0], *dropped(options)]
    return {
        f"{layer}.{name}": tensor
        for layer in range(len(widths) - 1)
        for name, tensor in init_linear(widths[layer], widths[layer + 1], stream.child(layer)).items()
    }


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, _options: Static) -> tuple[Tensor, Any]:
    """Features (J, B, H) of x (J, B, D); `saved` holds each layer's input, output and dropout scale."""
    saved = []
    for layer in range(len(weights) // 2):
        h = torch.baddbmm(weights[f"{layer}.bias"], x, weights[f"{layer}.weight"]).relu_()
        if keep is not None:
            keep[layer].apply_(h)
            saved.append((x, h, keep[layer].scale))
        x = h
    return x, saved


def backward(weights: Mapping[str, Tensor], saved: Any, dz: Tensor) -> dict[str, Tensor]:
    """Gradients of the weights from dz (J, B, H). Where h > 0 the unit was both active and kept."""
    gradients = {}
    for layer in reversed(range(len(saved))):
        x, h, scale = saved[layer]
        da = threshold_backward(
            dz.mul_(scale), h, 0, grad_input=dz
        )  # in place: allocating memory would double the cost
        gradients[f"{layer}.weight"] = x.mT @ da
        gradients[f"{layer}.bias"] = da.sum(1, keepdim=True)
        if layer:
            dz = da @ weights[f"{layer}.weight"].mT
    return gradients


class Single:
    """One model, depth first through its layers: the same products as in `forward` and `backward`, bit for bit.

    The activations of one model stay in a core's cache, those of a whole pack do not. Each gradient is written where
    the optimiser reads it.
    """

    def __init__(self, options: Static, own: Buffers) -> None:
        weights, gradients = own.weights, own.gradients
        rows = len(own.z)
        hidden = [*(own.z.new_empty(rows, width) for width in dropped(options)[:-1]), own.z]
        xs = [own.inputs, *hidden[:-1]]
        layers = range(len(hidden))
        self._scale = own.scale
        self.activate, self.gate = native.fused(activate, own.z.dtype), native.fused(gate, own.z.dtype)
        self._up = [
            (weights[f"{layer}.bias"], xs[layer], weights[f"{layer}.weight"], hidden[layer], own.masks[layer])
            for layer in layers
        ]
        self._down = [
            (
                hidden[layer],
                xs[layer].mT,
                gradients[f"{layer}.weight"],
                gradients[f"{layer}.bias"],
                weights[f"{layer}.weight"].mT,
            )
            for layer in reversed(layers)
        ]

    def forward(self) -> None:
        """Features of the inputs under the masks, into z."""
        for bias, x, weight, h, mask in self._up:
            torch.addmm(bias, x, weight, out=h)
            self.activate(h, mask)

    def backward(self, dz: Tensor) -> None:
        """Gradients of the weights from dz (B, H), which is overwritten, as the activations are."""
        last = self._down[-1][0]
        for h, x_mT, dweight, dbias, weight_mT in self._down:
            self.gate(dz, h, self._scale)
            torch.mm(x_mT, dz, out=dweight)
            torch.sum(dz, 0, keepdim=True, out=dbias)
            if h is not last:
                dz = torch.mm(dz, weight_mT, out=h)


def activate(h: Tensor, mask: Tensor) -> None:
    """ReLU, then the mask, in place."""
    h.relu_().mul_(mask)


def gate(dz: Tensor, h: Tensor, scale: float) -> None:
    """The gradient of `activate`, in place, from its result h."""
    threshold_backward(dz.mul_(scale), h, 0, grad_input=dz)


def dropped(options: Static) -> list[int]:
    """Widths of the layers with dropout, all hidden ones: [H, H] by default."""
    return [int(options["width"])] * int(options["layers"])


BACKBONE = Backbone(
    init=init,
    forward=forward,
    backward=backward,
    dropped=dropped,
    features=lambda options: int(options["width"]),
    single=Single,
    options={"layers": 2, "width": 128},
    hparams={
        "dropout": HParam(0.3, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-4, low=1e-6, high=1e-2, least=0),
    },
    reference="Gorishniy et al. (2021), https://arxiv.org/abs/2106.11959",
)
