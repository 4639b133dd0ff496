"""The logits of a target encoder ψ, of NumPy arrays (figures) and of tensors (training) alike.

Nothing of torch is imported here: reports draw ψ without it. Every function takes one model and works row by row, with
the operators that arrays and tensors share. A (B, K) result is stored bin by bin and viewed through `.mT`, see
`encoder.py`. B targets, M target dimensions, K bins.
"""

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

Array = TypeVar("Array", "Tensor", "NDArray[np.float64]")

LOWEST = -80.0  # smallest log-probability: exp is nine times slower where float32 underflows, at -87 (measured, MKL)


def squared_distances(y_BM: Array, centres_KM: Array) -> Array:
    """‖y - c‖² for every row and centre, subtracted before squaring to keep float32 precision: (B, K)."""
    differences = (centres_KM[:, m, None] - y_BM[:, m] for m in range(y_BM.shape[-1]))
    total_KB = next(differences) ** 2
    for (
        difference
    ) in differences:  # one dimension at a time is four times faster than a sum over a last axis of length 1
        total_KB = total_KB + difference**2
    return total_KB.mT


def gaussian(y_BM: Array, centres_KM: Array, sigma: Array) -> Array:
    """A Gaussian of width sigma () at every centre, equation 4: (B, M) -> (B, K)."""
    return squared_distances(y_BM, centres_KM) / (-2 * sigma**2)


def affine(y_BM: Array, w_lin_MK: Array, w_bias_K: Array) -> Array:
    """Affine in the target, equation 6: (B, M) -> (B, K)."""
    logits_KB = w_bias_K[:, None]
    for m in range(y_BM.shape[-1]):  # a matrix product with so short an inner dimension is slower
        logits_KB = logits_KB + w_lin_MK[m, :, None] * y_BM[:, m]
    return logits_KB.mT
