"""Stage 1 of the pre-trained encoder: full-batch L-BFGS on the targets alone, in float64, until it converges."""

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from regbench.methods.shared.encoder import affine_soft_bins, autoencoding, log_affine

STEPS = 1000
RELATIVE_DESCENT = 1e-5  # of the starting loss: stop when a step gains less; with more steps μ drifts far out of range


def fit(y_NM: Tensor, centres_KM: Tensor, sigma: Tensor, *, alpha: float, steps: int = STEPS) -> dict[str, Tensor]:
    """Minimise mean[‖y - μᵀψ(y)‖² + α H(ψ(y))] over w_lin, w_bias and μ, starting from soft binning.

    Returns the start itself if no lower loss is found. The optimiser works on offsets from soft binning, those of each
    logit at its own centre and all in units of σ, so that all coordinates have a similar scale: it converges in about
    a hundred steps, where optimising w and μ directly had not after a thousand. Equal targets are merged into one with
    a weight, which gives the same loss.
    """
    y_UM, count_U = torch.unique(y_NM, dim=0, return_counts=True)
    weight_U = count_U.to(y_NM.dtype) / len(y_NM)
    soft = affine_soft_bins(centres_KM, sigma)

    def parameters(x: Tensor) -> dict[str, Tensor]:
        k, m = centres_KM.shape
        slope, level, value = x.split([k * m, k, k * m])
        slope_KM, value_KM = slope.view(k, m), value.view(k, m)
        return {
            "w_lin": soft["w_lin"] + slope_KM.mT / sigma,
            "w_bias": soft["w_bias"] + level - (slope_KM * centres_KM).sum(-1) / sigma,
            "mu": centres_KM + sigma * value_KM,
        }

    def mean_loss(x: Tensor, alpha: float) -> Tensor:
        now = parameters(x)
        return weight_U @ autoencoding(y_UM, log_affine(y_UM, now["w_lin"], now["w_bias"]), now["mu"], alpha)

    start = y_NM.new_zeros(centres_KM.numel() * 2 + len(centres_KM))
    # Scale by the loss with |α|: the loss itself is negative where entropy is rewarded, and may be close to 0.
    unit = max(float(mean_loss(start, abs(alpha))), np.finfo(np.float64).tiny)
    begun = float(mean_loss(start, alpha)) / unit

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        with torch.enable_grad():  # torch.func.grad imports torch._dynamo, which takes seconds
            offsets = torch.from_numpy(x).requires_grad_()
            value = mean_loss(offsets, alpha)
            (gradient,) = torch.autograd.grad(value, offsets)
        return value.item() / unit, gradient.numpy() / unit

    options = {"maxiter": steps, "ftol": RELATIVE_DESCENT, "gtol": 1e-9, "maxcor": 20}
    found = minimize(value_and_gradient, start.numpy(), jac=True, method="L-BFGS-B", options=options)
    return parameters(torch.from_numpy(found.x) if found.fun < begun else start)
