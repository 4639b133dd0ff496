"""The state of one job of a pack as bytes, and back: raw little-endian numbers behind a header of JSON.

Nothing but values and Adam's moments changes from step to step: every draw is keyed by its step, so there is no random
state to keep. Each job has a state of its own, so that it can go on in another pack too, if only to rounding.
"""

import json
import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regbench.training.optim import Segment
from regbench.training.pack import Model

MAGIC = b"regbench-state-1"
LENGTH = struct.Struct("<Q")


@dataclass(frozen=True)
class State:
    """A job after an epoch: arrays by name, and plain facts beside them."""

    epoch: int
    arrays: Mapping[str, np.ndarray] = field(repr=False)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """One string of bytes; `from_bytes` is its inverse."""
        arrays = {name: np.asarray(array, order="C") for name, array in self.arrays.items()}
        layout = [(name, array.dtype.newbyteorder("<").str, array.shape) for name, array in arrays.items()]
        header = json.dumps({"epoch": self.epoch, "facts": dict(self.facts), "arrays": layout}).encode()
        raw = [array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes() for array in arrays.values()]
        return b"".join([MAGIC, LENGTH.pack(len(header)), header, *raw])

    @classmethod
    def from_bytes(cls, data: bytes) -> "State":
        """The state that was written; `ValueError` for anything else."""
        if not data.startswith(MAGIC):
            raise ValueError("these bytes are no state of a training")
        start = len(MAGIC) + LENGTH.size
        (length,) = LENGTH.unpack(data[len(MAGIC) : start])
        header = json.loads(data[start : start + length])
        layout = [(name, np.dtype(kind), shape) for name, kind, shape in header["arrays"]]
        expected = start + length + sum(kind.itemsize * math.prod(shape) for _, kind, shape in layout)
        if expected != len(data):
            raise ValueError(f"a state of {expected} bytes was expected, and {len(data)} are here")
        at = start + length
        arrays = {}
        for name, kind, shape in layout:
            arrays[name] = np.frombuffer(data, dtype=kind, count=math.prod(shape), offset=at).reshape(shape)
            at += arrays[name].nbytes
        return cls(header["epoch"], arrays, header["facts"])


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
