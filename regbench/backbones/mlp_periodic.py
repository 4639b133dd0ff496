"""A multi-layer perceptron on periodic embeddings: each input becomes waves of trained frequencies, then comes `mlp`.

Input x has F frequencies c, and its embedding is ReLU(A [sin 2πcx, cos 2πcx] + a) with a linear layer (A, a) of its own
(section 3.3, "PLR"). Frequencies start from N(0, σ²), cut at three σ; σ matters most (section 4.5). The defaults are
those of the authors' package (rtdl_num_embeddings): 48 frequencies, 24 numbers for each input, σ = 0.01 for
standardised inputs. The paper tunes σ from 0.01 to 100. Inputs between 0 and 1, as regbench scales them, span 3 to 4
times less.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from regbench.backbones import mlp
from regbench.backbones.shared.alone import Dropout, one_by_one
from regbench.errors import UsageError
from regbench.random import Stream
from regbench.types import Backbone, HParam, Keep, Static

CUT = 3.0  # standard deviations at which the first frequencies are cut, in the authors' package
PERIODIC = "periodic."  # before the names of the embedding's weights


def init(shape: tuple[int, ...], options: Static, stream: Stream) -> dict[str, Tensor]:
    """Weights of one model for D inputs: frequencies (D, F), weight (D, 2F, E) and bias (D, E), then those of `mlp`."""
    inputs, frequencies, size = shape[0], int(options["frequencies"]), int(options["embedding"])
    own, bound = stream.child("periodic"), (2 * frequencies) ** -0.5
    if not float(options["sigma"]) > 0:
        raise UsageError(f"sigma={options['sigma']}: frequencies need a spread above 0")
    embedding = {
        f"{PERIODIC}frequencies": float(options["sigma"]) * _cut_normal(own.child("frequencies"), inputs, frequencies),
        f"{PERIODIC}weight": bound * (2 * own.child("weight").uniform(inputs, 2 * frequencies, size) - 1),
        f"{PERIODIC}bias": bound * (2 * own.child("bias").uniform(inputs, size) - 1),
    }
    return {**embedding, **mlp.init((inputs * size,), options, stream)}


def forward(weights: Mapping[str, Tensor], x: Tensor, keep: list[Keep] | None, options: Static) -> tuple[Tensor, None]:
    """Features (J, B, H) of x (J, B, D)."""
    return one_by_one(_network, weights, x, keep, options)


def embed(frequencies_DF: Tensor, weight: Tensor, bias_DE: Tensor, x_BD: Tensor) -> Tensor:
    """The embeddings (B, D·E) of x, with a weight (D, 2F, E)."""
    angle_DBF = (2 * math.pi) * x_BD.T[..., None] * frequencies_DF[:, None]
    waves = torch.cat([angle_DBF.sin(), angle_DBF.cos()], dim=-1)
    return torch.baddbmm(bias_DE[:, None], waves, weight).relu().movedim(0, 1).flatten(1)


def _network(weights: Mapping[str, Tensor], x: Tensor, drop: Dropout, options: Static, *, training: bool) -> Tensor:
    """Features (B, H) of one model."""
    del training  # the masks are all that differs
    frequencies, weight, bias = (weights[f"{PERIODIC}{name}"] for name in ("frequencies", "weight", "bias"))
    h = embed(frequencies, weight, bias, x)
    for layer in range(int(options["layers"])):
        h = drop(torch.addmm(weights[f"{layer}.bias"], h, weights[f"{layer}.weight"]).relu())
    return h


def _cut_normal(stream: Stream, *shape: int) -> Tensor:
    """Standard normal numbers within `CUT` by inversion, float64."""
    tail = torch.special.ndtr(torch.tensor(-CUT, dtype=torch.float64))
    return torch.special.ndtri(tail + (1 - 2 * tail) * stream.uniform(*shape))


BACKBONE = Backbone(
    init=init,
    forward=forward,
    dropped=mlp.dropped,
    features=lambda options: int(options["width"]),
    options={"layers": 2, "width": 128, "frequencies": 48, "embedding": 24, "sigma": 0.01},
    # Measured with a batch of 256 and 16 inputs in one thread; most of it grows with inputs times frequencies.
    cost={"seconds": 6e-5, "floats": 5_000, "weights": 104_000, "values": 16, "by": ["frequencies"]},
    hparams={
        "dropout": HParam(0.3, low=0.0, high=0.5, scale="linear", least=0, below=1),
        "weight_decay": HParam(1e-4, low=1e-6, high=1e-2, least=0),
    },
    reference="Gorishniy et al. (2022), On Embeddings for Numerical Features, https://arxiv.org/abs/2203.05556",
)
