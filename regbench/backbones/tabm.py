"""Several multi-layer perceptrons that share their weights, told apart by small adapters: parallel ensembling.

A layer of member e gives ReLU(s_e ∘ ((r_e ∘ h) W) + b_e) with one W for all members and adapters r_e, s_e and biases
b_e of its own (BatchEnsemble; Wen et al., 2020). The first r starts as random signs and all other adapters at 1; biases
start equal for all members. The last layers, the losses and the dropout masks are each member's own, and the prediction
is the mean of their predictions (section 3, "TabM"). Sizes are the defaults of the authors' package (tabm): three
layers of 512, 32 members, dropout 0.1. With one member and `start: ones` it is `mlp`.
"""

from collections.abc import Mapping
from itertools import pairwise

import torch
from torch import Tensor

from regbench.backbones.shared.alone import Dropout, one_by_one
from regbench.backbones.shared.linear import init_linear
from regbench.errors import one_of
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, Static

STARTS = ("signs", "ones")  # of the first adapter


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for D inputs: `0.weight` (D, H), `0.bias` (E, H), `0.r` (E, D), `0.s` (E, H), ..."""
    members = int(options["members"])
    signs = one_of("start", options["start"], STARTS, "starts of the first adapter") == "signs"
    widths = [shape[0], *_widths(options)]
    found = {}
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        own = stream.child(layer)
        linear = init_linear(fan_in, fan_out, own)
        r = torch.ones(members, fan_in, dtype=torch.float64)
        if signs and layer == 0:
            r = torch.where(own.child("r").uniform(members, fan_in) < 0.5, -r, r)
        found[f"{layer}.weight"] = linear["weight"]
        found[f"{layer}.bias"] = linear["bias"].expand(members, -1).clone()
        found[f"{layer}.r"] = r
        found[f"{layer}.s"] = torch.ones(members, fan_out, dtype=torch.float64)
    return found


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, None]:
    """Features (J, B, E·H) of x (J, B, D), the members one after the other."""
    return one_by_one(_network, weights, x, keep, options)


def members(options: Static) -> int:
    """E, the number of members."""
    return int(options["members"])


def dropped(options: Static) -> list[int]:
    """Widths of the layers with dropout: all, each E·H."""
    return [members(options) * width for width in _widths(options)]


def _network(weights: Mapping[str, Tensor], x: Tensor, drop: Dropout, options: Static, *, training: bool) -> Tensor:
    """Features (B, E·H) of one model."""
    del training  # the masks are all that differs
    rows, count = len(x), members(options)
    h = x[:, None].expand(-1, count, -1)  # (B, E, D)
    for layer in range(int(options["layers"])):
        weight, bias, r, s = (weights[f"{layer}.{name}"] for name in ("weight", "bias", "r", "s"))
        shared = (h * r).flatten(0, 1) @ weight
        active = torch.addcmul(bias, shared.unflatten(0, (rows, count)), s).relu()
        h = drop(active.flatten(1)).unflatten(1, (count, -1))
    return h.flatten(1)


def _widths(options: Static) -> list[int]:
    return [int(options["width"])] * int(options["layers"])


BACKBONE = Backbone(
    init=init,
    forward=forward,
    dropped=dropped,
    features=lambda options: members(options) * int(options["width"]),
    members=members,
    options={"layers": 3, "width": 512, "members": 32, "start": "signs"},
    # Measured with a batch of 256 and 16 inputs in one thread.
    cost={"seconds": 1.5e-3, "floats": 200_000, "weights": 640_000, "values": 0, "by": ["layers", "members"]},
    hparams={
        "dropout": HParam(0.1, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-4, low=1e-6, high=1e-2, least=0),
    },
    reference="Gorishniy et al. (2024), TabM, https://arxiv.org/abs/2410.24210",
)
