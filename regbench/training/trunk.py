"""The forward pass of a pack's backbone, and the gradients of its weights: its own backward pass, or autograd's."""

from collections.abc import Callable, Mapping
from functools import partial

import torch
from torch import Tensor

from regbench.types import Backbone, Keep, Static

Tensors = Mapping[str, Tensor]
Back = Callable[[Tensor], Tensors]  # dz (J, B, H), which may be overwritten -> gradients of the weights


def forward(
    backbone: Backbone, weights: Tensors, buffers: Tensors, x: Tensor, keep: list[Keep], options: Static
) -> tuple[Tensor, Back]:
    """Features z (J, B, H) of x (J, B, D...) in training, and the function that gives the gradients from dz, once."""
    if backbone.backward is not None:
        z, saved = backbone.forward({**weights, **buffers}, x, keep, options)
        return z, partial(backbone.backward, weights, saved)
    leaves = {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
    with torch.enable_grad():
        z, _ = backbone.forward({**leaves, **buffers}, x, keep, options)

    def back(dz: Tensor) -> Tensors:
        return dict(zip(leaves, torch.autograd.grad(z, list(leaves.values()), dz), strict=True))

    return z.detach(), back


def evaluate(backbone: Backbone, weights: Tensors, buffers: Tensors, x: Tensor, options: Static) -> Tensor:
    """Features z (J, B, H) in evaluation."""
    z, _ = backbone.forward({**weights, **buffers}, x, None, options)
    return z
