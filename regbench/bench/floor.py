"""A lower bound for the time of a step: its matrix products and convolutions alone, for one model.

No activations, loss, dropout or optimiser; memory for results is allocated beforehand. Products with few columns are
much faster in one storage order than in the other, so there are two bounds: each product as usually written, and each
in the faster of the two orders, which cannot be beaten with the same libraries.
"""

import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor
from torch.nn import functional

from regbench.backbones.cnn import CHANNELS, KERNEL
from regbench.bench.shapes import Shape

Operation = Callable[[], object]
TRIED = 5  # measurements per storage order


def operations(shape: Shape, *, widths: Sequence[int], outputs: int, fastest: bool = False) -> list[Operation]:
    """The products of one step of a network with these hidden widths, including the head, as callables."""
    if not shape.is_image:
        return products(shape.batch_size, [*shape.inputs, *widths, outputs], inputs_too=False, fastest=fastest)
    flat = CHANNELS[-1] * (shape.inputs[1] // 4) * (shape.inputs[2] // 4)
    linear = products(shape.batch_size, [flat, *widths, outputs], inputs_too=True, fastest=fastest)
    return convolutions(shape) + linear


def products(rows: int, widths: Sequence[int], *, inputs_too: bool, fastest: bool = False) -> list[Operation]:
    """Three products per layer: forward, weight gradient, input gradient (for the first layer only if `inputs_too`)."""
    product = _in_faster_order if fastest else _as_written
    made = []
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        x, weight, gradient = torch.randn(rows, fan_in), torch.randn(fan_in, fan_out), torch.randn(rows, fan_out)
        made += [product(x, weight), product(x.mT, gradient)]
        if layer or inputs_too:
            made.append(product(gradient, weight.mT))
    return made


def convolutions(shape: Shape) -> list[Operation]:
    """Every convolution of the network, forward and backward; the images need no gradient."""
    made: list[Operation] = []
    into, side = shape.inputs[0], shape.inputs[1]
    for layer, channels in enumerate(CHANNELS):
        x = torch.randn(shape.batch_size, into, side, side)
        weight, bias = torch.randn(channels, into, KERNEL, KERNEL), torch.randn(channels)
        gradient = torch.randn(shape.batch_size, channels, side, side)
        made += [_forward(x, weight, bias), _backward(x, weight, gradient, inputs_too=layer > 0)]
        into, side = channels, side // 2
    return made


def _as_written(left: Tensor, right: Tensor) -> Operation:
    return _into(left, right, torch.empty(left.shape[0], right.shape[1]))


def _in_faster_order(left: Tensor, right: Tensor) -> Operation:
    rows, columns = left.shape[0], right.shape[1]
    orders = [_into(left, right, out) for out in (torch.empty(rows, columns), torch.empty(columns, rows).mT)]
    return min(orders, key=_seconds)


def _into(left: Tensor, right: Tensor, out: Tensor) -> Operation:
    return lambda: torch.mm(left, right, out=out)


def _forward(x: Tensor, weight: Tensor, bias: Tensor) -> Operation:
    return lambda: functional.conv2d(x, weight, bias, padding=KERNEL // 2)


def _backward(x: Tensor, weight: Tensor, gradient: Tensor, *, inputs_too: bool) -> Operation:
    pad = [KERNEL // 2] * 2
    needed = [inputs_too, True, True]

    def run() -> object:
        return torch.ops.aten.convolution_backward(
            gradient, x, weight, [weight.shape[0]], [1, 1], pad, [1, 1], False, [0, 0], 1, needed
        )

    return run


def _seconds(operation: Operation) -> float:
    """The shortest of several measurements."""
    operation()
    taken = []
    for _ in range(TRIED):
        start = time.process_time()
        operation()
        taken.append(time.process_time() - start)
    return min(taken)
