"""A residual network of 50 layers for photographs: bottleneck blocks of 1 x 1, 3 x 3 and 1 x 1 convolutions.

He et al. (2016), Table 1, without the last layer: a 7 x 7 convolution and a maximum pooling, four stages of 3, 4, 6 and
3 blocks, and the mean over all places, 2048 features. Every convolution is followed by batch normalisation (Ioffe and
Szegedy, 2015), which has running statistics for the evaluation. The first block of a stage halves the image in its
3 x 3 convolution, and not in the 1 x 1 convolution before it as in the paper: this is what published weights expect
("ResNet v1.5"), and the names of the weights are theirs too.

Initial weights are normal with variance 2 / fan-out (He et al., 2015), scales of the normalisation 1 and shifts 0.
`weights` names a safetensors file with other ones, such as weights trained on ImageNet; its last layer is not used.
Models go one by one: on any device a batch of photographs is work enough.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from regbench.backbones.shared.files import read_weights
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, Static

EXPANSION = 4  # features of a block's last convolution for each one of the others
MOMENTUM, EPSILON = 0.1, 1e-5  # of the normalisation; torch's defaults
STATISTICS = ("running_mean", "running_var")


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
    """Weights of one model for images of `shape` (C, height, width)."""
    if options["weights"]:
        return read_weights(str(options["weights"]), shapes(shape[0], options))
    return {name: _drawn(name, of_tensor, stream) for name, of_tensor in shapes(shape[0], options).items()}


def _drawn(name: str, shape: tuple[int, ...], stream: Stream) -> Tensor:
    """The initial kernel, scale or shift of that name."""
    if len(shape) > 1:
        out, _, *kernel = shape
        return math.sqrt(2 / (out * math.prod(kernel))) * stream.child(name).normal(*shape)
    return torch.full(shape, float(name.endswith("weight")), dtype=torch.float64)


def buffers(shape: tuple[int, ...], options: Static) -> dict[str, Tensor]:
    """The running mean and variance (channels,) of each normalisation."""
    norms = list(_convolutions(shape[0], options))
    if options["weights"]:
        wanted = {f"{each.norm}.{name}": (each.out,) for each in norms for name in STATISTICS}
        return read_weights(str(options["weights"]), wanted)
    return {
        f"{each.norm}.{name}": torch.full((each.out,), start, dtype=torch.float64)
        for each in norms
        for name, start in zip(STATISTICS, (0.0, 1.0), strict=True)
    }


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, None]:
    """Features (J, B, 2048) of images (J, B, C, height, width); in training the running statistics are updated."""
    features = [
        _network({name: tensor[job] for name, tensor in weights.items()}, images, options, training=keep is not None)
        for job, images in enumerate(x)
    ]
    return torch.stack(features), None


def _network(weights: Mapping[str, Tensor], x: Tensor, options: Static, *, training: bool) -> Tensor:
    """Features (B, H) of one model."""

    def convolve(h: Tensor, each: Convolution) -> Tensor:
        padding = each.kernel // 2
        h = functional.conv2d(h, weights[f"{each.name}.weight"], stride=each.stride, padding=padding)
        mean, variance, scale, shift = (weights[f"{each.norm}.{name}"] for name in (*STATISTICS, "weight", "bias"))
        return functional.batch_norm(h, mean, variance, scale, shift, training, MOMENTUM, EPSILON)

    first = _first(x.shape[1], options)
    h = x.contiguous(memory_format=torch.channels_last) if x.device.type == "cpu" else x
    h = functional.max_pool2d(convolve(h, first).relu(), kernel_size=3, stride=2, padding=1)
    for block in _blocks(options):
        shortcut = convolve(h, block.shortcut) if block.shortcut else h
        *before, last = block.convolutions
        for each in before:
            h = convolve(h, each).relu()
        h = (convolve(h, last) + shortcut).relu()
    return h.mean((2, 3))


def _first(channels: int, options: Static) -> Convolution:
    return Convolution("conv1", "bn1", channels, int(options["width"]), kernel=7, stride=2)


def _blocks(options: Static) -> Iterator[Block]:
    """The blocks of all stages, in their order."""
    into = int(options["width"])
    for stage, count in enumerate(_counts(options)):
        width = int(options["width"]) * 2**stage
        out = EXPANSION * width
        for number in range(count):
            name = f"layer{stage + 1}.{number}"
            stride = 2 if stage and not number else 1
            own = (
                Convolution(f"{name}.conv1", f"{name}.bn1", into, width, kernel=1),
                Convolution(f"{name}.conv2", f"{name}.bn2", width, width, kernel=3, stride=stride),
                Convolution(f"{name}.conv3", f"{name}.bn3", width, out, kernel=1),
            )
            fit = Convolution(f"{name}.downsample.0", f"{name}.downsample.1", into, out, kernel=1, stride=stride)
            yield Block(own, None if number else fit)
            into = out


def _convolutions(channels: int, options: Static) -> Iterator[Convolution]:
    """Every convolution, each with its normalisation."""
    yield _first(channels, options)
    for block in _blocks(options):
        yield from block.convolutions
        if block.shortcut:
            yield block.shortcut


def _counts(options: Static) -> list[int]:
    """The numbers of blocks of the stages: 3-4-6-3 -> [3, 4, 6, 3]."""
    counts = str(options["layers"]).split("-")
    if not all(count.isdigit() and int(count) for count in counts):
        raise ValueError(f"layers must be numbers of blocks such as 3-4-6-3, not {options['layers']}")
    return list(map(int, counts))


def shapes(channels: int, options: Static) -> dict[str, tuple[int, ...]]:
    """The shape of each weight by its name, for images of so many channels."""
    found: dict[str, tuple[int, ...]] = {}
    for each in _convolutions(channels, options):
        found[f"{each.name}.weight"] = (each.out, each.into, each.kernel, each.kernel)
        found |= {f"{each.norm}.weight": (each.out,), f"{each.norm}.bias": (each.out,)}
    return found


def _features(options: Static) -> int:
    """The number of features: 2048."""
    return int(options["width"]) * 2 ** (len(_counts(options)) - 1) * EXPANSION


BACKBONE = Backbone(
    init=init,
    forward=forward,
    buffers=buffers,
    dropped=lambda _options: [],
    features=_features,
    options={"layers": "3-4-6-3", "weights": "", "width": 64},
    images=True,
    # Measured with 8 images of 224 x 224 in one thread: 0.33 to 0.45 s per image, and 86 MB that autograd keeps.
    cost={"seconds": 0.4, "floats": 8_000_000, "weights": 23_508_032, "values": 150_528},
    hparams={
        "dropout": HParam(0.0, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(0.0, low=1e-6, high=1e-2, least=0),
    },
    reference="He et al. (2016), https://arxiv.org/abs/1512.03385",
)
