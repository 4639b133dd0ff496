"""A dataset on the device: it is stored once, and a batch is a gather."""

from dataclasses import dataclass

import torch
from torch import Tensor

from regbench.data import Prepared

PARTS = ("train", "val", "test")


@dataclass(frozen=True)
class Resident:
    """Inputs (N, D...) and targets (N, M) by part of the split."""

    x: dict[str, Tensor]
    y: dict[str, Tensor]

    @classmethod
    def of(cls, data: Prepared, device: torch.device, dtype: torch.dtype) -> "Resident":
        """Move the three parts of a split to the device."""
        x = {part: torch.from_numpy(getattr(data, f"x_{part}")).to(device, dtype) for part in PARTS}
        y = {part: torch.from_numpy(getattr(data, f"y_{part}")).to(device, dtype) for part in PARTS}
        return cls(x, y)
