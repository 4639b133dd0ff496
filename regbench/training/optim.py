"""Adam and AdamW on flat storage, per-job clipping and the one-cycle schedule, for all jobs of a pack at once.

Which optimiser and which schedule a protocol means is in `chosen`.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from regbench.job import Protocol

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8  # Kingma and Ba (2015), and torch's defaults
CLIP_EPSILON = 1e-6  # as torch.nn.utils.clip_grad_norm_ has it


@dataclass(frozen=True)
class Segment:
    """Parameters that are updated together: one row per job of `jobs`, and named views into the rows.

    Values, gradients and both of Adam's moments are flat (jobs, P) buffers, so an update takes a few operations,
    whatever the number of layers.
    """

    jobs: slice  # which jobs of the pack these rows are
    values: Tensor  # (jobs, P)
    gradients: Tensor
    first: Tensor
    second: Tensor
    views: dict[str, Tensor]  # of values, (jobs, ...)
    gradient_views: dict[str, Tensor]
    learning_rate: Tensor  # (jobs, 1), the maximum of the schedule
    weight_decay: Tensor  # (jobs, 1)
    alike: tuple["Alike", ...]

    @classmethod
    def of(
        cls, models: Sequence[Mapping[str, Tensor]], *, jobs: slice, learning_rate: Tensor, weight_decay: Tensor
    ) -> "Segment":
        """Stack several models' parameters, in the dtype and on the device of `weight_decay`."""
        flat = torch.stack([torch.cat([tensor.reshape(-1) for tensor in model.values()]) for model in models])
        values = flat.to(weight_decay)
        gradients, first, second = (torch.zeros_like(values) for _ in range(3))
        shapes = {name: tensor.shape for name, tensor in models[0].items()}
        return cls(
            jobs=jobs,
            values=values,
            gradients=gradients,
            first=first,
            second=second,
            views=_views(values, shapes),
            gradient_views=_views(gradients, shapes),
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            alike=_alike(learning_rate, weight_decay, (values, gradients, first, second)),
        )

    def put(self, gradients: Iterable[Tensor]) -> None:
        """Copy the gradients of the parameters, in the order of `views`, into the flat buffer."""
        for view, gradient in zip(self.gradient_views.values(), gradients, strict=True):
            view.copy_(gradient)


@dataclass(frozen=True)
class Alike:
    """Rows of a segment with one learning rate and one weight decay, for the fused update of a CPU."""

    learning_rate: float
    weight_decay: float
    rows: tuple[list[Tensor], ...]  # of values, gradients, first and second moments; (P,) each
    steps: list[Tensor]


def _alike(learning_rate: Tensor, weight_decay: Tensor, buffers: Sequence[Tensor]) -> tuple[Alike, ...]:
    settings = list(zip(learning_rate.flatten().tolist(), weight_decay.flatten().tolist(), strict=True))
    groups = []
    for rate, decay in dict.fromkeys(settings):
        rows = [row for row, setting in enumerate(settings) if setting == (rate, decay)]
        step = torch.zeros((), dtype=torch.float32)
        groups.append(
            Alike(rate, decay, tuple([buffer[row] for row in rows] for buffer in buffers), [step] * len(rows))
        )
    return tuple(groups)


def _views(flat: Tensor, shapes: Mapping[str, torch.Size]) -> dict[str, Tensor]:
    pieces = flat.split([shape.numel() for shape in shapes.values()], dim=1)
    return {
        name: piece.unflatten(1, shape) if len(shape) else piece.squeeze(1)
        for (name, shape), piece in zip(shapes.items(), pieces, strict=True)
    }


def clip(segments: Sequence[Segment], limit: Tensor) -> None:
    """Scale each job's gradient to a norm of at most `limit` (J,)."""
    scale = _scale(segments, limit)
    if not bool((scale == 1).all()):  # skip a multiplication by one
        _shrink(segments, scale)


def clip_on_device(segments: Sequence[Segment], limit: Tensor) -> None:
    """Like `clip`, without reading a value back from the device."""
    _shrink(segments, _scale(segments, limit))


def _scale(segments: Sequence[Segment], limit: Tensor) -> Tensor:
    """The factor for each job's gradient (J,), as in torch.nn.utils.clip_grad_norm_."""
    squares = torch.zeros_like(limit)
    for segment in segments:
        squares[segment.jobs].add_(torch.linalg.vector_norm(segment.gradients, dim=1).square_())
    return (limit / (squares.sqrt_() + CLIP_EPSILON)).clamp_(max=1.0)


def _shrink(segments: Sequence[Segment], scale: Tensor) -> None:
    for segment in segments:
        segment.gradients.mul_(scale[segment.jobs, None])


def adam(segments: Sequence[Segment], rate_factor: float, step: int, *, decoupled: bool = False) -> None:
    """One step of Adam with coupled l2, at `rate_factor` times the maximum learning adam_factors; `step` counts from 1.

    The l2 term is added to the gradient after clipping, as `torch.optim.Adam(weight_decay=...)` does. With `decoupled`
    the parameters are instead shrunk by learning rate times weight decay (AdamW, Loshchilov and Hutter, 2019). One
    pass over memory, job by job, with the kernels of `torch.optim.Adam(fused=True)` and `AdamW(fused=True)`.
    """
    # The kernels that the public classes call, without their overhead.
    update = torch._fused_adamw_ if decoupled else torch._fused_adam_  # pyright: ignore[reportPrivateImportUsage]
    for alike in (group for segment in segments for group in segment.alike):
        values, gradients, first, second = alike.rows
        alike.steps[0].fill_(step)
        update(
            values,
            gradients,
            first,
            second,
            [],
            alike.steps,
            lr=rate_factor * alike.learning_rate,
            beta1=BETA1,
            beta2=BETA2,
            weight_decay=alike.weight_decay,
            eps=EPSILON,
            amsgrad=False,
            maximize=False,
        )


def adam_on_device(segments: Sequence[Segment], factors_3: Tensor, *, decoupled: bool = False) -> None:
    """Like `adam`, for all jobs at once and with factors that are on the device: a dozen kernels for a CUDA graph."""
    corrected_factor, second_correction, rate_factor = factors_3.unbind()
    for segment in segments:
        gradient = segment.gradients
        if decoupled:
            segment.values.mul_(1 - segment.learning_rate * rate_factor * segment.weight_decay)
        else:
            gradient.addcmul_(segment.values, segment.weight_decay)
        segment.first.lerp_(gradient, 1 - BETA1)
        segment.second.mul_(BETA2).addcmul_(gradient, gradient, value=1 - BETA2)
        denominator = segment.second.sqrt().mul_(second_correction).add_(EPSILON)
        segment.values.sub_(segment.first.div(denominator).mul_(segment.learning_rate * corrected_factor))


class Optimizer(NamedTuple):
    """One step of an optimiser on all parameters of a pack, from gradients that are clipped already.

    on_host: (segments, factor of the learning rates, number of the step from 1).
    on_device: (segments, the factors of `adam_factors`), the same for all jobs at once without numbers from the host.
    """

    on_host: Callable[[Sequence[Segment], float, int], None]
    on_device: Callable[[Sequence[Segment], Tensor], None]


def coupled(_protocol: Protocol) -> Optimizer:
    """Adam, whose weight decay is part of the gradient."""
    return Optimizer(adam, adam_on_device)


def decoupled(_protocol: Protocol) -> Optimizer:
    """AdamW, whose weight decay is not."""
    return Optimizer(partial(adam, decoupled=True), partial(adam_on_device, decoupled=True))


def adam_factors(rate_factors: Sequence[float], first: int) -> Tensor:
    """The factors that `adam_on_device` needs for each step from number `first` on: (steps, 3), float64.

    The learning-rate factor divided by the first moment's bias correction, the factor that corrects the root of the
    second moment, and the learning-rate factor itself.
    """
    steps = range(first, first + len(rate_factors))
    triples = [
        (rate_factor / (1 - BETA1**step), 1 / math.sqrt(1 - BETA2**step), rate_factor)
        for rate_factor, step in zip(rate_factors, steps, strict=True)
    ]
    return torch.tensor(triples, dtype=torch.float64)


def one_cycle(protocol: Protocol, steps: int) -> list[float]:
    """The learning rate at each step as a fraction of its maximum: cosine up, cosine down (Smith and Topin, 2018).

    The same numbers as `torch.optim.lr_scheduler.OneCycleLR`, with constant momentum.
    """
    lowest = 1 / protocol.initial_division
    final = lowest / protocol.final_division
    peak = protocol.warmup * steps - 1
    rate_factors = []
    for step in range(steps):
        if step <= peak:
            rate_factors.append(_cosine(lowest, 1.0, step / peak if peak > 0 else 1.0))
        else:
            rate_factors.append(_cosine(1.0, final, (step - peak) / (steps - 1 - peak)))
    return rate_factors


def constant(_protocol: Protocol, steps: int) -> list[float]:
    """The maximum learning rate at every step."""
    return [1.0] * steps


def stepped(protocol: Protocol, steps: int) -> list[float]:
    """The maximum learning rate, multiplied by `decay` after each epoch that is a milestone."""
    return [
        float(protocol.decay ** sum(step * protocol.epochs >= epoch * steps for epoch in protocol.milestones))
        for step in range(steps)
    ]


def _cosine(start: float, end: float, fraction: float) -> float:
    return end + (start - end) / 2 * (1 + math.cos(math.pi * fraction))
