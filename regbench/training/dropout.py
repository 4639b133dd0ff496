"""Dropout masks from counter-based draws: eight decisions from one 64-bit hash, shared by all jobs of a seed.

On a CPU, `nn.Dropout` spends three times as long on random numbers as the preceding matrix product takes. Here a
decision compares one byte of a keyed stream with the job's threshold, so a mask depends only on the seed, the step and
the layer: it is the same on every device and in every pack.
"""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from regbench import native
from regbench.job import Job
from regbench.random import RandomBytes, Stream, random_bytes
from regbench.types import Keep

DRAWS = 256  # values of the byte that decides, so the rate is a multiple of 1/256: 0.3 becomes 77/256


class Dropout:
    """The masks of a pack, step by step. Jobs with the same seed and rate use the same masks."""

    def __init__(
        self, jobs: Sequence[Job], widths: Sequence[int], *, rows: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.widths = widths
        self.rows = rows
        self.device = device
        self.dtype = dtype
        rates = [(job.seed, round(DRAWS * job.protocol.dropout)) for job in jobs]
        self.kinds = sorted(set(rates))  # (seed, threshold)
        self.which = [self.kinds.index(rate) for rate in rates]
        self.index = torch.tensor(self.which, device=device)
        self.seeds = sorted({seed for seed, _ in self.kinds})
        self.scale = torch.tensor(
            [[[DRAWS / (DRAWS - threshold)]] for _, threshold in rates], dtype=dtype, device=device
        )
        self._keys = torch.stack([Stream.named(seed, "dropout").key for seed in self.seeds]).to(device)

    def epoch(self, first: int, steps: int) -> Tensor:
        """Keys (steps, layers, S) of the steps from number `first` on, S seeds."""
        stream = Stream(self._keys[None, None]).child(
            torch.arange(first, first + steps, device=self.device)[:, None, None]
        )
        return stream.child(torch.arange(len(self.widths), device=self.device)[:, None]).key

    def masks(self, keys_LS: Tensor) -> list[Keep]:
        """One mask per layer of one step: 0 where dropped, else 1 / (1 - p)."""
        return [
            Keep(self._mask(keys, width), self.which, self.scale, self.index)
            for keys, width in zip(keys_LS, self.widths, strict=True)
        ]

    def _mask(self, keys_S: Tensor, width: int) -> Tensor:
        """One mask for each (seed, threshold) of the pack: (U, B, H)."""
        draws = random_bytes(keys_S, self.rows * width).unflatten(1, (self.rows, width))
        masks = torch.empty((len(self.kinds), self.rows, width), dtype=self.dtype, device=self.device)
        for mask, (seed, threshold) in zip(masks, self.kinds, strict=True):
            mask.copy_(_at_least(draws[self.seeds.index(seed)], threshold)).mul_(DRAWS / (DRAWS - threshold))
        return masks


class MaskBuffers:
    """The masks of one (seed, threshold) at a time, in memory that stays in a CPU's cache.

    masks: (B, H) for each layer; the same numbers as those of `Dropout.masks`.
    """

    def __init__(self, dropout: Dropout) -> None:
        sizes = [dropout.rows * width for width in dropout.widths]
        self._kinds = dropout.kinds
        self._values = torch.empty(len(sizes), max(sizes, default=0), dtype=dropout.dtype)
        self._draw = native.fused(draw, dropout.dtype)
        self.masks = [
            values[:size].view(dropout.rows, width)
            for values, size, width in zip(self._values, sizes, dropout.widths, strict=True)
        ]

    def fill(self, kind: int, keys_L: Tensor) -> None:
        """Make the masks of this kind, from the keys of its seed for each layer."""
        _, threshold = self._kinds[kind]
        if threshold:
            self._draw(self._values, keys_L, threshold)
        else:  # nothing is dropped
            self._values.fill_(1)


def draw(masks_LN: Tensor, keys_L: Tensor, threshold: int) -> None:
    """Fill a mask of each layer's stream: 0 where a byte is below the threshold, else 1 / (1 - p).

    All layers are drawn in one go: else nearly half of the time goes into the calls (56 and 32 µs for two layers of 256
    by 128). The bytes become floats before they are used: to multiply by bytes takes twice as long, and then the factor
    1 / (1 - p) costs a pass of its own for every job.
    """
    random, kept = _scratch(*masks_LN.shape)
    np.greater_equal(random(keys_L), threshold, out=kept)
    masks_LN.copy_(torch.from_numpy(kept.view(np.uint8))).mul_(DRAWS / (DRAWS - threshold))


@lru_cache(maxsize=2)
def _scratch(layers: int, count: int) -> tuple[RandomBytes, NDArray[np.bool_]]:
    """Memory for drawing, which stays in cache."""
    return RandomBytes(layers, count), np.empty((layers, count), np.bool_)


def _at_least(draws: Tensor, threshold: int) -> Tensor:
    """1 where the byte is not below the threshold, else 0; uint8."""
    if draws.device.type == "cpu":  # NumPy compares bytes fifteen times faster than torch
        return torch.from_numpy(np.greater_equal(draws.numpy(), threshold).view(np.uint8))
    return (draws >= threshold).view(torch.uint8)
