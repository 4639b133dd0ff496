"""Functions of a method give finite numbers of the right shapes, whatever the targets and the outputs."""

from collections.abc import Callable

import torch
from torch import Tensor

from regbench.contract.numbers import dtype_of, gradients, not_finite
from regbench.contract.promises import Broken
from regbench.contract.subject import ROWS, Model, Subject, model, targets
from regbench.errors import UsageError
from regbench.types import Params

DIMENSIONS = (1, 3)  # of the target: one, and several
BINS = (2, 5, 9)
ASTRAY = (1e3, 1e6)  # what outputs of an untrained network are multiplied by
FEW = {  # training targets (N, M) with fewer values than bins
    "that are constant": torch.full((7, 1), 0.3),
    "that are constant in 2-D": torch.full((7, 2), 0.3),
    "of two rows": torch.tensor([[0.0], [1.0]]),
    "of one row": torch.tensor([[0.0, 1.0]]),
    "with five levels": torch.tensor([[0.0], [0.25], [0.5], [0.75], [1.0]]).repeat(9, 1),
    "of two points in 2-D": torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(9, 1),
}


def runs(of: Subject) -> str | None:
    """`init`, `loss`, `predict` and scores give finite numbers of the right shape."""
    refused = [m for m in DIMENSIONS if not _accepts(of, m)]
    if len(refused) == len(DIMENSIONS):
        raise Broken("a method for targets of one or of several dimensions", "neither is accepted", "change `init`")
    for k in BINS:
        for m in sorted({*DIMENSIONS} - {*refused}):
            _runs(of, model(of, k, targets(60, m)), k, m)
    return (
        f"refuses targets of {refused[0]} dimension{'s' * (refused[0] > 1)}, and so datasets with them"
        if refused
        else None
    )


def _accepts(of: Subject, m: int) -> bool:
    """Whether `init` takes targets of so many dimensions; a refusal is a `UsageError`."""
    try:
        model(of, y_NM=targets(60, m))
    except UsageError:
        return False
    return True


def dimensions(of: Subject) -> list[int]:
    """The dimensions of targets that a method accepts."""
    return [m for m in DIMENSIONS if _accepts(of, m)]


def _runs(of: Subject, one: Model, k: int, m: int) -> None:
    method, params = of.method, one.params
    if not isinstance(params, Params):
        raise Broken("Params(trained={...}, fixed={...})", type(params).__name__, "see `init`", at=method.init)
    for key, each in (*params.trained.items(), *params.fixed.items()):
        if each.dtype not in (torch.float64, torch.int64, torch.bool):
            raise Broken(
                "parameters in float64", f"'{key}' in {dtype_of(each)}", "make it float64 in `init`", at=method.init
            )
        if not each.isfinite().all():
            raise Broken("finite parameters", f"'{key}' is not finite", "see what `init` divides by", at=method.init)
    if both := set(params.trained) & set(params.fixed):
        raise Broken("a parameter that is trained or fixed", f"'{min(both)}' is both", "rename one", at=method.init)
    outputs_BK, y_BM = one.outputs(k, m), targets(ROWS, m, seed=1)
    predicted = method.predict(params, outputs_BK)
    _check_tensor(predicted, "a prediction", method.predict)
    if predicted.shape != (ROWS, m):
        raise Broken(
            f"predictions (rows, dimensions) = {(ROWS, m)}",
            f"{tuple(predicted.shape)} of outputs {tuple(outputs_BK.shape)}",
            "`predict` turns outputs (B, K) into (B, M); check `outputs` too",
            at=method.predict,
        )
    loss = one.losses(y_BM, outputs_BK)
    _check_tensor(loss, "a loss", method.loss)
    shape = () if method.per_batch else (ROWS,)
    if loss.shape != shape:
        raise Broken(
            f"a loss of shape {shape}, one {'number for the batch' if method.per_batch else 'for each row'}",
            f"{tuple(loss.shape)} for a batch of {ROWS} rows and {m} target dimension{'s' * (m > 1)}",
            _remedy(loss, m),
            at=method.loss,
        )
    if loss.dtype != torch.float64:
        raise Broken("float64 from float64", dtype_of(loss), "do not name a dtype: use `batch.y`'s", at=method.loss)
    if not loss.isfinite().all():
        raise Broken("a finite loss", not_finite(loss), "see what is divided by, or the logarithm of", at=method.loss)
    for name, score in method.scores.items():
        if (found := score(params, outputs_BK, y_BM)).shape != (ROWS,):
            raise Broken(f"a score '{name}' for each row", f"{tuple(found.shape)}", "average over M alone", at=score)


def _check_tensor(value: object, what: str, at: Callable[..., object]) -> None:
    if not isinstance(value, Tensor):
        raise Broken(f"{what} that is a tensor", type(value).__name__, "return a tensor, without .item()", at=at)


def _remedy(loss: Tensor, m: int) -> str:
    if loss.shape == ():
        return "return one value per row, or say `per_batch=True`"
    if loss.shape == (ROWS, m):
        return "sum over the dimensions of the target: `.sum(-1)`"
    if loss.shape == (ROWS, ROWS):
        return "prediction and target are broadcast against each other: give both the shape (B, M)"
    return "return one value per row (B,)"


def astray(of: Subject) -> str | None:
    """A network gone astray has a finite loss and gradient."""
    for scale in ASTRAY:
        one = model(of, 25).to(torch.float32)
        outputs_BK = (one.outputs(25, 1) * scale).float().requires_grad_()
        loss = one.losses(targets(ROWS, seed=1).float(), outputs_BK)
        (found,) = gradients(loss.sum(), [outputs_BK])
        for what, each in (("loss", loss), ("gradient", found)):
            if not each.isfinite().all():
                return f"outputs of size {scale:g} give a {what} of {not_finite(each)} in float32: such a run diverges"
    return None


def few_values(of: Subject) -> str | None:
    """Training targets with fewer values than bins give finite parameters and losses."""
    accepted = dimensions(of)
    for what, y_NM in FEW.items():
        m = y_NM.shape[1]
        if (m > 1) != (max(accepted) > 1) and m not in accepted:
            continue
        one = model(of, 9, y_NM.double())
        for key, each in (*one.params.trained.items(), *one.params.fixed.items()):
            if not each.isfinite().all():
                raise Broken("finite parameters", f"'{key}' is not for targets {what}", "see `init`", at=of.method.init)
        loss = one.losses(y_NM.double(), one.outputs(9, m, rows=len(y_NM)))
        if not loss.isfinite().all():
            raise Broken("a finite loss", f"{not_finite(loss)} for targets {what}", "see `init`", at=of.method.loss)
    return None
