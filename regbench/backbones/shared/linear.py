"""Linear layers: initialisation, for backbones and heads, and the narrow last layer with its gradient."""

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


def narrow(z_JBH: Tensor, weight_JHK: Tensor, bias: Tensor) -> Tensor:
    """The last layer, H features to K outputs: (J, B, K), stored output by output.

    A matrix product with few columns runs at a third of a CPU's speed, and with a single column at a tenth. The
    transposed product has many columns, and gives the layout in which methods sum over few outputs fast. Either way,
    the result of a job does not depend on the number of jobs.
    """
    if weight_JHK.shape[-1] == 1:
        return (z_JBH * weight_JHK.mT).sum(-1, keepdim=True).add_(bias)
    return torch.bmm(weight_JHK.mT, z_JBH.mT).add_(bias.mT).mT


def narrow_backward(z_JBH: Tensor, weight_JHK: Tensor, doutputs_JBK: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of z, of the weight and of the bias, given the gradient of the outputs."""
    dbias = doutputs_JBK.sum(1, keepdim=True)
    if weight_JHK.shape[-1] == 1:
        dweight = (z_JBH * doutputs_JBK).sum(1).unsqueeze(-1)
        return doutputs_JBK * weight_JHK.mT, dweight, dbias
    return torch.bmm(doutputs_JBK, weight_JHK.mT), torch.bmm(doutputs_JBK.mT, z_JBH).mT, dbias
