"""A method has the same numbers in a pack and alone, in both precisions, from the same seed, and for a row alone."""

from collections.abc import Mapping

import torch
from torch import Tensor

from regbench.contract import places
from regbench.contract.numbers import differ, dtype_of, gradients
from regbench.contract.promises import Broken
from regbench.contract.shapes import dimensions
from regbench.contract.subject import ROWS, Model, Subject, model, targets
from regbench.types import Params

Named = Mapping[str, Tensor]
FAR_BINS = (2, 5, 25)  # of which the last have logits of size 1e3 in an affine encoder


def packed(of: Subject) -> str | None:
    """`vmap` over jobs with other seeds, targets and hyper-parameters gives what a loop over them gives."""
    for m in dimensions(of):
        try:
            _packed(of, m)
        except RuntimeError:  # what vmap refuses is looped; `trained.looped` says so
            return None
    return None


def _packed(of: Subject, m: int, jobs: int = 2) -> None:
    k = 5
    models = [model(of, k, targets(60, m, seed=job), seed=job, times=1 + 0.5 * job) for job in range(jobs)]
    ys = torch.stack([targets(ROWS, m, seed=10 + job) for job in range(jobs)])
    outputs = torch.stack([each.outputs(k, m, seed=job) for job, each in enumerate(models)])
    trained = {key: torch.stack([each.params.trained[key] for each in models]) for key in models[0].params.trained}
    fixed = {key: torch.stack([each.params.fixed[key] for each in models]) for key in models[0].params.fixed}
    values = {key: torch.stack([each.values[key] for each in models]) for key in models[0].values}

    def one(trained: Named, fixed: Named, values: Named, y_BM: Tensor, outputs_BK: Tensor) -> tuple[Tensor, Tensor]:
        now = Model(of.method, Params(trained, fixed), values)
        return now.losses(y_BM, outputs_BK), of.method.predict(now.params, outputs_BK)

    leaves = {key: each.requires_grad_() for key, each in trained.items()}
    outputs.requires_grad_()
    dims = (0 if leaves else None, 0 if fixed else None, 0 if values else None, 0, 0)
    together, predicted = torch.func.vmap(one, in_dims=dims)(leaves, fixed, values, ys, outputs)
    inputs = [outputs, *leaves.values()]
    g_together = gradients(together.sum(), inputs)
    for job, each in enumerate(models):
        own = {key: value[job].detach().requires_grad_() for key, value in leaves.items()}
        own_outputs = outputs[job].detach().requires_grad_()
        alone, of_one = one(own, each.params.fixed, each.values, ys[job], own_outputs)
        g_alone = gradients(alone.sum(), [own_outputs, *own.values()])
        for what, at, mine, theirs in (
            ("loss", of.method.loss, together[job], alone),
            ("prediction", of.method.predict, predicted[job], of_one),
            *(("gradient", of.method.loss, g[job], g_one) for g, g_one in zip(g_together, g_alone, strict=True)),
        ):
            if found := differ(mine, theirs, rtol=1e-8, atol=1e-11):
                raise Broken(
                    f"the same {what} for a model in a pack and alone",
                    found,
                    "a function of one model must not change or keep anything outside of it",
                    at=at,
                )


def single_precision(of: Subject) -> str | None:
    """In float32, in which training runs, the loss is that of float64."""
    for k in FAR_BINS:
        one = model(of, k)
        y_BM, outputs_BK = targets(ROWS, seed=1)[:, :1], one.outputs(k, 1)
        exact = one.losses(y_BM, outputs_BK)
        found = one.to(torch.float32).losses(y_BM.float(), outputs_BK.float())
        if found.dtype != torch.float32:
            raise Broken("float32 from float32", dtype_of(found), "make constants like `batch.y`", at=of.method.loss)
        if apart := differ(found, exact, rtol=2e-3, atol=1e-5):
            raise Broken("in float32 what float64 gives", apart, "use a stable form of the loss", at=of.method.loss)
    return None


def same_start(of: Subject) -> str | None:
    """The same seed gives the same initial parameters."""
    for m in dimensions(of):
        first, second = (model(of, y_NM=targets(60, m), anew=anew).params for anew in (False, True))
        for key in [*first.trained, *first.fixed]:
            if not first[key].equal(second[key]):
                raise Broken(
                    "the same parameters from the same seed",
                    f"'{key}' differs",
                    "draw from the `stream` that `init` gets",
                    at=of.method.init,
                )
    return None


def by_row(of: Subject) -> str | None:
    """A prediction depends on the outputs of its own row alone, for rows are evaluated in blocks; so may a loss."""
    for m in dimensions(of):
        one = model(of, y_NM=targets(60, m))
        y_BM, outputs_BK = targets(6, m, seed=1), one.outputs(5, m, rows=6)
        predicted = of.method.predict(one.params, outputs_BK)
        losses = one.losses(y_BM, outputs_BK)
        for row in range(6):
            alone = of.method.predict(one.params, outputs_BK[[row]])[0]
            if found := differ(alone, predicted[row], rtol=1e-9, atol=1e-11):
                raise Broken(
                    "the same prediction for a row alone and among others",
                    found,
                    "use that row alone",
                    at=of.method.predict,
                )
            if of.method.per_batch:
                continue
            for rows in ([row], [row, row]):
                of_row = one.losses(y_BM[rows], outputs_BK[rows])
                if differ(of_row, losses[[row] * len(rows)], rtol=1e-10, atol=1e-12):
                    return "the loss of a row depends on the other rows of its batch, and so on the batch size"
    return None


def own_randomness(of: Subject) -> str | None:
    """No function draws from a global generator: numbers would depend on the pack, and on what ran before."""
    one = model(of)
    y_BM, outputs_BK = targets(ROWS, seed=1), one.outputs(5, 1)
    for what, run in (
        ("init", lambda: model(of, anew=True)),
        ("loss", lambda: one.losses(y_BM, outputs_BK)),
        ("predict", lambda: of.method.predict(one.params, outputs_BK)),
    ):
        if used := places.draws_globally(run, of.path):
            where = "`stream`, which `init` gets" if what == "init" else "`batch.stream`"
            raise Broken(
                "no draw from a global generator",
                f"`{what}` draws from {used[0]}",
                f"draw from {where}: `stream.child('noise').normal(n)`",
                at=used[1],
            )
    return None
