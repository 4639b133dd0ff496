"""Stochastic gradient descent with momentum, for all jobs of a pack at once.

The velocity is v = momentum v + gradient, with coupled l2 in the gradient, and the step is the learning rate times v,
as in `torch.optim.SGD` (Sutskever et al., 2013, have the learning rate inside of v). It is where Adam has its first
moment.
"""

from collections.abc import Sequence

from torch import Tensor

from regbench.job import Protocol
from regbench.training.optim import Optimizer, Segment


def sgd(protocol: Protocol) -> Optimizer:
    """The optimiser with the momentum of a protocol."""

    def on_host(segments: Sequence[Segment], rate_factor: float, _step: int) -> None:
        for segment in segments:
            _update(segment, rate_factor * segment.learning_rate, protocol.momentum)

    def on_device(segments: Sequence[Segment], factors_3: Tensor) -> None:
        for segment in segments:
            _update(segment, factors_3[2] * segment.learning_rate, protocol.momentum)

    return Optimizer(on_host, on_device)


def _update(segment: Segment, rate_J1: Tensor, momentum: float) -> None:
    """One step of all jobs of a segment; each element is updated alone, so no job depends on the others."""
    velocity = segment.first.mul_(momentum).add_(segment.gradients.addcmul_(segment.values, segment.weight_decay))
    segment.values.sub_(velocity * rate_J1)
