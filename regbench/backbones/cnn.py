"""A small convolutional network for 28 x 28 images: three convolutions, then two fully connected layers.

3 x 3 convolutions of stride 1 with ReLU, 2 x 2 average pooling of stride 2 between them, two layers of 256 with ReLU
and dropout (paper 1, section 4). The paper does not give the channels and the padding: 16, 32 and 64 channels and a
padding of 1 are our choice.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from regbench.backbones.shared.linear import init_linear
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


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, None]:
    """Features (J, B, 256) of images (J, B, C, height, width); autograd's backward pass is nearly all convolutions."""
    h = looped(weights, x) if x.device.type == "cpu" else grouped(weights, x)
    for layer in range(len(dropped(options))):
        h = torch.baddbmm(weights[f"linear{layer}.bias"], h, weights[f"linear{layer}.weight"]).relu()
        h = h if keep is None else h * keep[layer].stacked()
    return h, None


def dropped(options: Static) -> list[int]:
    """Widths of the layers with dropout, both fully connected ones: [256, 256]."""
    return [int(options["width"])] * 2


def looped(weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """The convolutions model by model, channels last, fastest on a CPU: (J, B, C, h, w) -> (J, B, features)."""
    jobs = []
    for job, images in enumerate(x):
        h = images.contiguous(memory_format=torch.channels_last)
        for layer in range(len(CHANNELS)):
            kernel = weights[f"convolution{layer}.weight"][job].contiguous(memory_format=torch.channels_last)
            h = functional.conv2d(h, kernel, weights[f"convolution{layer}.bias"][job], padding="same").relu()
            h = functional.avg_pool2d(h, 2) if layer < len(CHANNELS) - 1 else h
        jobs.append(h.flatten(1))
    return torch.stack(jobs)


def grouped(weights: Mapping[str, Tensor], x: Tensor) -> Tensor:
    """Like `looped`, but each layer is one grouped convolution over all models, which uses a GPU fully."""
    jobs = len(x)
    h = x.transpose(0, 1).flatten(1, 2)  # (B, J C, h, w)
    for layer in range(len(CHANNELS)):
        kernels, biases = (
            weights[f"convolution{layer}.weight"].flatten(0, 1),
            weights[f"convolution{layer}.bias"].flatten(),
        )
        h = functional.conv2d(h, kernels, biases, padding="same", groups=jobs).relu()
        h = functional.avg_pool2d(h, 2) if layer < len(CHANNELS) - 1 else h
    return h.unflatten(1, (jobs, -1)).transpose(0, 1).flatten(2)


BACKBONE = Backbone(
    init=init,
    forward=forward,
    dropped=dropped,
    features=lambda options: int(options["width"]),
    options={"width": 256},
    images=True,
    cost={"seconds": 4e-4, "floats": 27_000, "weights": 892_352, "values": 0},  # mostly of the convolutions
    hparams={
        "dropout": HParam(0.5, low=0.0, high=0.7, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-2, low=1e-6, high=1e-1, least=0),
    },
    reference="LeCun et al. (1998), https://doi.org/10.1109/5.726791; sizes of Stewart, Bach and Berthet (2025), https://arxiv.org/abs/2502.02996",
)
