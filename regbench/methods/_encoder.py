"""The target encoder ψ, the decoder μ and the divergence between them and the network, in log space.

What the methods of Stewart, Bach, Berthet (2025), https://arxiv.org/abs/2502.02996, section 2, have in common. A target
y is encoded as a distribution ψ(y) over K bins, the network's outputs are the logits of a distribution π, and μ
decodes either into a target. Everything is a function of one model, row by row.

Whatever is (B, K) lies bin by bin in memory: it is made as (K, B) and seen through `.mT`. So a sum over few bins is a
sum of long rows, and a softmax over 15 of them takes a tenth to a thirtieth of the time (measured).
"""

import torch
from torch import Tensor

from regbench.errors import UsageError, did_you_mean
from regbench.random import Stream
from regbench.types import Static

STARTS = ("grid", "random")
LOWEST = -80.0  # exp takes nine times as long where it underflows in float32, at -87 (measured with MKL)


def log_hard_bins(y_BM: Tensor, centres_KM: Tensor) -> Tensor:
    """The log ψ that is all in the nearest centre, the first of equally near ones: (B, M) -> (B, K)."""
    empty_BK = torch.full((len(y_BM), len(centres_KM)), LOWEST).to(y_BM)
    return empty_BK.scatter(-1, nearest(y_BM, centres_KM)[:, None], 0.0)


def nearest(y_BM: Tensor, centres_KM: Tensor) -> Tensor:
    """The nearest centre of every row, the first of equally near ones: (B,)."""
    return squared_distances(y_BM, centres_KM).argmin(-1)


def log_soft_bins(y_BM: Tensor, centres_KM: Tensor, sigma: Tensor) -> Tensor:
    """The log ψ of a Gaussian around every centre, equation 4: (B, M) -> (B, K)."""
    return log_shares(squared_distances(y_BM, centres_KM) / (-2 * sigma**2))


def squared_distances(y_BM: Tensor, centres_KM: Tensor) -> Tensor:
    """‖y - c‖² of every row and centre, subtracted before squaring so that float32 keeps its digits: (B, K)."""
    differences = (centres_KM[:, m, None] - y_BM[:, m] for m in range(y_BM.shape[-1]))
    total_KB = next(differences).square()
    for difference in differences:  # one dimension at a time: four times as fast as a sum over a last axis of length 1
        total_KB = total_KB + difference.square()
    return total_KB.mT


def log_affine(y_BM: Tensor, w_lin_MK: Tensor, w_bias_K: Tensor) -> Tensor:
    """The log ψ of affine logits, equation 6: (B, M) -> (B, K)."""
    logits_KB = w_bias_K[:, None]
    for m in range(y_BM.shape[-1]):  # a product with so short an inner dimension is slower than its terms
        logits_KB = logits_KB + w_lin_MK[m, :, None] * y_BM[:, m]
    return log_shares(logits_KB.mT)


def log_shares(logits_BK: Tensor) -> Tensor:
    """The logarithm of a softmax, e⁻⁸⁰ being the smallest share: none will notice, and `exp` slows down below.

    The gradient is that of the softmax itself: so small a share has none to speak of, and `clamp`'s own is slow.
    """
    log_BK = log_softmax(logits_BK)
    return log_BK + (log_BK.clamp(min=LOWEST) - log_BK).detach()


def log_softmax(logits_BK: Tensor) -> Tensor:
    """The log_softmax over bins that lie bin by bin: (B, K)."""
    return logits_BK.mT.log_softmax(-2).mT


def affine_soft_bins(centres_KM: Tensor, sigma: Tensor) -> dict[str, Tensor]:
    """The w_lin (M, K) and w_bias (K,) with which equation 6 is equation 4."""
    return {"w_lin": centres_KM.mT / sigma**2, "w_bias": centres_KM.square().sum(-1) / (-2 * sigma**2)}


def decode(outputs_BK: Tensor, mu_KM: Tensor) -> Tensor:
    """μᵀπ, the mean of the predicted distribution: (B, K) -> (B, M)."""
    return expectation(outputs_BK.mT.softmax(-2).mT, mu_KM)


def expectation(psi_BK: Tensor, mu_KM: Tensor) -> Tensor:
    """The mean μᵀψ of a distribution over the decoder's rows: (B, K) -> (B, M).

    A product with so few columns is slower than its terms, and packed it rounds one job differently than several.
    """
    return torch.stack([(psi_BK.mT * mu_KM[:, m, None]).sum(-2) for m in range(mu_KM.shape[-1])], dim=-1)


def kl(log_psi_BK: Tensor, log_pi_BK: Tensor) -> Tensor:
    """KL(ψ‖π) of each row, equation 3; an empty bin of ψ adds nothing, for its logarithm is finite: (B,)."""
    return (log_psi_BK.exp() * (log_psi_BK - log_pi_BK)).sum(-1)


def autoencoding(y_BM: Tensor, log_psi_BK: Tensor, mu_KM: Tensor, alpha: Tensor | float) -> Tensor:
    """‖y - μᵀψ‖² + α H(ψ) of each row, equations 7 and 8: (B,).

    The paper means to penalise the entropy (section 2.5) and prints -α H, which rewards it; here it is penalised.
    """
    psi_BK = log_psi_BK.exp()
    return squared_error(y_BM, expectation(psi_BK, mu_KM)) - alpha * (psi_BK * log_psi_BK).sum(-1)


def squared_error(y_BM: Tensor, prediction_BM: Tensor) -> Tensor:
    """‖y - ŷ‖² of each row: (B, M) -> (B,)."""
    return (y_BM - prediction_BM).square().sum(-1)


def start_decoder(centres_KM: Tensor, static: Static, stream: Stream) -> Tensor:
    """Where a trained μ (K, M) starts: the centres, or (`init=random`) as torch starts a linear layer of K inputs."""
    if static["init"] == "grid":
        return centres_KM
    if static["init"] == "random":
        return (2 * stream.child("decoder").uniform(*centres_KM.shape) - 1) / len(centres_KM) ** 0.5
    raise UsageError(f"init={static['init']}: no such start of the decoder{did_you_mean(str(static['init']), STARTS)}")
