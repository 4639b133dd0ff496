"""The steps of a training under a clock: the same calls in the same order, so the same numbers.

The parts of the step are replaced by themselves with a clock around them, on their own buffers. What a function's time
belongs to follows from its name and from the part that calls it.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from regbench.bench.clock import Clock
from regbench.tasks.task import Task
from regbench.training.batches import Batches
from regbench.training.depth import DepthFirst, Last
from regbench.training.dropout import Dropout
from regbench.training.optim import clip
from regbench.training.pack import Model
from regbench.training.step import Inputs, Steps
from regbench.types import Single

GATHERING = {"index_select", "flatten", "unflatten"}
PRODUCTS = {"addmm", "mm"}
PASSES = {"activate": "apply", "gate": "gate"}  # of a network, each a whole: a compiled one is no call of torch


def clocked_epochs(model: Model, task: Task, clock: Clock) -> Iterator[Tensor]:
    """Train under a clock, as `optimise` does but at the highest rate; yields the losses of an epoch (steps, J)."""
    batches = Batches(model, task.rows("train"))
    draw = clock.whole("order", batches.epoch)
    step = ClockedSteps(model, task, batches.dropout, batches.whose, clock)
    for epoch in range(model.jobs[0].protocol.epochs):
        with clock:
            steps = draw(epoch)
        yield torch.stack([step(inputs, 1.0, number) for inputs, _, number in steps])


class ClockedSteps(Steps):
    """The same steps under a clock; the calls, and so the numbers, are those of `Steps`."""

    def __init__(self, model: Model, task: Task, dropout: Dropout, whose: Tensor, clock: Clock) -> None:
        super().__init__(model, task, dropout, whose)
        if self.depth_first is None:
            raise ValueError("only networks that train depth first are profiled")
        self.clock = clock
        self._clip, self._adam = clock.whole("clip", clip), clock.whole("adam", self.optimizer.on_host)
        _put_under(self.depth_first, clock)

    def __call__(self, inputs: Inputs, rate_factor: float, number: int) -> Tensor:
        """As in `Steps`."""
        assert self.depth_first
        with self.clock:
            losses = self.depth_first(inputs.rows, inputs.mask_keys, inputs.loss_keys, inputs.progress)
            self._clip(self.model.segments, self.model.clip)
            self._adam(self.model.segments, rate_factor, number)
        return losses


def _put_under(depth_first: DepthFirst, clock: Clock) -> None:
    """Replace the parts of an object that computes gradients by the same under a clock."""

    def single(model: Single) -> Any:
        for name, stage in PASSES.items():
            if hasattr(model, name):
                setattr(model, name, clock.whole(stage, getattr(model, name)))
        return SimpleNamespace(
            forward=clock.within(forward, model.forward), backward=clock.within(backward, model.backward)
        )

    def last(layer: Last) -> Any:
        head = copy(layer.part.head)  # the model keeps its own
        head.loss = clock.whole("loss", head.loss)
        return SimpleNamespace(
            part=replace(layer.part, head=head),
            z=layer.z,
            forward=clock.within(in_last, layer.forward),
            backward=clock.within(in_last, layer.backward),
        )

    depth_first.buffers.fill = clock.whole("draw", depth_first.buffers.fill)
    depth_first.singles = [single(model) for model in depth_first.singles]
    depth_first.lasts = [last(layer) for layer in depth_first.lasts]


def of_step(name: str) -> str | None:
    """The stage of a function that the step itself calls."""
    return "gather" if name in GATHERING else None


def forward(name: str) -> str:
    """The stage of a function in the forward pass of the hidden layers."""
    return "forward" if name in PRODUCTS else "apply"


def backward(name: str) -> str:
    """The stage of a function in their backward pass."""
    if name in PRODUCTS:
        return "backward"
    return "bias" if name == "sum" else "gate"


def in_last(_name: str) -> str:
    """The stage of a function in the last layer."""
    return "last"
