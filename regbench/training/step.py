"""One step of a pack: masks, gradients, clipping, update. On CUDA it is captured once and replayed.

A small network's step is a hundred kernels of a few microseconds each, and launching them takes a GPU longer than
running them. Every shape is static, every input of a step is a tensor and nothing in it asks the device for a number,
so the whole of it becomes one CUDA graph whose inputs are copied into place.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from regbench.training.dropout import Dropout
from regbench.training.optim import adam, adam_on_device, clip, clip_on_device
from regbench.training.pack import Model
from regbench.training.resident import Resident
from regbench.types import Keep

WARM_UPS = 3  # before a capture: traced heads, chosen algorithms and allocated workspaces, says torch's own guide


class Inputs(NamedTuple):
    """What changes from step to step."""

    rows: Tensor  # (S, B), of the training set
    mask_keys: Tensor  # (layers, S)
    loss_keys: Tensor  # (J,)
    progress: Tensor  # ()
    rates: Tensor  # (3,), see `optim.rates`


class Steps:
    """The steps of a pack, one call each; gives the loss of each job (J,)."""

    def __init__(self, model: Model, resident: Resident, dropout: Dropout, whose: Tensor) -> None:
        self.model = model
        self.resident = resident
        self.dropout = dropout
        self.whose = whose
        self.decoupled = model.jobs[0].protocol.optimizer == "adamw"
        state = [buffer for each in model.segments for buffer in (each.values, each.first, each.second)]
        self._captured = Captured(state) if model.device.type == "cuda" else None

    def __call__(self, inputs: Inputs, share: float, number: int) -> Tensor:
        """Step `number`, counted from 1, at `share` of the highest learning rates."""
        if self._captured and not self._captured.ready:
            self._gradients(inputs)  # traces the heads
            if any(part.head.looped for part in self.model.heads):
                self._captured = None  # what the tracer refused would stop a capture too
        if self._captured:
            return self._captured(self.on_device, inputs)
        if self.model.device.type != "cpu":
            return self.on_device(inputs)
        losses = self._gradients(inputs)
        clip(self.model.segments, self.model.clip)
        adam(self.model.segments, share, number, decoupled=self.decoupled)
        return losses

    def on_device(self, inputs: Inputs) -> Tensor:
        """The same step without a number that lives on the host: what a CUDA graph can hold."""
        losses = self._gradients(inputs)
        clip_on_device(self.model.segments, self.model.clip)
        adam_on_device(self.model.segments, inputs.rates, decoupled=self.decoupled)
        return losses

    def _gradients(self, inputs: Inputs) -> Tensor:
        keep = self.dropout.masks(inputs.mask_keys)
        return gradients(self.model, self.resident, self.whose, keep, inputs)


class Captured:
    """A function of `Inputs` as a CUDA graph: captured at its first call, replayed from then on."""

    def __init__(self, state: Sequence[Tensor]) -> None:
        self.state = state  # what the body changes; warming up must leave no trace in it
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: Inputs
        self._losses: Tensor

    @property
    def ready(self) -> bool:
        """Whether it has been captured."""
        return self._graph is not None

    def __call__(self, body: Callable[[Inputs], Tensor], inputs: Inputs) -> Tensor:
        """Run `body`, or what was captured of it; the result is overwritten by the next call.

        It is not kept, for its owner keeps this: a cycle would hold a pack's memory on the device into the next pack.
        """
        if self._graph is None:
            with torch.cuda.device(inputs.rows.device):  # streams are of the current device, which may be another
                self._capture(body, inputs)
        for held, given in zip(self._inputs, inputs, strict=True):
            held.copy_(given)
        assert self._graph
        self._graph.replay()
        return self._losses

    def _capture(self, body: Callable[[Inputs], Tensor], inputs: Inputs) -> None:
        self._inputs = Inputs(*(tensor.clone() for tensor in inputs))
        before = [tensor.clone() for tensor in self.state]
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):
            for _ in range(WARM_UPS):
                body(self._inputs)
        torch.cuda.current_stream().wait_stream(side)
        self._graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self._graph):
            self._losses = body(self._inputs)
        for tensor, value in zip(self.state, before, strict=True):
            tensor.copy_(value)


def gradients(model: Model, resident: Resident, whose: Tensor, keep: list[Keep], inputs: Inputs) -> Tensor:
    """Put the gradients of one step into the segments of `model`; gives the loss of each job (J,)."""
    x, y = (_per_job(_rows(part["train"], inputs.rows), whose) for part in (resident.x, resident.y))
    rows = _per_job(inputs.rows, whose)
    z, saved = model.backbone.forward(model.trunk.views, x, keep, model.options)
    dz, losses = [], []
    for part in model.heads:
        jobs = part.head.jobs
        batch = {"y": y[jobs], "rows": rows[jobs], "key": inputs.loss_keys[jobs], "progress": inputs.progress}
        dz_head, linear, trained, loss = part.head.step(z[jobs], part.linear.views, part.trained_views, batch)
        part.linear.put(linear)
        if part.trained:
            part.trained.put(trained)
        dz.append(dz_head)
        losses.append(loss)
    whole = dz[0] if len(dz) == 1 else torch.cat(dz)
    trunk = model.backbone.backward(model.trunk.views, saved, whole)
    model.trunk.put(trunk[name] for name in model.trunk.views)
    return torch.cat(losses)


def _rows(table: Tensor, rows_SB: Tensor) -> Tensor:
    """The rows (S, B, ...) of a table (N, ...)."""
    return table.index_select(0, rows_SB.flatten()).unflatten(0, rows_SB.shape)


def _per_job(per_seed: Tensor, whose: Tensor) -> Tensor:
    """(S, ...) -> (J, ...): a view where the whole pack has one seed."""
    if len(per_seed) == 1:
        return per_seed.expand(len(whose), *per_seed.shape[1:])
    return per_seed.index_select(0, whose)
