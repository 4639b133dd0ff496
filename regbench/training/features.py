"""The features of some test rows after chosen epochs: metrics of them, and arrays kept for figures."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import torch

from regbench import metrics
from regbench.tasks.task import Task
from regbench.training.pack import Model
from regbench.training.pixels import enlarged
from regbench.types import Features

MOST_ROWS = 1000  # of the test part, the first ones; as paper 2 has for its Table 4
PART = "test"


@dataclass(frozen=True)
class Seen:
    """What is found of one job: metrics by name, such as `test/volume_cosine`, and arrays in single precision by name.

    arrays: `features` (N, H), their `targets` (N, M) and `predictions` (N, M), and `weight` (K, H) of the last layer.
    """

    values: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def look(model: Model, task: Task, epoch: int) -> list[Seen]:
    """What the protocol asks for after this epoch, in the order of `model.jobs`; computed one job at a time."""
    protocol = model.jobs[0].protocol
    measured, kept = epoch in protocol.measure_features, epoch in protocol.keep_features
    weights = epoch in protocol.keep_weights
    if not (measured or kept or weights):
        return [Seen() for _ in model.jobs]
    functions = metrics.of_features() if measured else {}
    if not (measured or kept):
        return [Seen(arrays=_plain({"weight": weight})) for weight in _last_layers(model)]
    found = []
    for seen in _features(model, task):
        values = {f"{PART}/{name}": float(function(seen)) for name, function in functions.items()}
        arrays = {"weight": seen.weight} if weights or kept else {}
        if kept:
            arrays |= {"features": seen.z, "targets": seen.y, "predictions": seen.prediction}
        found.append(Seen(values, _plain(arrays)))
    return found


def _features(model: Model, task: Task) -> list[Features]:
    features, targets = [], []
    for block in task.blocks(PART, MOST_ROWS):
        z = model.features(block.x.expand(len(model.jobs), *block.x.shape))
        if block.mask is not None:
            return _pixels(model, z, block.y, block.mask)
        features.append(z)
        targets.append(block.y)
        if sum(map(len, targets)) >= MOST_ROWS:
            break
    z, y = torch.cat(features, dim=1)[:, :MOST_ROWS], torch.cat(targets)[:MOST_ROWS]
    predictions = torch.cat(
        [part.head.evaluate(z[part.head.jobs], part.linear.views, part.trained_views, y)[0] for part in model.heads]
    )
    return _seen(model, z, y, predictions)


def _pixels(model: Model, z_JBhwH: torch.Tensor, y_RM: torch.Tensor, mask: torch.Tensor) -> list[Features]:
    """Features of pixels of a block of images, spread over those that are evaluated."""
    rows = torch.linspace(0, len(y_RM) - 1, min(MOST_ROWS, len(y_RM)), device=y_RM.device).long()
    predictions = [
        part.head.evaluate(z_JBhwH[part.head.jobs], part.linear.views, part.trained_views, y_RM, mask)[0]
        for part in model.heads
    ]
    return _seen(model, enlarged(z_JBhwH, mask)[:, rows], y_RM[rows], torch.cat(predictions)[:, rows])


def _seen(model: Model, z: torch.Tensor, y: torch.Tensor, predictions: torch.Tensor) -> list[Features]:
    each = zip(z, predictions, _last_layers(model), strict=True)
    return [Features(of_job, y, prediction, weight) for of_job, prediction, weight in each]


def _last_layers(model: Model) -> list[torch.Tensor]:
    """The weight (K, H) of each job's last layer; of a convolution, that of every place it looks at."""
    return [
        part.head.last.matrix(weight) if part.head.last else weight.t()
        for part in model.heads
        for weight in part.linear.views["weight"]
    ]


def _plain(tensors: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: tensor.float().cpu().numpy().copy() for name, tensor in tensors.items()}
