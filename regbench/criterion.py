"""A plain `criterion(prediction, target)` as a method: one output for each dimension of the target.

What it returns decides how it is used: a value per entry (B, M) is summed over dimensions, as least squares is; a value
per row (B,) is taken as it is; a single number () is one loss for all rows together. A `torch.nn.Module` may have
parameters, which are trained at the learning rate of the network, and buffers, which stay as they are.
"""

from collections.abc import Callable
from functools import cache, update_wrapper
from typing import Any

import torch
from torch import Tensor

from regbench.errors import UsageError
from regbench.types import Batch, HParams, Method, Params

NAME = "criterion"
EXAMPLE = "def criterion(prediction, target): return (prediction - target).abs()"
ROWS = 4  # of the batch that shows the shape of what it returns


@cache
def method_of(criterion: Callable[[Tensor, Tensor], Any]) -> Method:
    """The method whose loss it is: prediction and target (B, M) -> (B, M), (B,) or ().

    Raises:
        UsageError: it cannot be called with two tensors (B, M), or returns something else.
    """
    if isinstance(criterion, type):
        raise UsageError(f"{NAME} is a class; write `{NAME} = {criterion.__name__}()` at the end of the file")
    params = _params(criterion)
    shape = _shape(criterion)

    def loss(params: Params, batch: Batch, _hparams: HParams) -> Tensor:
        value = _call(criterion, params, batch.prediction, batch.y)
        return value.sum(-1) if value.ndim > 1 else value

    update_wrapper(loss, criterion, assigned=(), updated=())  # messages name a line of the user's code
    return Method(
        outputs=lambda _k, m: m,
        init=lambda *_: params,
        loss=loss,
        predict=lambda _params, outputs_BM: outputs_BM,
        uses_k=False,
        per_batch=not shape,
        reference="",
    )


def _params(criterion: Any) -> Params:
    """The parameters and buffers of a module, float64; a dot in a name would mean a part of a job."""
    if not isinstance(criterion, torch.nn.Module):
        return Params()
    trained, fixed = (
        {name.replace(".", "__"): value.detach().double() for name, value in named}
        for named in (criterion.named_parameters(), criterion.named_buffers())
    )
    return Params(trained, fixed)


def _call(criterion: Any, params: Params, prediction_BM: Tensor, y_BM: Tensor) -> Tensor:
    if not params.trained and not params.fixed:
        return criterion(prediction_BM, y_BM)
    names = [name for named in (criterion.named_parameters(), criterion.named_buffers()) for name, _ in named]
    own = {name: params[name.replace(".", "__")] for name in names}
    return torch.func.functional_call(criterion, own, (prediction_BM, y_BM))


def _shape(criterion: Any) -> torch.Size:
    """The shape of what it returns for a few rows of one dimension."""
    prediction, y = torch.linspace(0.1, 0.9, ROWS)[:, None], torch.linspace(0.3, 0.5, ROWS)[:, None]
    try:
        with torch.no_grad():
            value = criterion(prediction, y)
    except TypeError as error:
        raise UsageError(f"{NAME} must take two tensors (rows, dimensions), as in `{EXAMPLE}`: {error}") from None
    if not isinstance(value, Tensor):
        raise UsageError(f"{NAME} must return a tensor, as in `{EXAMPLE}`, not {type(value).__name__}")
    if value.shape not in {(ROWS, 1), (ROWS,), ()}:
        raise UsageError(
            f"{NAME} must return a value per entry ({ROWS}, 1), per row ({ROWS},) or one in all (), not "
            f"{tuple(value.shape)}: were prediction and target broadcast against each other?"
        )
    return value.shape
