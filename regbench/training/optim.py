"""Adam on flat storage, per-job clipping and the one-cycle schedule, for all jobs of a pack at once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from regbench.job import Protocol

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Kingma and Ba (2015), and torch's defaults
CLIP_EPSILON = 1e-6  # as torch.nn.utils.clip_grad_norm_ has it


@dataclass(frozen=True)
class Segment:
    """Parameters that are updated alike: one row per job of `jobs`, and named views into the rows.

    Values, gradients and both of Adam's moments are flat (jobs, P) buffers, so an update is a handful of
    operations however many layers there are.
    """

    jobs: slice  # which jobs of the pack these rows are
    values: Tensor  # (jobs, P)
    gradients: Tensor
    first: Tensor
    second: Tensor
    views: Mapping[str, Tensor]  # of values, (jobs, ...)
    gradient_views: Mapping[str, Tensor]
    learning_rate: Tensor  # (jobs, 1), factor on the job's learning rate
    weight_decay: Tensor  # (jobs, 1)

    @classmethod
    def of(
        cls, models: Sequence[Mapping[str, Tensor]], *, jobs: slice, learning_rate: Tensor, weight_decay: Tensor
    ) -> "Segment":
        """Stack several models' parameters, in the dtype and on the device of `weight_decay`."""
        flat = torch.stack([torch.cat([tensor.reshape(-1) for tensor in model.values()]) for model in models])
        values = flat.to(weight_decay)
        gradients = torch.zeros_like(values)
        shapes = {name: tensor.shape for name, tensor in models[0].items()}
        return cls(
            jobs=jobs,
            values=values,
            gradients=gradients,
            first=torch.zeros_like(values),
            second=torch.zeros_like(values),
            views=_views(values, shapes),
            gradient_views=_views(gradients, shapes),
            learning_rate=learning_rate,
            weight_decay=weight_decay,
        )

    def put(self, gradients: Mapping[str, Tensor]) -> None:
        """Take over the gradients of the parameters they are named after."""
        for name, gradient in gradients.items():
            self.gradient_views[name].copy_(gradient)


def _views(flat: Tensor, shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    pieces = flat.split([shape.numel() for shape in shapes.values()], dim=1)
    return {
        name: piece.unflatten(1, shape) if len(shape) else piece.squeeze(1)
        for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }


def clip(segments: Sequence[Segment], limit: Tensor) -> Tensor:
    """Scale each job's gradient to a norm of at most `limit` (J,); gives the norms before (J,)."""
    squares = torch.zeros_like(limit)
    for segment in segments:
        squares[segment.jobs] += segment.gradients.square().sum(1)
    norms = squares.sqrt()
    scale = (limit / (norms + CLIP_EPSILON)).clamp(max=1.0).unsqueeze(1)
    for segment in segments:
        segment.gradients.mul_(scale[segment.jobs])
    return norms


def adam(segments: Sequence[Segment], learning_rate: Tensor, step: int) -> None:
    """One step of Adam with coupled l2; `learning_rate` (J,), `step` counts from 1.

    The l2 term is added to the gradient after clipping, as `torch.optim.Adam(weight_decay=...)` does.
    """
    first_correction = 1 - BETA1**step
    second_correction = math.sqrt(1 - BETA2**step)
    for segment in segments:
        gradient = segment.gradients.addcmul_(segment.values, segment.weight_decay)
        segment.first.lerp_(gradient, 1 - BETA1)
        segment.second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        size = learning_rate[segment.jobs, None] * segment.learning_rate / first_correction
        denominator = segment.second.sqrt().div_(second_correction).add_(EPSILON)
        segment.values.sub_(segment.first.div(denominator).mul_(size))


def one_cycle(protocol: Protocol, steps: int) -> list[float]:
    """The share of the highest learning rate at each step: cosine up, cosine down (Smith and Topin, 2018).

    The same numbers as `torch.optim.lr_scheduler.OneCycleLR`, with momentum left alone.
    """
    lowest = 1 / protocol.initial_division
    final = lowest / protocol.final_division
    peak = protocol.warmup * steps - 1
    shares = []
    for step in range(steps):
        if step <= peak:
            shares.append(_cosine(lowest, 1.0, step / peak if peak > 0 else 1.0))
        else:
            shares.append(_cosine(1.0, final, (step - peak) / (steps - 1 - peak)))
    return shares


def _cosine(start: float, end: float, share: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * share))
