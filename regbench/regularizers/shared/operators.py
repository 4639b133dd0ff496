"""Operators of our own: functions that vmap and the tracer take as one operation, though they leave torch.

`torch.library.custom_op` would import torch._dynamo, and with it sympy, at its first call: seconds of every worker's
start. The library below does not.
"""

from collections.abc import Callable

import torch
from torch import Tensor

_LIBRARY = torch.library.Library("regbench", "FRAGMENT")  # a namespace can be defined by one library only


def operator(
    name: str, compute: Callable[[Tensor], Tensor], empty: Callable[[Tensor], Tensor]
) -> Callable[[Tensor], Tensor]:
    """An operator of one tensor, without gradient, that treats all leading dimensions as a batch.

    Args:
        name: unique in the package.
        compute: gives a new tensor, on the same device.
        empty: a tensor of the shape and dtype of the result, with any numbers in it.
    """
    full = f"{_LIBRARY.ns}::{name}"
    _LIBRARY.define(f"{name}(Tensor x) -> Tensor")
    _LIBRARY.impl(name, compute, "CompositeExplicitAutograd")  # on every device
    known: Callable[[Tensor], Tensor] = getattr(getattr(torch.ops, _LIBRARY.ns), name).default

    def over_models(_info: object, in_dims: tuple[int], x: Tensor) -> tuple[Tensor, int]:
        return known(x.movedim(in_dims[0], 0)), 0

    torch.library.register_vmap(full, over_models, lib=_LIBRARY)
    torch.library.register_fake(full, empty, lib=_LIBRARY)
    return known
