"""Small generated batches, and one step of many models, for the tests of this folder."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor
from torch.func import vmap

from regbench import catalog
from regbench.random import Stream
from regbench.types import Batch, HParams, Params, Regularizer, Rows, Static

FEATURES = 7


def load(name: str) -> Regularizer:
    """The regularizer of that name."""
    return catalog.load("regularizers", name)


def hparams(regularizer: Regularizer, dtype: torch.dtype = torch.float64, **changed: float) -> dict[str, Tensor]:
    """All hyper-parameters at their defaults, except those given, as a loss receives them."""
    values = {name: each.default for name, each in regularizer.hparams.items()} | changed
    return {name: torch.tensor(value, dtype=dtype) for name, value in values.items()}


def static(regularizer: Regularizer, **changed: int | float | str | bool) -> dict[str, int | float | str | bool]:
    """All static settings at their defaults, except those given that the regularizer has."""
    return {name: changed.get(name, default) for name, default in regularizer.static.items()}


def features(n: int, h: int = FEATURES, seed: int = 0) -> Tensor:
    """Features (B, H)."""
    return Stream.named(seed, "features").normal(n, h)


def targets(n: int, m: int = 1, seed: int = 0, levels: int | None = None) -> Tensor:
    """Targets (B, M) on [0, 1); with `levels`, so many different values per dimension."""
    uniform = Stream.named(seed, "targets").uniform(n, m)
    return uniform if levels is None else (uniform * levels).floor() / levels


def parameters(regularizer: Regularizer, h: int = FEATURES, seed: int = 0, **changed: int | str | bool) -> Params:
    """What `init` gives for features of width H."""
    settings = static(regularizer, **changed)
    return regularizer.init(targets(20), h, hparams(regularizer), settings, Stream.named(seed, "init"))


def cast(params: Params, dtype: torch.dtype) -> Params:
    """The parameters in the dtype of training."""
    trained, fixed = (
        {name: value.to(dtype) for name, value in part.items()} for part in (params.trained, params.fixed)
    )
    return Params(trained, fixed)


def batch(z_BH: Tensor, y_BM: Tensor, key: Tensor | None = None) -> Batch:
    """A batch as the engine passes it to a loss."""
    stream = Stream.named(0, "step") if key is None else Stream(key)
    nothing = z_BH.new_zeros(())
    return Batch(y_BM, z_BH[:, :1], z_BH[:, :1], z_BH, torch.arange(len(z_BH)), stream, nothing)


def rows(y_BM: Tensor, key: Tensor | None = None) -> Rows:
    """What a transformation gets of a batch."""
    stream = Stream.named(0, "step") if key is None else Stream(key)
    return Rows(y_BM, torch.arange(len(y_BM)), stream, y_BM.new_zeros(()))


def value(regularizer: Regularizer, z_BH: Tensor, y_BM: Tensor, **changed: float) -> Tensor:
    """The term for these features and targets, with the default parameters of seed 0, all in the dtype of z."""
    params = cast(parameters(regularizer, z_BH.shape[1]), z_BH.dtype)
    values = hparams(regularizer, z_BH.dtype, **changed)
    assert regularizer.loss
    return regularizer.loss(params, batch(z_BH, y_BM), values, static(regularizer))


def keys(jobs: int) -> Tensor:
    """A key for the stream of each job: (J,)."""
    return torch.stack([Stream.named(job, "step").key for job in range(jobs)])


def step_of(
    regularizer: Regularizer, names: Sequence[str], settings: Static, fixed: Mapping[str, Tensor] | None = None
) -> Callable[..., list[Tensor]]:
    """A step of J models as the engine takes it: a function of plain tensors, to be traced.

    (z (J, B, H), y (J, B, M), key (J,), hyper-parameters (J,), trained parameters `names` (J, ...)) -> the terms (J,),
    then the gradients with respect to z and the trained parameters. What the term does not depend on has zeros. All
    models have the same `fixed` parameters.
    """
    count = len(regularizer.hparams)

    def one(z: Tensor, y: Tensor, key: Tensor, values: HParams, trained: dict[str, Tensor]) -> Tensor:
        return total(regularizer, Params(trained, fixed or {}), z, y, key, values, settings)

    def step(z: Tensor, y: Tensor, key: Tensor, *rest: Tensor) -> list[Tensor]:
        values = dict(zip(regularizer.hparams, rest[:count], strict=True))
        with torch.enable_grad():
            leaves = [leaf.detach().requires_grad_() for leaf in (z, *rest[count:])]
            trained = dict(zip(names, leaves[1:], strict=True))
            dims = (0, 0, 0, 0 if values else None, 0 if trained else None)
            terms = vmap(one, in_dims=dims)(leaves[0], y, key, values, trained)
            return [terms.detach(), *gradients(terms.sum(), leaves)]

    return step


def total(
    regularizer: Regularizer, params: Params, z: Tensor, y: Tensor, key: Tensor, values: HParams, settings: Static
) -> Tensor:
    """Term, transformation and weights of rows of a regularizer, in one number ()."""
    found = z.sum() * 0
    if regularizer.loss:
        found = found + regularizer.loss(params, batch(z, y, key), values, settings)
    if regularizer.transform:
        found = found + regularizer.transform(params, z, rows(y, key), values, settings).square().sum()
    if regularizer.weigh:
        found = found + (regularizer.weigh(params, rows(y, key), values, settings) * z.square().sum(1)).mean()
    return found


def arguments(
    regularizer: Regularizer, z: Tensor, y: Tensor, params: Sequence[Params], values: Sequence[HParams]
) -> list[Tensor]:
    """The inputs of `step_of` for models with these parameters and hyper-parameters."""
    stacked = [torch.stack([each[name] for each in values]) for name in regularizer.hparams]
    trained = [torch.stack([each.trained[name] for each in params]) for name in params[0].trained]
    return [z, y, keys(len(z)), *stacked, *trained]


def gradients(total: Tensor, leaves: Sequence[Tensor]) -> list[Tensor]:
    """The gradients of a scalar; zeros for a leaf that it does not depend on."""
    if not total.requires_grad:
        return [torch.zeros_like(leaf) for leaf in leaves]
    found = torch.autograd.grad(total, leaves, create_graph=True, allow_unused=True)
    return [torch.zeros_like(leaf) if each is None else each.detach() for each, leaf in zip(found, leaves, strict=True)]


def loss_of(regularizer: Regularizer) -> Callable[..., Tensor]:
    """The term that a regularizer adds, which not every one has."""
    assert regularizer.loss is not None
    return regularizer.loss
