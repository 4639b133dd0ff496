"""A small convolutional network for 28 x 28 images: three convolutions, then two fully connected layers.

3 x 3 convolutions of stride 1 with ReLU, 2 x 2 average pooling of stride 2 between them, two layers of 256 with
ReLU and dropout (paper 1, section 4).
The paper leaves out the channels and the padding: 16, 32 and 64 and a padding of 1 are our choice.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from regbench.backbones._linear import init_linear
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, Static

CHANNELS = (16, 32, 64)
KERNEL = 3


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for images of `shape` (C, height, width)."""
    weights = {}
    into = shape[0]
    for layer, channels in enumerate(CHANNELS):
        flat = init_linear(into * KERNEL**2, channels, stream.child("convolution", layer))
        weights[f"convolution{layer}.weight"] = flat["weight"].T.reshape(channels, into, KERNEL, KERNEL)
        weights[f"convolution{layer}.bias"] = flat["bias"].reshape(channels)
        into = channels
    widths = [CHANNELS[-1] * (shape[1] // 4) * (shape[2] // 4), *dropped(options)]
    for layer in range(len(widths) - 1):
        for name, tensor in init_linear(widths[layer], widths[layer + 1], stream.child("linear", layer)).items():
            weights[f"linear{layer}.{name}"] = tensor
    return weights


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, Any]:
    """Features (J, B, 256) of images (J, B, C, height, width); `saved` is autograd's graph."""
    if keep is None:
        return _network(weights, x, None, options), None
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
    with torch.enable_grad():
        z = _network(leaves, x, keep, options)
    return z.detach(), (z, leaves)


def backward(_weights: Mapping[str, Tensor], saved: Any, dz: Tensor) -> dict[str, Tensor]:
    """Gradients of the weights from dz (J, B, 256), by autograd: the convolutions are all the time there is."""
    z, leaves = saved
    return dict(zip(leaves, torch.autograd.grad(z, list(leaves.values()), dz), strict=True))


def dropped(options: Static) -> list[int]:
    """Both fully connected layers are dropped out: [256, 256]."""
    return [int(options["width"])] * 2


def _network(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> Tensor:
    for layer in range(len(CHANNELS)):
        x = _convolve(x, weights[f"convolution{layer}.weight"], weights[f"convolution{layer}.bias"]).relu()
        if layer < len(CHANNELS) - 1:
            jobs, rows = x.shape[:2]
            x = functional.avg_pool2d(x.flatten(0, 1), 2).unflatten(0, (jobs, rows))
    x = x.flatten(2)
    for layer in range(len(dropped(options))):
        x = torch.baddbmm(weights[f"linear{layer}.bias"], x, weights[f"linear{layer}.weight"]).relu()
        x = x if keep is None else x * keep[layer].stacked()
    return x


def _convolve(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """One convolution per job: x (J, B, C, h, w) -> (J, B, C', h, w)."""
    return looped(x, weight, bias) if x.device.type == "cpu" else grouped(x, weight, bias)


def looped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Model by model: on a CPU as fast as one model alone, and bit for bit the same."""
    jobs = zip(x.unbind(), weight.unbind(), bias.unbind(), strict=True)
    return torch.stack([functional.conv2d(*job, padding="same") for job in jobs])


def grouped(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """As one grouped convolution, which fills a GPU."""
    jobs = len(x)
    channels = x.transpose(0, 1).flatten(1, 2)
    out = functional.conv2d(channels, weight.flatten(0, 1), bias.flatten(), padding="same", groups=jobs)
    return out.unflatten(1, (jobs, -1)).transpose(0, 1)


BACKBONE = Backbone(
    init=init,
    forward=forward,
    backward=backward,
    dropped=dropped,
    features=lambda options: int(options["width"]),
    options={"width": 256},
    hparams={
        "dropout": HParam(0.5, low=0.0, high=0.7, scale="linear"),
        "weight_decay": HParam(1e-2, low=1e-6, high=1e-1),
    },
    reference="LeCun et al. (1998), https://doi.org/10.1109/5.726791; sizes of Stewart, Bach and Berthet (2025), https://arxiv.org/abs/2502.02996",
)
