"""Named, counter-based random streams: the same numbers on every device, in every pack and in any order.

A stream is a 64-bit key made from a seed and names ("order", "dropout", ...). Its n-th number is a hash of the key
and n (SplitMix64: Steele, Lea, Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014). So a draw in
one place does not affect others, no state has to be stored for resumption, and `torch.func.vmap` sees plain arithmetic.
Streams may be batched: keys (J,) give J rows of draws at once.
"""

import hashlib
import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GOLDEN = 0x9E3779B97F4A7C15
FIRST_MULTIPLIER = 0xBF58476D1CE4E5B9
SECOND_MULTIPLIER = 0x94D049BB133111EB
MIXING = ((np.uint64(30), np.uint64(FIRST_MULTIPLIER)), (np.uint64(27), np.uint64(SECOND_MULTIPLIER)))  # see `mix`
LAST_SHIFT = np.uint64(31)


class Stream(NamedTuple):
    """A keyed source of random numbers; `key` is an int64 tensor of any batch shape (...)."""

    key: Tensor

    @classmethod
    def named(cls, seed: int, *names: str | int, device: torch.device | str = "cpu") -> "Stream":
        """The stream of a seed and a purpose: `Stream.named(3, "dropout")`."""
        return cls(torch.tensor(_signed(_digest(seed)), device=device)).child(*names)

    def child(self, *names: str | int | Tensor) -> "Stream":
        """The sub-stream of these names; a tensor of step numbers, batched or not, can be a name too."""
        key = self.key
        for name in names:
            if isinstance(name, Tensor):
                number: Tensor | int = name * _signed(GOLDEN) + _signed(_digest("number"))
            else:
                number = _signed(_digest(name))
            key = mix(mix(key) + number)
        return Stream(key)

    def bits(self, *shape: int) -> Tensor:
        """Numbers of 64 random bits: int64 (..., *shape)."""
        counter = torch.arange(1, math.prod(shape) + 1, device=self.key.device).reshape(shape)
        key = self.key.reshape(self.key.shape + (1,) * len(shape))
        return mix(counter * _signed(GOLDEN) + key)

    def uniform(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Uniform on [0, 1) from the top 53 bits: (..., *shape)."""
        return (_shift(self.bits(*shape), 11).to(torch.float64) * 2.0**-53).to(dtype)

    def normal(self, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
        """Standard normal by Box and Muller (1958): (..., *shape)."""
        radius, angle = self.child("radius").uniform(*shape), self.child("angle").uniform(*shape)
        return ((-2 * torch.log1p(-radius)).sqrt() * (2 * math.pi * angle).cos()).to(dtype)

    def integers(self, high: int, *shape: int) -> Tensor:
        """Uniform on 0 ... high - 1, int64 (..., *shape); the bias of the multiplication is below high / 2**53."""
        return (self.uniform(*shape) * high).to(torch.int64)

    def permutation(self, n: int) -> Tensor:
        """A random order of 0 ... n - 1 for each key: int64 (..., n).

        Random words are sorted that carry the row number in their lowest bits: sorting values needs no indices and has
        no ties, so every device gives the same order.
        """
        low = (1 << n.bit_length()) - 1
        tagged = (self.bits(n) & ~low) | torch.arange(n, device=self.key.device)
        if tagged.device.type == "cpu":  # NumPy sorts int64 three times faster than torch
            return torch.from_numpy(np.sort(tagged.numpy(), axis=-1)) & low
        return tagged.sort(-1).values & low


def random_bytes(keys_S: Tensor, count: int) -> Tensor:
    """The first `count` bytes of several streams, uint8 (S, count): the words of `Stream.bits`, eight bytes each."""
    if keys_S.device.type != "cpu":
        return Stream(keys_S).bits(-(-count // 8)).view(torch.uint8)[:, :count]
    return torch.from_numpy(RandomBytes(len(keys_S), count)(keys_S))


class RandomBytes:
    """`random_bytes` on a CPU, again and again into the same memory, which then stays in cache: uint8 (S, count)."""

    def __init__(self, streams: int, count: int) -> None:
        self._counters = _counters(-(-count // 8))
        self._words, self._shifted = np.empty((2, streams, len(self._counters)), np.uint64)
        self._bytes = self._words.view(np.uint8)[:, :count]

    def __call__(self, keys_S: Tensor) -> NDArray[np.uint8]:
        """The bytes of these streams; the next call overwrites them."""
        words, shifted = self._words, self._shifted
        np.add(self._counters, keys_S.numpy().view(np.uint64)[:, None], out=words)
        for by, multiplier in MIXING:  # `mix` in place, several times faster
            words ^= np.right_shift(words, by, out=shifted)
            words *= multiplier
        words ^= np.right_shift(words, LAST_SHIFT, out=shifted)
        return self._bytes


@lru_cache(maxsize=16)
def _counters(words: int) -> NDArray[np.uint64]:
    return np.arange(1, words + 1, dtype=np.uint64) * np.uint64(GOLDEN)


def mix(x: Tensor) -> Tensor:
    """SplitMix64's finaliser, a bijection of 64-bit words that mixes all bits."""
    x = (x ^ _shift(x, 30)) * _signed(FIRST_MULTIPLIER)
    x = (x ^ _shift(x, 27)) * _signed(SECOND_MULTIPLIER)
    return x ^ _shift(x, 31)


def _shift(x: Tensor, by: int) -> Tensor:
    """A logical right shift; torch's `>>` preserves the sign."""
    return (x >> by) & ((1 << (64 - by)) - 1)


def _signed(word: int) -> int:
    """The same 64 bits as a signed integer, which is what an int64 tensor holds."""
    return word - (1 << 64) if word >> 63 else word


def _digest(name: str | int) -> int:
    """A 64-bit hash of a name, the same in every process."""
    return int.from_bytes(hashlib.blake2b(f"{type(name).__name__}:{name}".encode(), digest_size=8).digest(), "little")
