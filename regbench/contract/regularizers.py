"""What every regularizer promises, asked of its term, its transformation and its weights on small batches."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from regbench.contract import entries, places
from regbench.contract.numbers import against_differences, differ, dtype_of, gradients, not_finite
from regbench.contract.promises import Broken, Promise
from regbench.contract.subject import Subject, draws
from regbench.errors import UsageError
from regbench.random import Stream
from regbench.types import Batch, HParams, Params, Regularizer, Rows

FEATURES = 7
SIZES = (1, 2, 3, 5, 64)  # rows of a batch
DIMENSIONS = (1, 3)
KINDS_OF_BATCH = ("different rows", "equal targets", "repeated targets", "equal features", "zero features")


def targets(n: int, m: int = 1, seed: int = 0, levels: int | None = None) -> Tensor:
    """Targets (B, M) on [0, 1); with `levels`, so many different values per dimension."""
    uniform = Stream.named(seed, "targets").uniform(n, m)
    return uniform if levels is None else (uniform * levels).floor() / levels


def hparams(
    of: Subject, dtype: torch.dtype = torch.float64, changed: Mapping[str, float] | None = None
) -> dict[str, Tensor]:
    """All hyper-parameters at their defaults, except those given, as a loss receives them."""
    values = {name: each.default for name, each in of.regularizer.hparams.items()} | dict(changed or {})
    return {name: torch.tensor(value, dtype=dtype) for name, value in values.items()}


def parameters(of: Subject, m: int = 1, seed: int = 0) -> Params:
    """What `init` gives."""
    return of.regularizer.init(targets(20, m), FEATURES, hparams(of), of.static, Stream.named(seed, "init"))


def batch(z_BH: Tensor, y_BM: Tensor, key: int = 0) -> Batch:
    """A batch as the engine passes it to a loss."""
    prediction = z_BH[:, : y_BM.shape[1]]
    rows = torch.arange(len(z_BH))
    return Batch(y_BM, prediction, prediction, z_BH, rows, Stream.named(key, "step"), z_BH.new_zeros(()))


def rows(y_BM: Tensor, key: int = 0) -> Rows:
    """What a transformation gets of a batch."""
    return Rows(y_BM, torch.arange(len(y_BM)), Stream.named(key, "step"), y_BM.new_zeros(()))


def dimensions(of: Subject) -> list[int]:
    """The dimensions of targets that it accepts; it refuses others with a `UsageError`."""
    found = []
    for m in DIMENSIONS:
        try:
            parameters(of, m)
        except UsageError:
            continue
        found.append(m)
    return found


def _cast(params: Params, dtype: torch.dtype) -> Params:
    return Params(*({key: each.to(dtype) for key, each in part.items()} for part in (params.trained, params.fixed)))


def runs(of: Subject) -> str | None:
    """Its parts give finite numbers of the right shape, with finite gradients, whatever the batch."""
    regularizer, accepted = of.regularizer, dimensions(of)
    if not accepted:
        raise Broken("a regularizer for targets of one or several dimensions", "neither is accepted", "see `init`")
    if not (regularizer.loss or regularizer.transform or regularizer.weigh or regularizer.after_epoch):
        raise Broken("a regularizer that does something", "no function is given", "give it a `loss`")
    for m in accepted:
        for name, each in parameters(of, m).trained.items():
            if each.dtype != torch.float64 or not each.isfinite().all():
                raise Broken(
                    "finite parameters in float64", f"'{name}': {dtype_of(each)}", "see `init`", at=regularizer.init
                )
        for dtype in (torch.float32, torch.float64):
            for kind in KINDS_OF_BATCH:
                for n in SIZES:
                    _runs(of, m, n, dtype, kind)
    refused = [m for m in DIMENSIONS if m not in accepted]
    return f"refuses targets of {refused[0]} dimension{'s' * (refused[0] > 1)}" if refused else None


def _runs(of: Subject, m: int, n: int, dtype: torch.dtype, kind: str) -> None:
    z, y = draws(n, FEATURES, name="features").to(dtype), targets(n, m).to(dtype)
    match kind:
        case "equal targets":
            y = y[:1].repeat(n, 1)
        case "repeated targets":
            y = targets(n, m, levels=3).to(dtype)
        case "equal features":
            z = z[:1].repeat(n, 1)
        case "zero features":
            z = torch.zeros_like(z)
    z.requires_grad_()
    params, values = _cast(parameters(of, m), dtype), hparams(of, dtype)
    for name, function, found, shape in _parts(of.regularizer, of, params, z, y, values):
        where = (
            f"of `{name}` for {n} row{'s' * (n > 1)} with {kind}, {m} target dimension{'s' * (m > 1)}, {str(dtype)[6:]}"
        )
        if found.shape != shape:
            raise Broken(f"shape {tuple(shape)} {where}", f"{tuple(found.shape)}", _remedy(name), at=function)
        if found.dtype != dtype:
            raise Broken(f"{str(dtype)[6:]} {where}", dtype_of(found), "make constants like `batch.z`", at=function)
        (gradient,) = gradients(found.sum(), [z])
        for what, each in (("value", found), ("gradient", gradient)):
            if not each.isfinite().all():
                raise Broken(
                    f"a finite {what} {where}", not_finite(each), "guard the division or root: `clamp`", at=function
                )


def _remedy(name: str) -> str:
    return {
        "loss": "a term is one number, `.mean()`, already multiplied by its weight",
        "weigh": "return one factor per row (B,)",
    }.get(name, "return features of the shape of `z`")


def _parts(
    regularizer: Regularizer, of: Subject, params: Params, z: Tensor, y: Tensor, values: HParams, key: int = 0
) -> list[tuple[str, Callable, Tensor, torch.Size]]:
    """Name, function, value and expected shape of its term, its transformation and its weights."""
    found: list[tuple[str, Callable, Tensor, torch.Size]] = []
    if loss := regularizer.loss:
        found.append(("loss", loss, loss(params, batch(z, y, key), values, of.static), torch.Size()))
    if change := regularizer.transform:
        found.append(("transform", change, change(params, z, rows(y, key), values, of.static), z.shape))
    if weigh := regularizer.weigh:
        found.append(("weigh", weigh, weigh(params, rows(y, key), values, of.static), y.shape[:1]))
    return found


def _total(of: Subject, params: Params, z: Tensor, y: Tensor, values: HParams, weights: Tensor | None = None) -> Tensor:
    """All of it in one number ()."""
    found = z.sum() * 0
    for name, _, value, _ in _parts(of.regularizer, of, params, z, y, values):
        factor = z.square().sum(1) if name == "weigh" else weights if name == "transform" and weights is not None else 1
        found = found + (value * factor).sum()
    return found


def gradient(of: Subject) -> str | None:
    """The gradients of features and of what it trains are those of finite differences, at a weight of 1."""
    full = {key: 1.0 for key in of.regularizer.hparams if key == "weight"}
    for m in dimensions(of):
        y, values, params = targets(8, m, levels=4), hparams(of, changed=full), parameters(of, m)
        weights, names = draws(8, FEATURES, name="weights"), list(params.trained)

        def total(z: Tensor, *trained: Tensor, y=y, values=values, params=params, names=names, w=weights) -> Tensor:
            now = Params(dict(zip(names, trained, strict=True)), params.fixed)
            return _total(of, now, z, y, values, w)

        inputs = {"the features": draws(8, FEATURES, name="features"), **params.trained}
        with places.stopped(of.path) as lines:
            total(*inputs.values())
        if not (found := against_differences(total, inputs)):
            continue
        if lines:
            return f"the gradient is not that of the term ({found}): line {lines[0]} detaches, which is taken as meant"
        at = of.regularizer.loss or of.regularizer.transform
        raise Broken(
            "the gradient that finite differences give",
            f"the gradient {found}",
            "see what is rounded, sorted, converted or written by hand",
            at=at,
        )
    return None


def packed(of: Subject) -> str | None:
    """`vmap` over jobs with other features, targets and hyper-parameters gives what a loop over them gives."""
    for m in dimensions(of):
        params = [parameters(of, m, seed=job) for job in range(2)]
        values = [{key: (1 + 0.5 * job) * each for key, each in hparams(of).items()} for job in range(2)]
        z = torch.stack([draws(24, FEATURES, seed=job, name="features") for job in range(2)]).requires_grad_()
        y = torch.stack([targets(24, m, seed=job, levels=9) for job in range(2)])
        trained = {key: torch.stack([each.trained[key] for each in params]) for key in params[0].trained}
        fixed = {key: torch.stack([each.fixed[key] for each in params]) for key in params[0].fixed}
        stacked = {key: torch.stack([each[key] for each in values]) for key in values[0]}

        def one(trained: dict, fixed: dict, values: dict, z: Tensor, y: Tensor) -> Tensor:
            return _total(of, Params(trained, fixed), z, y, values)

        dims = (0 if trained else None, 0 if fixed else None, 0 if stacked else None, 0, 0)
        try:
            together = torch.func.vmap(one, in_dims=dims)(trained, fixed, stacked, z, y)
        except RuntimeError:  # what vmap refuses is looped; `trained.looped` says so
            return None
        (g_together,) = gradients(together.sum(), [z])
        for job in range(2):
            own = z[job].detach().requires_grad_()
            alone = _total(of, params[job], own, y[job], values[job])
            (g_alone,) = gradients(alone, [own])
            pairs: Sequence[tuple[str, Tensor, Tensor]] = (
                ("value", together[job], alone),
                ("gradient", g_together[job], g_alone),
            )
            for what, mine, theirs in pairs:
                if found := differ(mine, theirs, rtol=1e-9, atol=1e-11):
                    raise Broken(
                        f"the same {what} for a model in a pack and alone",
                        found,
                        "a function of one model must not change or keep anything outside of it",
                        at=of.regularizer.loss or of.regularizer.transform,
                    )
    return None


def single_precision(of: Subject) -> str | None:
    """In float32, in which training runs, the term is that of float64."""
    if not (loss := of.regularizer.loss):
        return None
    for m in dimensions(of):
        z, y = draws(40, FEATURES, name="features").float(), targets(40, m, levels=16).float()
        found, exact = (
            loss(_cast(parameters(of, m), dtype), batch(z.to(dtype), y.to(dtype)), hparams(of, dtype), of.static)
            for dtype in (torch.float32, torch.float64)
        )
        if apart := differ(found, exact, rtol=1e-3, atol=1e-4):
            raise Broken("in float32 what float64 gives", apart, "use a stable form of the term", at=loss)
    return None


def same_start(of: Subject) -> str | None:
    """The same seed gives the same initial parameters."""
    first, second = parameters(of, dimensions(of)[0]), parameters(of, dimensions(of)[0])
    for key in [*first.trained, *first.fixed]:
        if not first[key].equal(second[key]):
            raise Broken(
                "the same parameters from the same seed",
                f"'{key}' differs",
                "draw from the `stream` that `init` gets",
                at=of.regularizer.init,
            )
    return None


def weighted(of: Subject) -> str | None:
    """A hyper-parameter called `weight` scales the term: at 0 the method trains as without it."""
    if "weight" not in of.regularizer.hparams or not of.regularizer.loss:
        return None
    loss, m = of.regularizer.loss, dimensions(of)[0]
    z, y, params = draws(30, FEATURES, name="features"), targets(30, m, levels=5), parameters(of, m)
    others = {key: 0.0 for key in of.regularizer.hparams if key.endswith("_weight")}  # of a second part
    one, more, none = (
        loss(params, batch(z, y), hparams(of, changed={"weight": weight, **others}), of.static)
        for weight in (1.0, 3.5, 0.0)
    )
    if found := differ(more, 3.5 * one, rtol=1e-9, atol=0):
        raise Broken("a term that `weight` multiplies", f"at 3.5 and 3.5 times that at 1: {found}", "multiply", at=loss)
    if none != 0:
        raise Broken("no term at `weight` 0", f"{none.item():.6g}", "multiply the whole term", at=loss)
    return None


def own_randomness(of: Subject) -> str | None:
    """No function draws from a global generator: numbers would depend on the pack, and on what ran before."""
    m = dimensions(of)[0]
    params, values, z, y = parameters(of, m), hparams(of), draws(12, FEATURES, name="features"), targets(12, m)
    for what, run in (
        ("init", lambda: parameters(of, m)),
        ("loss", lambda: _parts(of.regularizer, of, params, z, y, values)),
    ):
        if used := places.draws_globally(run, of.path):
            stream = "`stream`, which `init` gets" if what == "init" else "`batch.stream` or `rows.stream`"
            raise Broken(
                "no draw from a global generator",
                f"a draw from {used[0]}",
                f"draw from {stream}: `stream.child('noise').normal(n)`",
                at=used[1],
            )
    return None


PROMISES = (
    Promise("runs", "its functions give finite numbers of the right shapes, with finite gradients", runs, first=True),
    Promise("settings", "the settings are literals, and read without running the file", entries.as_read),
    Promise("ranges", "every hyper-parameter has a range that a sweep can search", entries.ranges),
    Promise("words", "the file says what it is and where it comes from", entries.words),
    Promise("vmap", "many models at once are the models one by one", packed),
    Promise("gradients", "gradients are those of finite differences in float64", gradient),
    Promise("float32", "float32 gives what float64 gives", single_precision),
    Promise("start", "the same seed gives the same parameters", same_start),
    Promise("weight", "a hyper-parameter `weight` scales the term", weighted),
    Promise("random", "nothing is drawn from a global generator", own_randomness),
)
