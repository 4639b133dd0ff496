"""A residual network for tables: a linear layer, then blocks that each add to their input what two layers make of it.

A block is batch normalisation, linear, ReLU, dropout, linear; after the last block come batch normalisation and ReLU
(section 3.2). The hidden layer of a block is `hidden` times as wide as its input. Sizes are those of the example in the
authors' repository, two blocks of 192; the paper tunes them for each dataset. Of its two rates of dropout the second,
on the output of a block, is 0 there, and so is left out. Running statistics are kept for the evaluation.
"""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional

from regbench.backbones.shared.alone import Dropout, one_by_one
from regbench.backbones.shared.linear import init_linear
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, Static

MOMENTUM, EPSILON = 0.1, 1e-5  # of the normalisation; torch's defaults
STATISTICS = {"running_mean": 0.0, "running_var": 1.0}  # of the normalisation, and their initial values


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for D inputs: `first`, `block0.linear0`, `block0.linear1`, `block0.norm`, ..., `norm`."""
    width, inner = int(options["width"]), dropped(options)
    found = _named("first", init_linear(shape[0], width, stream.child("first")))
    for number, hidden in enumerate(inner):
        own = stream.child(number)
        found |= _named(f"block{number}.linear0", init_linear(width, hidden, own.child(0)))
        found |= _named(f"block{number}.linear1", init_linear(hidden, width, own.child(1)))
    for norm in _norms(options):
        found |= {f"{norm}.weight": torch.ones(width).double(), f"{norm}.bias": torch.zeros(width).double()}
    return found


def buffers(_shape: tuple[int, ...], options: Static) -> dict[str, Tensor]:
    """The initial running mean and variance (H,) of each normalisation."""
    width = int(options["width"])
    return {
        f"{norm}.{name}": torch.full((width,), start, dtype=torch.float64)
        for norm in _norms(options)
        for name, start in STATISTICS.items()
    }


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, None]:
    """Features (J, B, H) of x (J, B, D); in training the running statistics are updated."""
    return one_by_one(_network, weights, x, keep, options)


def dropped(options: Static) -> list[int]:
    """Widths of the layers with dropout: the hidden one of each block."""
    return [int(options["hidden"]) * int(options["width"])] * int(options["layers"])


def _network(weights: Mapping[str, Tensor], x: Tensor, drop: Dropout, options: Static, *, training: bool) -> Tensor:
    """Features (B, H) of one model."""
    h = _linear(weights, "first", x)
    for number in range(int(options["layers"])):
        block = f"block{number}"
        inner = _linear(weights, f"{block}.linear0", _normalised(weights, f"{block}.norm", h, training=training)).relu()
        h = h + _linear(weights, f"{block}.linear1", drop(inner))
    return _normalised(weights, "norm", h, training=training).relu()


def _linear(weights: Mapping[str, Tensor], name: str, x: Tensor) -> Tensor:
    return torch.addmm(weights[f"{name}.bias"], x, weights[f"{name}.weight"])


def _normalised(weights: Mapping[str, Tensor], name: str, h: Tensor, *, training: bool) -> Tensor:
    mean, variance, scale, shift = (weights[f"{name}.{each}"] for each in (*STATISTICS, "weight", "bias"))
    return functional.batch_norm(h, mean, variance, scale, shift, training, MOMENTUM, EPSILON)


def _norms(options: Static) -> list[str]:
    return [*(f"block{number}.norm" for number in range(int(options["layers"]))), "norm"]


def _named(name: str, layer: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{name}.{key}": tensor for key, tensor in layer.items()}


BACKBONE = Backbone(
    init=init,
    forward=forward,
    buffers=buffers,
    dropped=dropped,
    features=lambda options: int(options["width"]),
    options={"layers": 2, "width": 192, "hidden": 2},
    # Measured with a batch of 256 and 16 inputs in one thread.
    cost={"seconds": 2e-5, "floats": 4_000, "weights": 300_000, "values": 0, "by": ["layers", "hidden"]},
    hparams={
        "dropout": HParam(0.3, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-4, low=1e-6, high=1e-2, least=0),
    },
    reference="Gorishniy et al. (2021), https://arxiv.org/abs/2106.11959",
)
