"""The state of one job of a pack as bytes and back: safetensors, with the metadata of the job in its header.

Only the values, Adam's moments and a backbone's buffers change from step to step: every random draw is keyed by its
step, so there is no random state to keep. Each job has its own state, so it can also continue in another pack, equal up
to rounding.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.numpy import load, save
from torch import Tensor

from regbench.training.optim import Segment
from regbench.training.pack import Model

KEY = "regbench.state"  # metadata key that marks our states among safetensors files
LENGTH = 8  # bytes in which safetensors writes the length of its header, little-endian


@dataclass(frozen=True)
class State:
    """The state of a job after an epoch: arrays by name, and plain data (`facts`) stored with them."""

    epoch: int
    arrays: Mapping[str, np.ndarray] = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """Serialise; `from_bytes` is the inverse."""
        arrays = {name: np.asarray(array, order="C") for name, array in self.arrays.items()}
        return save(arrays, {KEY: json.dumps({"epoch": self.epoch, "facts": dict(self.facts)})})

    @classmethod
    def from_bytes(cls, data: bytes) -> "State":
        """Read what `to_bytes` wrote; raises `ValueError` for anything else."""
        try:
            arrays = load(data)
            header = json.loads(data[LENGTH : LENGTH + int.from_bytes(data[:LENGTH], "little")])
            kept = json.loads(header["__metadata__"][KEY])
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"not a training state: {error}") from error
        return cls(kept["epoch"], arrays, kept["facts"])


def take(model: Model) -> list[dict[str, np.ndarray]]:
    """The arrays of every job of a model, in the order of `model.jobs`."""
    jobs: list[dict[str, np.ndarray]] = [{} for _ in model.jobs]
    for tensor, first, name in _stacked(model):
        for row, array in enumerate(tensor.detach().cpu().numpy()):
            jobs[first + row][name] = array.copy()
    return jobs


def put(model: Model, jobs: Sequence[Mapping[str, np.ndarray]]) -> None:
    """Set a model to the arrays that `take` returned."""
    for tensor, first, name in _stacked(model):
        for row in range(len(tensor)):
            tensor[row].copy_(torch.from_numpy(np.array(jobs[first + row][name])))


def _stacked(model: Model) -> list[tuple[Tensor, int, str]]:
    """Every stacked tensor of the model's state, the job of its first row, and its name."""
    found = _of_segment(model.trunk, "trunk")
    found += [(tensor, 0, f"buffers/{name}") for name, tensor in model.buffers.items()]
    for part in model.heads:
        found += _of_segment(part.linear, "head")
        if part.trained:
            found += _of_segment(part.trained, "method")
        if part.added:
            found += _of_segment(part.added, "parts")
        found += [(tensor, part.head.jobs.start, f"fixed/{name}") for name, tensor in part.head.fixed.items()]
    return found


def _of_segment(segment: Segment, name: str) -> list[tuple[Tensor, int, str]]:
    first = segment.jobs.start
    return [
        (segment.values, first, f"{name}/values"),
        (segment.first, first, f"{name}/first"),
        (segment.second, first, f"{name}/second"),
    ]
