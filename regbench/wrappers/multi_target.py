"""Several last layers learn the same target from the same features, and their mean is the prediction.

Zhang, Yan, Yao (2025), section 4.1: with one target dimension the gradient of the loss pushes features along one line
only; m heads with different weights push them in m directions, so features that mean the same come closer together.
The mean of linear heads is a linear head, so nothing is gained by averaging itself; the scores mse/1, mae/1, ...
of the single heads show this.

extra: `copies` of the target for all heads, or `noise`, the paper's control: only the first head learns the target, the
others learn fixed numbers that mean nothing, as spread as the targets are.
"""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from regbench.errors import UsageError, one_of
from regbench.random import Stream
from regbench.types import Batch, HParams, Method, Params, Score, Static, Wrapper

EXTRAS = ("copies", "noise")
NOISE = "multi_target_noise"  # the fixed parameter: one target of each extra head for each training row
SIZES = (1, 2, 3, 5, 8, 13)  # numbers of bins and of dimensions that tell whether outputs are the prediction


def wrap(method: Method, static: Static) -> Method:
    """The method with m heads; `UsageError` for m < 1, an unknown extra, or noise with a method of distributions."""
    m = int(static["m"])
    if m < 1:
        raise UsageError(f"m={m}: multi_target needs one head at least")
    extra = one_of("extra", static["extra"], EXTRAS, "targets of extra heads")
    if extra == "noise" and (method.uses_k or any(method.outputs(k, size) != size for k in SIZES for size in SIZES)):
        raise UsageError("extra=noise: multi_target needs a method whose outputs are its prediction, such as lsq")
    wrapped = replace(method, outputs=lambda k, dimensions: m * method.outputs(k, dimensions))
    return _with_noise(wrapped, method, m) if extra == "noise" else _with_copies(wrapped, method, m)


def _with_copies(wrapped: Method, method: Method, m: int) -> Method:
    def loss(params: Params, batch: Batch, hparams: HParams) -> Tensor:
        """The mean over heads of the method's loss of each row: outputs (B, m·K) -> (B,)."""
        heads = _heads(batch.outputs, m)
        return _mean([method.loss(params, _of_head(method, params, batch, each), hparams) for each in heads])

    def predict(params: Params, outputs: Tensor) -> Tensor:
        """The mean of the heads' predictions: (B, m·K) -> (B, M)."""
        return _mean([method.predict(params, each) for each in _heads(outputs, m)])

    scores = {name: _averaged(score, m) for name, score in method.scores.items()}
    return replace(wrapped, loss=loss, predict=predict, scores=scores | _errors(method, m))


def _with_noise(wrapped: Method, method: Method, m: int) -> Method:
    def init(y_NM: Tensor, k: int, hparams: HParams, static: Static, stream: Stream) -> Params:
        """The method's parameters and, fixed, the noise (N, m - 1, M)."""
        params = method.init(y_NM, k, hparams, static, stream)
        noise = stream.child(NOISE).normal(len(y_NM), m - 1, y_NM.shape[1]) * y_NM.std(0, correction=0)
        return Params(params.trained, {**params.fixed, NOISE: noise})

    def loss(params: Params, batch: Batch, hparams: HParams) -> Tensor:
        """The mean over heads of the method's loss, the first of targets and the others of noise: (B,)."""
        first, *others = _heads(batch.outputs, m)
        losses = [method.loss(params, _of_head(method, params, batch, first), hparams)]
        for number, each in enumerate(others):
            seen = _of_head(method, params, batch, each)._replace(y=params.fixed[NOISE][batch.rows][:, number])
            losses.append(method.loss(params, seen, hparams))
        return _mean(losses)

    def predict(params: Params, outputs: Tensor) -> Tensor:
        """The prediction of the first head: (B, m·M) -> (B, M)."""
        return method.predict(params, _heads(outputs, m)[0])

    scores = {name: _first(score, m) for name, score in method.scores.items()}
    return replace(wrapped, init=init, loss=loss, predict=predict, scores=scores | _errors(method, m))


def _heads(outputs: Tensor, m: int) -> list[Tensor]:
    """The outputs of each head: (B, m·K) -> m times (B, K)."""
    return list(outputs.unflatten(-1, (m, -1)).unbind(-2))


def _of_head(method: Method, params: Params, batch: Batch, outputs: Tensor) -> Batch:
    """The batch as the method would see it if this were the only head."""
    return batch._replace(outputs=outputs, prediction=method.predict(params, outputs))


def _mean(values: list[Tensor]) -> Tensor:
    return values[0] if len(values) == 1 else torch.stack(values).mean(0)


def _averaged(score: Score, m: int) -> Score:
    return lambda params, outputs, y: _mean([score(params, each, y) for each in _heads(outputs, m)])


def _first(score: Score, m: int) -> Score:
    return lambda params, outputs, y: score(params, _heads(outputs, m)[0], y)


def _errors(method: Method, m: int) -> dict[str, Score]:
    """The squared and the absolute error of each head, averaged over target dimensions."""
    sizes = {"mse": torch.square, "mae": torch.abs}
    return {
        f"{name}/{number + 1}": _error(method, m, number, size) for name, size in sizes.items() for number in range(m)
    }


def _error(method: Method, m: int, number: int, size: Callable[[Tensor], Tensor]) -> Score:
    return lambda params, outputs, y: size(method.predict(params, _heads(outputs, m)[number]) - y).mean(-1)


WRAPPER = Wrapper(
    wrap=wrap,
    static={"m": 8, "extra": "copies"},
    label="MT",
    reference="Zhang, Yan, Yao (2025), equation 6, https://arxiv.org/abs/2502.09122",
)
