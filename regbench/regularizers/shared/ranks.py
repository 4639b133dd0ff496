"""Ranks, and their gradient by black-box interpolation."""

import numpy as np
import torch
from torch import Tensor

from regbench.regularizers.shared.operators import operator

MOST = torch.iinfo(torch.int64).max


def ranks(s: Tensor, member: Tensor) -> Tensor:
    """Descending ranks of each row among the members: 1/n for the greatest of n, 1 for the smallest.

    Ties go to the first. Values that are not of members have ranks above 1, to be masked by the caller.

    Args:
        s: values (R, B).
        member: which of the B columns count, bool (B,).
    """
    return _places(s.masked_fill(~member, -torch.inf)).to(s.dtype) / member.sum()


def interpolated_gradient(s: Tensor, member: Tensor, ranked: Tensor, upstream: Tensor, step: Tensor) -> Tensor:
    """The black-box gradient of `ranked = ranks(s)` for values that raise a loss by `upstream` per rank: (R, B).

    Ranks are piecewise constant. Their gradient is taken of a piecewise linear interpolation, for which the values are
    moved by λ times the upstream gradient G: (rank(s + λG) - rank(s)) / λ, with the step λ.
    Vlastelica et al. (2020), *Differentiation of Blackbox Combinatorial Solvers*, https://arxiv.org/abs/1912.02175.
    """
    return (ranks(s + step * upstream, member) - ranked) / step


def places(s: Tensor) -> Tensor:
    """Places of the values of each row in descending order, from 1; ties go to the first: (..., B) -> int64 (..., B).

    Sorted are words that hold the value in their upper bits and its column in the lowest, so that there are no ties;
    float32 fits exactly, float64 up to the last bits. On a CPU, NumPy sorts, in a tenth of the time that torch takes.

    >>> places(torch.tensor([0.1, 0.7, 0.7, -2.0])).tolist()
    [3, 1, 2, 4]
    """
    columns = s.shape[-1]
    low = (1 << columns.bit_length()) - 1
    words = (0.0 - s.to(torch.float64)).contiguous().view(torch.int64)  # 0.0 - s is never a negative zero
    words ^= (words >> 63) & MOST  # bits of negative floats are ordered the other way round
    words = (words & ~low) | torch.arange(columns, device=s.device)
    numbers = torch.arange(1, columns + 1, device=s.device).expand_as(words)
    if s.device.type != "cpu":
        return torch.empty_like(words).scatter_(-1, words.sort(-1).values & low, numbers)
    in_order = words.numpy().reshape(-1, columns)
    in_order.sort(axis=-1)
    in_order &= low
    in_order += columns * np.arange(len(in_order))[:, None]  # numbers of a flat array: half the time of a scatter
    found = torch.empty_like(words)
    found.numpy().reshape(-1)[in_order.reshape(-1)] = numbers.reshape(-1).numpy()
    return found


_places = operator("places", places, lambda s: torch.empty_like(s, dtype=torch.int64))
