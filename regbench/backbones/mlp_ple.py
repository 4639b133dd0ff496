"""A multi-layer perceptron on piecewise linear encodings: each input becomes its place in bins, then comes `mlp`.

With edges b_0 < ... < b_T of an input, part t of its encoding is (x - b_{t-1}) / (b_t - b_{t-1}), clipped to [0, 1]:
ones for the bins below x, a fraction in its own bin, zeros above. The first part is not clipped from below and the last
one not from above, so that the encoding stays linear outside of the training rows (equation 1). With one bin it is the
input scaled to [0, 1].

Edges are quantiles of the training rows, equal ones once (section 3.2.1); inputs with few values have fewer bins, whose
missing parts are 0. Bins that a tree chooses by the target, the paper's alternative, are left out. 48 bins are the
default of the authors' package (rtdl_num_embeddings); the paper tunes them. An input that is constant in training has
no bin, and is ignored.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from regbench.backbones import mlp
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, Static

BUFFERS = ("start", "slope", "lowest", "highest")  # of the encoding; see `fitted`


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for D inputs: those of `mlp` for D·T."""
    return mlp.init((shape[0] * int(options["bins"]),), options, stream)


def fitted(x_ND: Tensor, options: Static) -> dict[str, Tensor]:
    """The encoding (D, T) from training inputs: part t is slope · (x - start), clipped to [lowest, highest].

    A part that an input lacks has slope 0, and is 0.
    """
    bins = int(options["bins"])
    start, slope, lowest = (torch.zeros(x_ND.shape[1], bins, dtype=torch.float64) for _ in range(3))
    highest = torch.ones_like(start)
    for place, values in enumerate(x_ND.T):
        edges = _edges(values, bins)
        if (count := len(edges) - 1) < 1:
            continue
        start[place, :count] = edges[:-1]
        slope[place, :count] = 1 / (edges[1:] - edges[:-1])
        lowest[place, 0], highest[place, count - 1] = -torch.inf, torch.inf
    return dict(zip(BUFFERS, (start, slope, lowest, highest), strict=True))


def encode(buffers: Mapping[str, Tensor], x_JBD: Tensor) -> Tensor:
    """The encodings (J, B, D·T) of x (J, B, D)."""
    start, slope, lowest, highest = (buffers[name][:, None] for name in BUFFERS)  # (J, 1, D, T)
    parts = (x_JBD[..., None] - start).mul_(slope)
    return torch.minimum(torch.maximum(parts, lowest, out=parts), highest, out=parts).flatten(-2)


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, Any]:
    """Features (J, B, H) of x (J, B, D)."""
    own = {name: tensor for name, tensor in weights.items() if name not in BUFFERS}
    return mlp.forward(own, encode(weights, x), keep, options)


def _edges(values_N: Tensor, bins: int) -> Tensor:
    """Quantiles at 0, 1/T, ..., 1 of one input, equal ones once."""
    places = torch.linspace(0, 1, bins + 1, dtype=values_N.dtype) * (len(values_N) - 1)
    ordered = values_N.sort().values
    below = places.floor().long().clamp(max=len(values_N) - 1)
    above = (below + 1).clamp(max=len(values_N) - 1)
    return torch.lerp(ordered[below], ordered[above], places - below).unique()


BACKBONE = Backbone(
    init=init,
    forward=forward,
    backward=mlp.backward,
    fitted=fitted,
    dropped=mlp.dropped,
    features=lambda options: int(options["width"]),
    options={"layers": 2, "width": 128, "bins": 48},
    # Measured with a batch of 256 and 16 inputs in one thread; most of it grows with inputs times bins.
    cost={"seconds": 1.5e-5, "floats": 1_500, "weights": 115_000, "values": 16, "by": ["bins"]},
    hparams={
        "dropout": HParam(0.3, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-4, low=1e-6, high=1e-2, least=0),
    },
    reference="Gorishniy et al. (2022), On Embeddings for Numerical Features, https://arxiv.org/abs/2203.05556",
)
