"""The target encoder ψ, the decoder μ and the divergence between them and the network, in log space.

Shared by the methods of Stewart, Bach, Berthet (2025), https://arxiv.org/abs/2502.02996, section 2. A target y is
encoded as a distribution ψ(y) over K bins, the network's outputs are the logits of a distribution π, and μ decodes
either of them into a target. Every function takes one model and works row by row.

A (B, K) tensor is stored bin by bin: it is created as (K, B) and viewed through `.mT`. A sum over a few bins is then a
sum of long rows, and a softmax over 15 bins takes a tenth to a thirtieth of the time (measured).
"""

import torch
from torch import Tensor

from regbench.errors import one_of
from regbench.methods.shared.logits import LOWEST, affine, gaussian, squared_distances
from regbench.random import Stream
from regbench.types import Static

STARTS = ("grid", "random")


def log_hard_bins(y_BM: Tensor, centres_KM: Tensor) -> Tensor:
    """Log ψ of the one-hot encoding at the nearest centre; ties go to the first centre: (B, M) -> (B, K)."""
    empty_BK = torch.full((len(y_BM), len(centres_KM)), LOWEST).to(y_BM)
    return empty_BK.scatter(-1, nearest(y_BM, centres_KM)[:, None], 0.0)


def nearest(y_BM: Tensor, centres_KM: Tensor) -> Tensor:
    """Index of the nearest centre of every row; ties go to the first centre: (B,)."""
    return squared_distances(y_BM, centres_KM).argmin(-1)


def log_soft_bins(y_BM: Tensor, centres_KM: Tensor, sigma: Tensor) -> Tensor:
    """Log ψ with a Gaussian weight at every centre, equation 4: (B, M) -> (B, K)."""
    return log_probabilities(gaussian(y_BM, centres_KM, sigma))


def log_affine(y_BM: Tensor, w_lin_MK: Tensor, w_bias_K: Tensor) -> Tensor:
    """Log ψ with affine logits, equation 6: (B, M) -> (B, K)."""
    return log_probabilities(affine(y_BM, w_lin_MK, w_bias_K))


def log_probabilities(logits_BK: Tensor) -> Tensor:
    """Log-softmax with a lower bound of -80: smaller probabilities do not matter, and `exp` is slow below it.

    The gradient is that of the unbounded softmax: it is negligible for such probabilities, and `clamp`'s own is slow.
    """
    log_BK = log_softmax(logits_BK)
    return log_BK + (log_BK.clamp(min=LOWEST) - log_BK).detach()


def log_softmax(logits_BK: Tensor) -> Tensor:
    """Log-softmax over the bins of logits stored bin by bin: (B, K)."""
    return logits_BK.mT.log_softmax(-2).mT


def affine_soft_bins(centres_KM: Tensor, sigma: Tensor) -> dict[str, Tensor]:
    """The w_lin (M, K) and w_bias (K,) for which equation 6 equals equation 4."""
    return {"w_lin": centres_KM.mT / sigma**2, "w_bias": centres_KM.square().sum(-1) / (-2 * sigma**2)}


def decode(outputs_BK: Tensor, mu_KM: Tensor) -> Tensor:
    """μᵀπ, the mean of the predicted distribution: (B, K) -> (B, M)."""
    return expectation(outputs_BK.mT.softmax(-2).mT, mu_KM)


def expectation(psi_BK: Tensor, mu_KM: Tensor) -> Tensor:
    """The mean μᵀψ of a distribution over the rows of the decoder: (B, K) -> (B, M).

    Not a matrix product: with so few columns it is slower, and its rounding would depend on the number of packed jobs.
    """
    return torch.stack([(psi_BK.mT * mu_KM[:, m, None]).sum(-2) for m in range(mu_KM.shape[-1])], dim=-1)


def kl(log_psi_BK: Tensor, log_pi_BK: Tensor) -> Tensor:
    """KL(ψ‖π) of each row, equation 3; an empty bin of ψ adds 0, because log ψ is bounded below: (B,)."""
    return (log_psi_BK.exp() * (log_psi_BK - log_pi_BK)).sum(-1)


def autoencoding(y_BM: Tensor, log_psi_BK: Tensor, mu_KM: Tensor, alpha: Tensor | float) -> Tensor:
    """‖y - μᵀψ‖² + α H(ψ) of each row, equations 7 and 8: (B,).

    The paper intends to penalise the entropy (section 2.5) but prints -α H, which rewards it; here it is penalised.
    """
    psi_BK = log_psi_BK.exp()
    return squared_error(y_BM, expectation(psi_BK, mu_KM)) - alpha * (psi_BK * log_psi_BK).sum(-1)


def squared_error(y_BM: Tensor, prediction_BM: Tensor) -> Tensor:
    """‖y - ŷ‖² of each row: (B, M) -> (B,)."""
    return (y_BM - prediction_BM).square().sum(-1)


def start_decoder(centres_KM: Tensor, static: Static, stream: Stream) -> Tensor:
    """Initial value of a trained μ (K, M): the centres, or (`init=random`) torch's for a linear layer of K inputs."""
    if one_of("init", static["init"], STARTS, "start of the decoder") == "grid":
        return centres_KM
    return (2 * stream.child("decoder").uniform(*centres_KM.shape) - 1) / len(centres_KM) ** 0.5
