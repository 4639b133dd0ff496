"""The one way a linear layer starts, shared by every backbone and by the heads behind them."""

import torch
from torch import Tensor

from regbench.random import Stream


def init_linear(fan_in: int, fan_out: int, stream: Stream) -> dict[str, Tensor]:
    """Weight (fan_in, fan_out) and bias (1, fan_out), float64, uniform within 1 / sqrt(fan_in) as in `nn.Linear`."""
    bound = fan_in**-0.5
    return {
        "weight": bound * (2 * stream.child("weight").uniform(fan_in, fan_out) - 1),
        "bias": bound * (2 * stream.child("bias").uniform(1, fan_out) - 1),
    }


def linear(weights: dict[str, Tensor] | object, name: str, x_JBD: Tensor) -> Tensor:
    """The packed layer: x (J, B, in) -> (J, B, out)."""
    return torch.baddbmm(weights[f"{name}.bias"], x_JBD, weights[f"{name}.weight"])  # type: ignore[index]
