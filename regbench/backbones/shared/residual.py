"""Residual networks of bottleneck blocks: their convolutions under the names of published weights, and the stages.

He et al. (2016), https://arxiv.org/abs/1512.03385. Every convolution is followed by batch normalisation (Ioffe and
Szegedy, 2015). Three options matter: `layers`, the numbers of blocks of the stages, such as 3-4-6-3, `width`, the
channels of the first stage's inner convolutions, and `weights`, a safetensors file to start from.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from regbench.backbones.shared.files import read_weights
from regbench.errors import UsageError
from regbench.random import Stream
from regbench.types import Keep, Static

EXPANSION = 4  # features of a block's last convolution for each one of the others
MOMENTUM, EPSILON = 0.1, 1e-5  # of the normalisation; torch's defaults
STATISTICS = {"running_mean": 0.0, "running_var": 1.0}  # of the normalisation, and their initial values


class Convolution(NamedTuple):
    """A convolution without bias, and the name of the normalisation after it."""

    name: str
    norm: str
    into: int
    out: int
    kernel: int
    stride: int = 1


class Block(NamedTuple):
    """A residual block: its convolutions, and the one that fits its input to its output, if they differ in shape."""

    convolutions: tuple[Convolution, ...]
    shortcut: Convolution | None


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """The weights of one network for images of `shape` (C, height, width): drawn, or those of the file `weights`."""
    wanted = shapes(convolutions(shape[0], options))
    if options["weights"]:
        return read_weights(str(options["weights"]), wanted)
    return {name: drawn(name, of_tensor, stream) for name, of_tensor in wanted.items()}


def buffers(shape: tuple[int, ...], options: Static) -> dict[str, Tensor]:
    """The running mean and variance (channels,) of each normalisation: as at the start, or those of the file."""
    usual = statistics(convolutions(shape[0], options))
    if options["weights"]:
        return read_weights(str(options["weights"]), {name: tuple(tensor.shape) for name, tensor in usual.items()})
    return usual


def one_by_one(
    network: Callable[..., Tensor], weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static
) -> tuple[Tensor, None]:
    """What a network of one model gives for the images of each (J, B, C, h, w); in training statistics are updated."""
    found = [
        network({name: tensor[job] for name, tensor in weights.items()}, images, options, training=keep is not None)
        for job, images in enumerate(x)
    ]
    return torch.stack(found), None


def convolutions(channels: int, options: Static) -> Iterator[Convolution]:
    """Every convolution of the network, for images of so many channels."""
    yield _first(channels, options)
    for stage in _stages(options):
        for block in stage:
            yield from block.convolutions
            if block.shortcut:
                yield block.shortcut


def channels_of_stages(options: Static) -> list[int]:
    """The features that each stage gives: [256, 512, 1024, 2048]."""
    return [int(options["width"]) * 2**stage * EXPANSION for stage in range(len(_counts(options)))]


def shapes(every: Iterable[Convolution]) -> dict[str, tuple[int, ...]]:
    """The shape of each weight by its name."""
    found: dict[str, tuple[int, ...]] = {}
    for each in every:
        found[f"{each.name}.weight"] = (each.out, each.into, each.kernel, each.kernel)
        found |= {f"{each.norm}.weight": (each.out,), f"{each.norm}.bias": (each.out,)}
    return found


def drawn(name: str, shape: tuple[int, ...], stream: Stream) -> Tensor:
    """The initial kernel, normal with variance 2 / fan-out (He et al., 2015), scale 1 or shift 0 of that name."""
    if len(shape) > 1:
        out, _, *kernel = shape
        return math.sqrt(2 / (out * math.prod(kernel))) * stream.child(name).normal(*shape)
    return torch.full(shape, float(name.endswith("weight")), dtype=torch.float64)


def statistics(every: Iterable[Convolution]) -> dict[str, Tensor]:
    """The initial running mean and variance (channels,) of each normalisation."""
    return {
        f"{each.norm}.{name}": torch.full((each.out,), start, dtype=torch.float64)
        for each in every
        for name, start in STATISTICS.items()
    }


def convolve(weights: Mapping[str, Tensor], h: Tensor, each: Convolution, *, training: bool) -> Tensor:
    """A convolution and its normalisation; in training the running statistics among the weights are updated."""
    h = functional.conv2d(h, weights[f"{each.name}.weight"], stride=each.stride, padding=each.kernel // 2)
    mean, variance, scale, shift = (weights[f"{each.norm}.{name}"] for name in (*STATISTICS, "weight", "bias"))
    return functional.batch_norm(h, mean, variance, scale, shift, training, MOMENTUM, EPSILON)


def stages(weights: Mapping[str, Tensor], x: Tensor, options: Static, *, training: bool) -> Iterator[Tensor]:
    """What each stage gives for images (B, C, height, width): (B, channels, h, w), the first a quarter as high."""
    h = x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x
    h = convolve(weights, h, _first(x.shape[1], options), training=training).relu()
    h = functional.max_pool2d(h, kernel_size=3, stride=2, padding=1)
    for stage in _stages(options):
        for block in stage:
            shortcut = convolve(weights, h, block.shortcut, training=training) if block.shortcut else h
            *before, last = block.convolutions
            for each in before:
                h = convolve(weights, h, each, training=training).relu()
            h = (convolve(weights, h, last, training=training) + shortcut).relu()
        yield h


def _first(channels: int, options: Static) -> Convolution:
    return Convolution("conv1", "bn1", channels, int(options["width"]), kernel=7, stride=2)


def _stages(options: Static) -> Iterator[list[Block]]:
    """The blocks of each stage; the first one of all stages but the first halves the image in its 3 x 3 convolution."""
    into = int(options["width"])
    for stage, count in enumerate(_counts(options)):
        width = int(options["width"]) * 2**stage
        out = EXPANSION * width
        blocks = []
        for number in range(count):
            name = f"layer{stage + 1}.{number}"
            stride = 2 if stage and not number else 1
            own = (
                Convolution(f"{name}.conv1", f"{name}.bn1", into, width, kernel=1),
                Convolution(f"{name}.conv2", f"{name}.bn2", width, width, kernel=3, stride=stride),
                Convolution(f"{name}.conv3", f"{name}.bn3", width, out, kernel=1),
            )
            fit = Convolution(f"{name}.downsample.0", f"{name}.downsample.1", into, out, kernel=1, stride=stride)
            blocks.append(Block(own, None if number else fit))
            into = out
        yield blocks


def _counts(options: Static) -> list[int]:
    """The numbers of blocks of the stages: 3-4-6-3 -> [3, 4, 6, 3]."""
    counts = str(options["layers"]).split("-")
    if not all(count.isdecimal() and int(count) for count in counts):
        raise UsageError(f"layers={options['layers']}: this network needs numbers of blocks such as 3-4-6-3")
    return list(map(int, counts))
