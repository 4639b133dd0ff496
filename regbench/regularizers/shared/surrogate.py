"""A value with a gradient that autograd did not find."""

from torch import Tensor


def with_gradient(value: Tensor, of: Tensor, gradient: Tensor) -> Tensor:
    """The value (), with this gradient with respect to `of`: plain operations, which `vmap` and a tracer can follow."""
    product = (of * gradient.detach()).sum()
    return product - product.detach() + value.detach()
