"""Backbones whose models go one by one, with a network of one model that autograd differentiates.

On a CPU a batch of one model stays in a core's cache and that of a whole pack does not, so this costs little where a
network has work enough; and what a model computes cannot depend on the others.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from regbench.types import Keep, Static

Weights = Mapping[str, Tensor]
Dropout = Callable[[Tensor], Tensor]  # h (B, H_l) of the next layer with dropout -> what is kept of it


class Network(Protocol):
    """A network of one model: weights and buffers by name, x (B, D), dropout -> features (B, H)."""

    def __call__(self, weights: Weights, x: Tensor, drop: Dropout, options: Static, *, training: bool) -> Tensor:
        """The features; `drop` is called once for each layer with dropout, in order."""
        ...


def one_by_one(
    network: Network, weights: Weights, x: Tensor, keep: list[Keep] | None, options: Static
) -> tuple[Tensor, None]:
    """Features (J, B, H) of x (J, B, D): what the network of each model gives, under its own masks in training."""
    found = []
    for job, own_x in enumerate(x):
        own = {name: tensor[job] for name, tensor in weights.items()}
        masks = [each.masks[each.which[job]] for each in keep or ()]
        found.append(network(own, own_x, _dropout(masks), options, training=keep is not None))
    return torch.stack(found), None


def _dropout(masks: Sequence[Tensor]) -> Dropout:
    """Applies the masks one after the other; without any, as in evaluation, all is kept."""
    if not masks:
        return lambda h: h
    left = iter(masks)
    return lambda h: h * next(left)
