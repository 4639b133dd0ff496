"""An encoder and decoder on ResNet-50 that gives features of every second pixel of a photograph, for depth.

Hu et al. (2019), as trained on NYUD2-DIR by Yang et al. (2021): the four stages of ResNet-50; a decoder of a 1 x 1
convolution and four up-projections, each to the size of the stage before and to half as many channels; a fusion, which
projects each stage to 16 channels of the full size; and two convolutions of 5 x 5 on both together, after which there
are 128 features. An up-projection enlarges its input linearly, and adds a branch of two convolutions to one of a single
one. The last layer is a convolution of 5 x 5, with a bias. Height and width of images must be multiples of four.

Encoder weights start as in `resnet50`, or come from the safetensors file `weights` under the names of published ones;
the others are uniform within 1 / sqrt(fan-in), as in `nn.Conv2d`, under the names of the authors' code. Models go one
by one: on any device a batch of photographs is work enough.
"""

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from regbench.backbones.shared import residual
from regbench.backbones.shared.residual import Convolution, convolve
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, LastLayer, Static

FUSED = 4  # of the width: channels of each stage in the fusion, a quarter
LAST = 5  # width of the last convolution


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for images of `shape` (C, height, width)."""
    others = residual.shapes(decoder(options))
    drawn = {name: _drawn(name, of_tensor, stream) for name, of_tensor in others.items()}
    return residual.init(shape, options, stream) | drawn


def buffers(shape: tuple[int, ...], options: Static) -> dict[str, Tensor]:
    """The running mean and variance (channels,) of each normalisation."""
    return residual.buffers(shape, options) | residual.statistics(decoder(options))


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, None]:
    """Features (J, B, h/2, w/2, 128) of images (J, B, C, h, w); in training the running statistics are updated."""
    return residual.one_by_one(_network, weights, x, keep, options)


def _network(weights: Mapping[str, Tensor], x: Tensor, options: Static, *, training: bool) -> Tensor:
    """Features (B, h/2, w/2, H) of one model."""

    def convolved(h: Tensor, each: Convolution) -> Tensor:
        return convolve(weights, h, each, training=training)

    def enlarged(h: Tensor, name: str, into: int, out: int, size: tuple[int, int]) -> Tensor:
        h = functional.interpolate(h, size, mode="bilinear", align_corners=False)
        first, second, single = _up(name, into, out)
        return (convolved(convolved(h, first).relu(), second) + convolved(h, single)).relu()

    stages = list(residual.stages(weights, x, options, training=training))
    height, width = stages[0].shape[2:]
    sizes = [(stage.shape[2], stage.shape[3]) for stage in stages[-2::-1]] + [(2 * height, 2 * width)]
    reduced, *ups = _decoded(options)
    h = convolved(stages[-1], reduced).relu()
    for (name, into, out), size in zip(ups, sizes, strict=True):
        h = enlarged(h, name, into, out, size)
    fused = [
        enlarged(stage, name, into, out, sizes[-1])
        for stage, (name, into, out) in zip(stages, _fused(options), strict=True)
    ]
    mixed, *refined = _refined(options)
    h = torch.cat([h, convolved(torch.cat(fused, 1), mixed).relu()], 1)
    for each in refined:
        h = convolved(h, each).relu()
    return h.movedim(1, -1)


Up = tuple[str, int, int]  # the name of an up-projection, its channels and those that it gives


def decoder(options: Static) -> Iterator[Convolution]:
    """Every convolution that is not the encoder's, each with its normalisation."""
    reduced, *ups = _decoded(options)
    yield reduced
    for up in (*ups, *_fused(options)):
        yield from _up(*up)
    yield from _refined(options)


def _up(name: str, into: int, out: int) -> tuple[Convolution, Convolution, Convolution]:
    """An up-projection: two convolutions, and the single one beside them."""
    return (
        Convolution(f"{name}.conv1", f"{name}.bn1", into, out, kernel=5),
        Convolution(f"{name}.conv1_2", f"{name}.bn1_2", out, out, kernel=3),
        Convolution(f"{name}.conv2", f"{name}.bn2", into, out, kernel=5),
    )


def _decoded(options: Static) -> "tuple[Convolution, *tuple[Up, ...]]":
    """The decoder: a convolution, then an up-projection for each stage."""
    *_, top = stages = residual.channels_of_stages(options)
    ups = [(f"D.up{number + 1}", top // 2 ** (number + 1), top // 2 ** (number + 2)) for number in range(len(stages))]
    return Convolution("D.conv", "D.bn", top, top // 2, kernel=1), *ups


def _fused(options: Static) -> list[Up]:
    """The up-projections of the fusion, one for each stage."""
    channels = int(options["width"]) // FUSED
    stages = residual.channels_of_stages(options)
    return [(f"MFF.up{number + 1}", into, channels) for number, into in enumerate(stages)]


def _refined(options: Static) -> tuple[Convolution, Convolution, Convolution]:
    """The convolution of the fusion, and the two on all features."""
    fused, every = sum(out for _, _, out in _fused(options)), _features(options)
    return (
        Convolution("MFF.conv", "MFF.bn", fused, fused, kernel=5),
        Convolution("R.conv0", "R.bn0", every, every, kernel=5),
        Convolution("R.conv1", "R.bn1", every, every, kernel=5),
    )


def _drawn(name: str, shape: tuple[int, ...], stream: Stream) -> Tensor:
    """The initial kernel, scale or shift of that name, as in torch's layers."""
    if len(shape) == 1:
        return residual.drawn(name, shape, stream)
    return _within(shape[1:], shape, stream.child(name))


def _within(fan_in: tuple[int, ...], shape: tuple[int, ...], stream: Stream) -> Tensor:
    """Uniform within 1 / sqrt(fan-in)."""
    return (2 * stream.uniform(*shape) - 1) / torch.Size(fan_in).numel() ** 0.5


def _features(options: Static) -> int:
    """The number of features: 128."""
    stages = residual.channels_of_stages(options)
    decoded = stages[-1] // 2 ** (len(stages) + 1)
    return decoded + len(stages) * (int(options["width"]) // FUSED)


def init_last(features: int, width: int, stream: Stream) -> dict[str, Tensor]:
    """Weight (K, H, 5, 5) and bias (1, K), float64."""
    seen = (features, LAST, LAST)
    return {
        "weight": _within(seen, (width, *seen), stream.child("weight")),
        "bias": _within(seen, (1, width), stream.child("bias")),
    }


def apply_last(z_BhwH: Tensor, weight_KHxy: Tensor, bias_1K: Tensor) -> Tensor:
    """The last layer: (B, h, w, H) -> (B, h, w, K)."""
    h = functional.conv2d(z_BhwH.movedim(-1, 1), weight_KHxy, bias_1K[0], padding=LAST // 2)
    return h.movedim(1, -1)


BACKBONE = Backbone(
    init=init,
    forward=forward,
    buffers=buffers,
    dropped=lambda _options: [],
    features=_features,
    options={"layers": "3-4-6-3", "weights": "", "width": 64},
    images=True,
    dense=True,
    head=LastLayer(init_last, apply_last, lambda weight: weight.movedim(1, -1).flatten(0, -2)),
    # Measured with 1, 2 and 4 images of 228 x 304 in one thread of a busy machine, and not with larger batches: 8.2 to
    # 11.8 s per image and step, and from 2 to 4 images 761 MiB more for each, all of which autograd keeps.
    cost={"seconds": 9.5, "floats": 67_000_000, "weights": 67_566_272, "values": 207_936},
    hparams={
        "dropout": HParam(0.0, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-4, low=1e-6, high=1e-2, least=0),
    },
    reference="Hu et al. (2019), https://arxiv.org/abs/1803.08673",
)
