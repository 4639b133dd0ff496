"""Small generated models of every method, for the tests of this folder."""

from collections.abc import Mapping

import torch
from torch import Tensor

from regbench import catalog
from regbench.random import Stream
from regbench.types import Batch, HParams, Method, Params


def hparams(method: Method, **changed: float) -> dict[str, Tensor]:
    """All hyper-parameters at their defaults, except those given, as `init` and `loss` receive them."""
    values = {name: each.default for name, each in method.hparams.items()} | changed
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in values.items()}


def targets(n: int = 200, m: int = 1, seed: int = 0) -> Tensor:
    """Training targets (N, M) on [0, 1], both ends included in every dimension."""
    y_NM = Stream.named(seed, "targets").uniform(n, m)
    y_NM[0], y_NM[1] = 0, 1
    return y_NM


def build(
    name: str,
    k: int = 5,
    y_NM: Tensor | None = None,
    *,
    seed: int = 0,
    static: Mapping[str, str] | None = None,
    **changed: float,
) -> tuple[Method, Params, HParams]:
    """A method, its parameters on `y_NM` and its hyper-parameters; equal ones are made once, for stage 1 takes long."""
    y_NM = targets() if y_NM is None else y_NM
    known = name, k, y_NM.shape, y_NM.numpy().tobytes(), seed, frozenset((static or {}).items()), *changed.items()
    if known not in _built:
        _built[known] = build_anew(name, k, y_NM, seed=seed, static=static, **changed)
    return _built[known]


_built: dict[tuple[object, ...], tuple[Method, Params, HParams]] = {}


def build_anew(
    name: str, k: int, y_NM: Tensor, *, seed: int = 0, static: Mapping[str, str] | None = None, **changed: float
) -> tuple[Method, Params, HParams]:
    """What `build` gives, made in this call."""
    method: Method = catalog.load("methods", name)
    values = hparams(method, **changed)
    params = method.init(y_NM, k, values, {**method.static, **(static or {})}, Stream.named(seed, "method"))
    return method, params, values


def outputs(method: Method, k: int, m: int, n: int = 12, seed: int = 0) -> Tensor:
    """Outputs (B, K) of an untrained network."""
    return Stream.named(seed, "outputs").normal(n, method.outputs(k, m))


def batch(method: Method, params: Params, y_BM: Tensor, outputs_BK: Tensor) -> Batch:
    """A batch as the engine passes it to a loss."""
    return Batch(
        y=y_BM,
        outputs=outputs_BK,
        prediction=method.predict(params, outputs_BK),
        z=outputs_BK.new_zeros(len(y_BM), 3),
        rows=torch.arange(len(y_BM)),
        stream=Stream.named(0, "step"),
        progress=outputs_BK.new_zeros(()),
    )


def losses(method: Method, params: Params, values: HParams, y_BM: Tensor, outputs_BK: Tensor) -> Tensor:
    """The loss of every row: (B,)."""
    return method.loss(params, batch(method, params, y_BM, outputs_BK), values)


def cast(params: Params, dtype: torch.dtype) -> Params:
    """The parameters in the dtype of training."""
    return Params(
        trained={name: value.to(dtype) for name, value in params.trained.items()},
        fixed={name: value.to(dtype) for name, value in params.fixed.items()},
    )
