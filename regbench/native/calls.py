"""The compiled functions for tensors of float32, and the check that they equal those in Python, on a sample."""

from collections.abc import Callable, Iterator, Sequence
from ctypes import CDLL, c_float, c_int32, c_int64, c_size_t, c_void_p
from itertools import product
from typing import Any

import torch
from torch import Tensor

DRAWS = 256  # of a byte
ARGUMENTS: dict[str, list[Any]] = {
    "draw": [c_void_p, c_size_t, c_int64, c_int32, c_float],
    "activate": [c_void_p, c_void_p, c_size_t],
    "gate": [c_void_p, c_void_p, c_size_t, c_float],
}
SPECIAL = (0.0, -0.0, 1.5, -1.5, 1e-45, -1e-45, 3e38, -3e38, torch.inf, -torch.inf, torch.nan)
SIZE = 1051  # of the check: a few blocks and a rest


def calls(library: CDLL) -> dict[str, Callable[..., None]]:
    """The functions by name; each writes into its first argument, and takes tensors that are contiguous."""
    for name, types in ARGUMENTS.items():
        function = getattr(library, name)
        function.argtypes, function.restype = types, None
    draw_one, activate_all, gate_all = (getattr(library, name) for name in ARGUMENTS)

    def draw(masks_LN: Tensor, keys_L: Tensor, threshold: int) -> None:
        kept = DRAWS / (DRAWS - threshold)
        for mask, key in zip(masks_LN, keys_L.tolist(), strict=True):
            draw_one(mask.data_ptr(), mask.numel(), key, threshold, kept)

    def activate(h: Tensor, mask: Tensor) -> None:
        activate_all(h.data_ptr(), mask.data_ptr(), h.numel())

    def gate(dz: Tensor, h: Tensor, scale: float) -> None:
        gate_all(dz.data_ptr(), h.data_ptr(), h.numel(), scale)

    return {"draw": draw, "activate": activate, "gate": gate}


def differ(name: str, ours: Callable[..., None], theirs: Callable[..., None]) -> bool:
    """Whether two functions of this name differ in a bit of what they write, on a sample."""
    return any(not torch.equal(_written(ours, arguments), _written(theirs, arguments)) for arguments in _samples(name))


def _written(function: Callable[..., None], arguments: Sequence[Any]) -> Tensor:
    """The bits of the first argument after a call."""
    first = arguments[0].clone()
    function(first, *arguments[1:])
    return first.view(torch.int32)


def _samples(name: str) -> Iterator[Sequence[Any]]:
    pairs = torch.tensor(list(product(SPECIAL, SPECIAL))).T
    left, right = pairs.repeat(1, -(-SIZE // pairs.shape[1]))[:, :SIZE].contiguous()
    match name:
        case "draw":
            keys = torch.tensor([3, -7])
            yield from ((torch.empty(2, SIZE), keys, threshold) for threshold in (0, 1, 77, DRAWS - 1))
        case "activate":
            yield from ((left, torch.full_like(left, mask)) for mask in (0.0, DRAWS / (DRAWS - 77)))
        case _:
            yield from ((left, right, scale) for scale in (1.0, DRAWS / (DRAWS - 77)))
