"""The target encoders ψ of the first paper at a run's own parameters, for figures: in NumPy, without torch.

The names of the parameters tell which of the three encoders it is. `w_lin` (M, K) and `w_bias` (K,) give affine logits
(equation 6). `centres` (K, M) with `sigma` () give a Gaussian around each centre (equation 4). `centres` alone give the
nearest centre. Everything is in float64 and in log space. N targets, M target dimensions, K bins.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from regbench.methods.shared import logits
from regbench.methods.shared.logits import LOWEST

Array = NDArray[np.float64]
Parameters = Mapping[str, Array]


def encodes(parameters: Parameters) -> bool:
    """Whether a run with these parameters has an encoder."""
    return "centres" in parameters or {"w_lin", "w_bias"} <= set(parameters)


def is_learnt(parameters: Parameters) -> bool:
    """Whether the encoder was trained, rather than placed around fixed centres."""
    return "w_lin" in parameters


def log_psi(parameters: Parameters, y_NM: Array) -> Array:
    """The log ψ(y) of each target: (N, K), never below -80."""
    if "sigma" in parameters or is_learnt(parameters):
        return np.maximum(_log_softmax(_logits(parameters, y_NM)), LOWEST)
    nearest = bins(parameters, y_NM)[:, None]
    return np.where(nearest == np.arange(len(parameters["centres"])), 0, LOWEST)


def psi(parameters: Parameters, y_NM: Array) -> Array:
    """The probabilities ψ(y) of each target: (N, K)."""
    return np.exp(log_psi(parameters, y_NM))


def bins(parameters: Parameters, y_NM: Array) -> NDArray[np.int64]:
    """The most probable bin, the first on ties: (N,). With centres it is the bin of the nearest centre."""
    return _logits(parameters, y_NM).argmax(1)


def entropy(parameters: Parameters, y_NM: Array) -> Array:
    """H(ψ(y)) of each target in nats: (N,)."""
    logarithm = log_psi(parameters, y_NM)
    return -(np.exp(logarithm) * logarithm).sum(1)


def decoder(parameters: Parameters) -> Array:
    """The value μ (K, M) that each bin decodes to: the centres, where no `mu` is trained."""
    return parameters["mu"] if "mu" in parameters else parameters["centres"]


def region(parameters: Parameters, bin_: int, low: Array, high: Array) -> Array:
    """The corners (V, 2), in order, of the region where a bin is the most probable, within a rectangle of the plane.

    (0, 2) where there is no such region. For affine logits, and so for all three encoders, the region is convex: the
    rectangle minus one half-plane per other bin.
    """
    w_lin_MK, w_bias_K = _affine(parameters)
    corners = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    for other in range(len(w_bias_K)):
        if other != bin_:
            slope, level = w_lin_MK[:, other] - w_lin_MK[:, bin_], w_bias_K[other] - w_bias_K[bin_]
            corners = _below(corners, corners @ slope + level)
    return corners


def _logits(parameters: Parameters, y_NM: Array) -> Array:
    """The logits of ψ: (N, K)."""
    if is_learnt(parameters):
        return logits.affine(y_NM, parameters["w_lin"], parameters["w_bias"])
    if "sigma" in parameters:
        return logits.gaussian(y_NM, parameters["centres"], parameters["sigma"])
    return -logits.squared_distances(y_NM, parameters["centres"])


def _affine(parameters: Parameters) -> tuple[Array, Array]:
    """Weights (M, K) and biases (K,) of affine logits with the same most probable bins."""
    if is_learnt(parameters):
        return parameters["w_lin"], parameters["w_bias"]
    centres = parameters["centres"]
    return centres.T, -(centres**2).sum(1) / 2


def _log_softmax(logits_NK: Array) -> Array:
    shifted = logits_NK - logits_NK.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def _below(corners: Array, height: Array) -> Array:
    """The part of a convex polygon where the height, given at its corners and linear between them, is not positive."""
    kept: list[Array] = []
    for here, there, up, down in zip(corners, np.roll(corners, -1, 0), height, np.roll(height, -1), strict=True):
        if up <= 0:
            kept.append(here)
        if (up <= 0) != (down <= 0):
            kept.append(here + (there - here) * up / (up - down))
    return np.array(kept).reshape(-1, 2)
