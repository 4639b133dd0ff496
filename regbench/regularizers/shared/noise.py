"""Normal random numbers, many at a time."""

import math

import torch
from torch import Tensor

from regbench.random import Stream

HALF = 32  # bits


def normal(stream: Stream, rows: int, columns: int, dtype: torch.dtype) -> Tensor:
    """Standard normal numbers (B, H), by Box and Muller (1958), a pair from each word of 64 bits.

    `Stream.normal` makes one number of two words, in float64: that takes four times as long. Here 32 bits make the
    radius, so that no number is beyond 6.7 standard deviations.
    """
    words = stream.bits(rows, -(-columns // 2))
    upper, lower = (words >> HALF) & ((1 << HALF) - 1), words & ((1 << HALF) - 1)
    radius = (-2 * ((upper + 1).to(dtype) * 2.0**-HALF).log()).sqrt()
    angle = lower.to(dtype) * (2 * math.pi * 2.0**-HALF)
    return torch.cat([radius * angle.cos(), radius * angle.sin()], -1)[:, :columns]
