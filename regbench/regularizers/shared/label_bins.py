"""Bins of equal width over the range of the training targets, and kernels that smooth what is known of each bin.

Imbalanced regression counts rows by such bins: a year of age, a tenth of a metre, a hundredth of the range.
"""

import torch
from torch import Tensor

from regbench.errors import UsageError
from regbench.metrics.shots import EDGE


def checked(part: str, y_NM: Tensor, bins: int, kernel: int) -> None:
    """`UsageError` for targets of several dimensions, too few bins, or a kernel that is even or wider than the bins."""
    if y_NM.shape[1] != 1:
        raise UsageError(f"{part} counts rows by target, and needs a target of one dimension, not {y_NM.shape[1]}")
    if bins < 1:
        raise UsageError(f"bins={bins}: {part} needs at least one bin")
    if kernel < 1 or kernel % 2 == 0 or kernel > bins:
        raise UsageError(f"kernel={kernel}: {part} needs an odd number of bins, from 1 to bins={bins}")


def ends(y_NM: Tensor) -> dict[str, Tensor]:
    """The range of the training targets, `low` and `width` (), as parameters; a width of 1 where they are constant."""
    low, high = y_NM[:, 0].min(), y_NM[:, 0].max()
    return {"low": low, "width": torch.where(high > low, high - low, 1)}


def bin_of(y_BM: Tensor, low: Tensor, width: Tensor, bins: int) -> Tensor:
    """The bin of each target: int64 (B,). The bins at the ends hold all that lies beyond them."""
    return ((y_BM[:, 0] - low) / width * bins + EDGE).floor().clamp(0, bins - 1).to(torch.int64)


def counts(bin_N: Tensor, bins: int) -> Tensor:
    """The number of rows in each bin: float64 (bins,)."""
    return torch.bincount(bin_N, minlength=bins).double()


def gaussian(size: int, sigma: Tensor) -> Tensor:
    """exp(-d² / 2σ²) at the distances of `size` bins to the middle one: (size,). It is 1 in the middle."""
    distance = torch.arange(size, device=sigma.device) - size // 2
    return (distance.to(sigma.dtype).square() / (-2 * sigma**2)).exp()


def weighted_sums(values: Tensor, kernel: Tensor) -> Tensor:
    """The sum of the values of near bins, weighted by the kernel, with nothing beyond the ends: (bins,) -> (bins,)."""
    half = len(kernel) // 2
    padded = torch.nn.functional.pad(values, (half, half))
    return padded.unfold(0, len(kernel), 1) @ kernel


def averaging(known: Tensor, kernel: Tensor) -> Tensor:
    """The matrix (bins, bins) that averages near bins by the kernel, the bins mirrored at the ends.

    Bins that are not `known` (bins,) have no part in an average; where there are none but such, the row is zero.
    """
    bins, half = len(known), len(kernel) // 2
    near = torch.arange(bins)[:, None] + torch.arange(-half, half + 1)  # (bins, size)
    near = (bins - 1 - (bins - 1 - near.abs()).abs()).clamp(0, bins - 1)  # -1 is 1, and `bins` is `bins - 2`
    matrix = torch.zeros(bins, bins, dtype=kernel.dtype).scatter_add(1, near, kernel.expand(bins, -1))
    matrix = matrix * known
    total = matrix.sum(1, keepdim=True)
    return matrix / torch.where(total > 0, total, 1)
