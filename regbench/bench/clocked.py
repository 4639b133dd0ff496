"""The steps of a training under a clock: the same calls in the same order, so the same numbers.

The parts of the step are replaced by themselves with a clock around them, on their own buffers. What a function's time
belongs to follows from its name and from the part that calls it.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor

from regbench.bench.clock import Clock
from regbench.random import Stream
from regbench.tasks.task import Task
from regbench.training.depth import DepthFirst, Last
from regbench.training.dropout import Dropout
from regbench.training.optim import adam, clip
from regbench.training.pack import Model
from regbench.training.step import Inputs, Steps
from regbench.types import Single

CPU = torch.device("cpu")
GATHERING = {"index_select", "flatten", "unflatten"}
PRODUCTS = {"addmm", "mm"}
PASSES = {"activate": "apply", "gate": "gate"}  # of a network, each a whole: a compiled one is no call of torch


def clocked_epochs(model: Model, task: Task, clock: Clock) -> Iterator[Tensor]:
    """Train under a clock, as `optimise` does but at the highest rate; yields the losses of an epoch (steps, J)."""
    protocol = model.jobs[0].protocol
    batches = Batches.of(model, task.rows("train"))
    draw = clock.whole("order", batches.epoch)
    step = ClockedSteps(model, task, batches.dropout, batches.whose, clock)
    for epoch in range(protocol.epochs):
        with clock:
            inputs = draw(epoch)
        first = 1 + epoch * len(inputs)
        yield torch.stack([step(of_step, 1.0, number) for number, of_step in enumerate(inputs, first)])


@dataclass(frozen=True)
class Batches:
    """The inputs of a training's steps, drawn once per epoch as `optimise` does it."""

    rows: int
    batch_size: int
    dropout: Dropout
    whose: Tensor
    orders: Stream
    draws: Stream

    @classmethod
    def of(cls, model: Model, rows: int) -> "Batches":
        """For training on so many rows."""
        size = min(model.jobs[0].protocol.batch_size, rows)
        widths = model.backbone.dropped(model.options)
        dropout = Dropout(model.jobs, widths, rows=size, device=CPU, dtype=model.clip.dtype)
        whose = torch.tensor([dropout.seeds.index(job.seed) for job in model.jobs])
        orders, draws = (
            Stream(torch.stack([Stream.named(seed, purpose).key for seed in dropout.seeds]))
            for purpose in ("order", "loss")
        )
        return cls(rows, size, dropout, whose, orders, draws)

    def epoch(self, number: int) -> list[Inputs]:
        """The inputs of each step; the rates are not among them, for a CPU does not read them."""
        steps = self.rows // self.batch_size
        numbers = torch.arange(number * steps, (number + 1) * steps)
        order = self.orders.child(number).permutation(self.rows)
        mask_keys = self.dropout.epoch(number * steps, steps)
        row_keys = self.draws.child(numbers[:, None]).key  # nothing is random about the rows of tables
        loss_keys = row_keys[:, self.whose]
        progress = numbers.to(self.dropout.dtype)
        rows = order[:, : steps * self.batch_size].split(self.batch_size, 1)
        return [
            Inputs(*of_step, progress) for of_step in zip(rows, mask_keys, row_keys, loss_keys, progress, strict=True)
        ]


class ClockedSteps(Steps):
    """The same steps under a clock; the calls, and so the numbers, are those of `Steps`."""

    def __init__(self, model: Model, task: Task, dropout: Dropout, whose: Tensor, clock: Clock) -> None:
        super().__init__(model, task, dropout, whose)
        if self.depth_first is None:
            raise ValueError("only networks that train depth first are profiled")
        self.clock = clock
        self._clip, self._adam = clock.whole("clip", clip), clock.whole("adam", adam)
        _put_under(self.depth_first, clock)

    def __call__(self, inputs: Inputs, rate_factor: float, number: int) -> Tensor:
        """As in `Steps`."""
        assert self.depth_first
        with self.clock:
            losses = self.depth_first(inputs.rows, inputs.mask_keys, inputs.loss_keys, inputs.progress)
            self._clip(self.model.segments, self.model.clip)
            self._adam(self.model.segments, rate_factor, number, decoupled=self.decoupled)
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
