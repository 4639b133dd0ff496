"""A step as a CUDA graph: captured once, replayed from then on.

A step of a small network is a hundred kernels of a few microseconds each, and launching them takes longer than running
them. A replay executes exactly what was captured, so this module is not part of a result's code digest.
"""

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

WARM_UPS = 3  # before a capture, as torch's guide recommends: it traces heads, selects algorithms, allocates workspaces
Inputs = TypeVar("Inputs", bound=tuple[Any, ...])  # a named tuple of tensors


class Captured(Generic[Inputs]):
    """A function of `Inputs` as a CUDA graph: captured at its first call, replayed from then on."""

    def __init__(self, state: Sequence[Tensor]) -> None:
        self.state = state  # tensors that the body changes; restored after warming up
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: Inputs
        self._losses: Tensor

    @property
    def ready(self) -> bool:
        """Whether it has been captured."""
        return self._graph is not None

    def __call__(self, body: Callable[[Inputs], Tensor], inputs: Inputs) -> Tensor:
        """Run `body`, or replay its captured graph; the next call overwrites the result.

        `body` is not stored: its owner holds this object, and a reference cycle would keep a pack's device memory
        allocated into the next pack.
        """
        if self._graph is None:
            with torch.cuda.device(
                inputs[0].device
            ):  # streams belong to the current device, which may be a different one
                self._capture(body, inputs)
        for held, given in zip(self._inputs, inputs, strict=True):
            held.copy_(given)
        assert self._graph
        self._graph.replay()
        return self._losses

    def _capture(self, body: Callable[[Inputs], Tensor], inputs: Inputs) -> None:
        self._inputs = type(inputs)(*(tensor.clone() for tensor in inputs))
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
