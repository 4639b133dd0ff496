"""One step of a pack: masks, gradients, clipping, update. On CUDA it is captured once and replayed.

On a CPU the models go one by one through a backbone that can do it (`depth.py`); elsewhere all go together.

Every shape is static, every input of a step is a tensor and nothing reads a value back from the device, so the whole
step can become one CUDA graph.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from regbench.random import Stream
from regbench.tasks.resident import Resident
from regbench.tasks.task import Task
from regbench.training import chosen, trunk
from regbench.training.capture import Captured
from regbench.training.depth import DepthFirst
from regbench.training.dropout import Dropout
from regbench.training.optim import clip, clip_on_device
from regbench.training.pack import Model
from regbench.types import Keep


class Inputs(NamedTuple):
    """The inputs of a step."""

    rows: Tensor  # (S, B), of the training set
    mask_keys: Tensor  # (layers, S)
    row_keys: Tensor  # (S,)
    loss_keys: Tensor  # (J,)
    progress: Tensor  # ()
    adam_factors: Tensor  # (3,), see `optim.adam_factors`


class Steps:
    """Performs the steps of a pack; a call does one step and returns the loss of each job (J,)."""

    def __init__(self, model: Model, task: Task, dropout: Dropout, whose: Tensor) -> None:
        self.model = model
        self.task = task
        self.dropout = dropout
        self.whose = whose
        self.optimizer = chosen.optimizer(model.jobs[0].protocol)
        state = [buffer for segment in model.segments for buffer in (segment.values, segment.first, segment.second)]
        state += model.buffers.values()
        self._captured = Captured(state) if model.device.type == "cuda" and task.on_device else None
        self.depth_first = None
        if model.device.type == "cpu" and model.backbone.single is not None and isinstance(task, Resident):
            self.depth_first = DepthFirst(model, task, dropout, whose)

    def __call__(self, inputs: Inputs, rate_factor: float, number: int) -> Tensor:
        """Step `number`, counted from 1, at `rate_factor` times the maximum learning rates."""
        if self._captured and not self._captured.ready:
            self._gradients(inputs)  # traces the heads
            if not all(part.head.stays_on_device for part in self.model.heads):
                self._captured = None  # what fails in the tracer, or runs on the host, would fail in a capture too
        if self._captured:
            return self._captured(self.on_device, inputs)
        if self.model.device.type != "cpu":
            return self.on_device(inputs)
        if self.depth_first:
            losses = self.depth_first(inputs.rows, inputs.mask_keys, inputs.loss_keys, inputs.progress)
        else:
            losses = self._gradients(inputs)
        if self.model.clips:
            clip(self.model.segments, self.model.clip)
        self.optimizer.on_host(self.model.segments, rate_factor, number)
        return losses

    def on_device(self, inputs: Inputs) -> Tensor:
        """The same step without any number from the host, so that a CUDA graph can hold it."""
        losses = self._gradients(inputs)
        if self.model.clips:
            clip_on_device(self.model.segments, self.model.clip)
        self.optimizer.on_device(self.model.segments, inputs.adam_factors)
        return losses

    def _gradients(self, inputs: Inputs) -> Tensor:
        keep = self.dropout.masks(inputs.mask_keys)
        return gradients(self.model, self.task, self.whose, keep, inputs)


def gradients(model: Model, task: Task, whose: Tensor, keep: list[Keep], inputs: Inputs) -> Tensor:
    """Compute the gradients of one step into the segments of `model`; returns the loss of each job (J,)."""
    given = task.batch(inputs.rows, Stream(inputs.row_keys))
    x, y, mask = (None if each is None else _per_job(each, whose) for each in given)
    assert x is not None
    assert y is not None
    rows = _per_job(inputs.rows, whose)
    z, back = trunk.forward(model.backbone, model.trunk.views, model.buffers, x, keep, model.options)
    dz, losses = [], []
    for part in model.heads:
        jobs = part.head.jobs
        batch = {"y": y[jobs], "rows": rows[jobs], "key": inputs.loss_keys[jobs], "progress": inputs.progress}
        if mask is not None:
            batch["mask"] = mask[jobs]
        dz_head, linear, trained, loss = part.head.step(z[jobs], part.linear.views, part.trained_views, batch)
        part.linear.put(linear)
        part.put_trained(trained)
        dz.append(dz_head)
        losses.append(loss)
    whole = dz[0] if len(dz) == 1 else torch.cat(dz)
    of_trunk = back(whole)
    model.trunk.put(of_trunk[name] for name in model.trunk.views)
    return torch.cat(losses)


def _per_job(per_seed: Tensor, whose: Tensor) -> Tensor:
    """From seeds to jobs, (S, ...) -> (J, ...): a view if the whole pack has one seed."""
    if len(per_seed) == 1:
        return per_seed.expand(len(whose), *per_seed.shape[1:])
    return per_seed.index_select(0, whose)
