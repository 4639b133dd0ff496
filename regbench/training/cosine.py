"""The cosine schedule: half a cosine from the maximum learning rate down to 0, without warm-up or restarts."""

import math

from regbench.job import Protocol


def cosine(_protocol: Protocol, steps: int) -> list[float]:
    """The learning rate at each step as a fraction of its maximum (Loshchilov and Hutter, 2017, one period).

    The same numbers as `torch.optim.lr_scheduler.CosineAnnealingLR` over all steps: the step after the last has rate 0.
    """
    return [(1 + math.cos(math.pi * step / steps)) / 2 for step in range(steps)]
