"""The state of one job of a pack as bytes, and back: in the format of safetensors, with the facts in its metadata.

Nothing but values and Adam's moments changes from step to step: every draw is keyed by its step, so there is no random
state to keep. Each job has a state of its own, so that it can go on in another pack too, if only to rounding.
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

KEY = "regbench.state"  # of the metadata; tells our states from anybody else's safetensors
LENGTH = 8  # bytes in which safetensors writes the length of its header, little-endian


@dataclass(frozen=True)
class State:
    """A job after an epoch: arrays by name, and plain facts beside them."""

    epoch: int
    arrays: Mapping[str, np.ndarray] = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """One string of bytes; `from_bytes` is its inverse."""
        arrays = {name: np.asarray(array, order="C") for name, array in self.arrays.items()}
        return save(arrays, {KEY: json.dumps({"epoch": self.epoch, "facts": dict(self.facts)})})

    @classmethod
    def from_bytes(cls, data: bytes) -> "State":
        """The state that was written; `ValueError` for anything else."""
        try:
            arrays = load(data)
            header = json.loads(data[LENGTH : LENGTH + int.from_bytes(data[:LENGTH], "little")])
            kept = json.loads(header["__metadata__"][KEY])
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"these bytes are no state of a training: {error}") from error
        return cls(kept["epoch"], arrays, kept["facts"])


def take(model: Model) -> list[dict[str, np.ndarray]]:
    """The arrays of every job of a model, in its own order."""
    jobs: list[dict[str, np.ndarray]] = [{} for _ in model.jobs]
    for tensor, first, name in _stacked(model):
        for row, array in enumerate(tensor.detach().cpu().numpy()):
            jobs[first + row][name] = array.copy()
    return jobs


def put(model: Model, jobs: Sequence[Mapping[str, np.ndarray]]) -> None:
    """Set a model to what `take` gave."""
    for tensor, first, name in _stacked(model):
        for row in range(len(tensor)):
            tensor[row].copy_(torch.from_numpy(np.array(jobs[first + row][name])))


def _stacked(model: Model) -> list[tuple[Tensor, int, str]]:
    """Every stacked tensor that makes up a model, the job of its first row, and its name."""
    found = _of_segment(model.trunk, "trunk")
    for part in model.heads:
        found += _of_segment(part.linear, "head")
        if part.trained:
            found += _of_segment(part.trained, "method")
        found += [(tensor, part.head.jobs.start, f"fixed/{name}") for name, tensor in part.head.fixed.items()]
    return found


def _of_segment(segment: Segment, name: str) -> list[tuple[Tensor, int, str]]:
    first = segment.jobs.start
    return [
        (segment.values, first, f"{name}/values"),
        (segment.first, first, f"{name}/first"),
        (segment.second, first, f"{name}/second"),
    ]
