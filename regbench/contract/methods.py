"""What every method promises, asked of small models of it."""

import torch
from torch import Tensor

from regbench.contract import entries, places, sameness, shapes
from regbench.contract.numbers import against_differences, differ
from regbench.contract.promises import Broken, Promise
from regbench.contract.shapes import dimensions
from regbench.contract.subject import ROWS, Subject, draws, model, targets


def gradient(of: Subject) -> str | None:
    """The gradient that trains the network is that of the loss, by finite differences in float64."""
    k, rows = 5, 4
    for m in dimensions(of):
        one = model(of, k, targets(60, m))
        y_BM, weights = targets(rows, m, seed=1), draws(rows, name="weights") + 2
        names = list(one.params.trained)

        def total(outputs_BK: Tensor, *trained: Tensor, one=one, y_BM=y_BM, weights=weights, names=names) -> Tensor:
            now = one.trained(dict(zip(names, trained, strict=True)))
            loss = now.losses(y_BM, outputs_BK)
            return (loss * (weights if loss.ndim else 1.0)).sum()

        inputs = {"the outputs": one.outputs(k, m, rows=rows), **one.params.trained}
        with places.stopped(of.path) as lines:
            total(*inputs.values())
        if not (found := against_differences(total, inputs)):
            continue
        if lines:
            return (
                f"the gradient is not that of the loss ({found} by finite differences): line {lines[0]} detaches a "
                "factor, which is taken as meant"
            )
        raise Broken(
            "the gradient that finite differences give",
            f"the gradient {found}",
            "see what is rounded, sorted, converted or written by hand",
            at=of.method.loss,
        )
    return None


def encoding(of: Subject) -> str | None:
    """ψ has one probability per output, μ one row per output, and both fit the prediction."""
    for m in dimensions(of):
        one, y_NM, k = model(of, y_NM=targets(60, m)), targets(60, m), 5
        width, method = of.method.outputs(k, m), of.method
        mu_KM = method.decoder(one.params) if method.decoder else None
        if mu_KM is not None and mu_KM.shape != (width, m):
            raise Broken(f"a decoder {(width, m)}", f"{tuple(mu_KM.shape)}", "one row per output", at=method.decoder)
        if mu_KM is not None:
            predicted = method.predict(one.params, 30 * one.outputs(k, m, rows=500))
            if (predicted < mu_KM.min() - 1e-12).any() or (predicted > mu_KM.max() + 1e-12).any():
                raise Broken("a mean over the decoder", "predictions outside", "leave out `decoder`", at=method.predict)
        if not method.encode:
            continue
        psi_NK = method.encode(one.params, y_NM).exp()
        if psi_NK.shape != (60, width):
            raise Broken(
                f"an encoder {(60, width)}", f"{tuple(psi_NK.shape)}", "one column per output", at=method.encode
            )
        sums = torch.full((60,), width // k if of.method.uses_k else 1).double()
        if found := differ(psi_NK.sum(-1), sums, rtol=1e-9, atol=1e-9):
            raise Broken("probabilities that sum to one", found, "normalise `encode`", at=method.encode)
        if mu_KM is not None:
            predicted = method.predict(one.params, method.encode(one.params, y_NM))
            if found := differ(psi_NK @ mu_KM, predicted, rtol=1e-9, atol=1e-9):
                raise Broken("μᵀψ(y) from `predict` of log ψ(y)", found, "see `decoder`", at=method.decoder)
    return None


def bins(of: Subject) -> str | None:
    """The number of bins matters where `uses_k` says so, and nowhere else."""
    method = of.method
    made = [_seen(of, k) for k in (5, 9)]
    same = len(made[0]) == len(made[1]) and all(not differ(*pair, rtol=0, atol=0) for pair in zip(*made, strict=True))
    if method.uses_k and same:
        raise Broken("a method that depends on k", "the same numbers at k = 5 and 9", "say `uses_k=False`")
    if not method.uses_k and not same:
        raise Broken("a method that ignores k", "other numbers at k = 5 and 9", "say `uses_k=True`", at=method.outputs)
    return None


def _seen(of: Subject, k: int) -> list[Tensor]:
    """What a model of k bins shows: its parameters, its outputs' width, its loss."""
    one = model(of, k)
    width = torch.tensor(of.method.outputs(k, 1))
    loss = one.losses(targets(ROWS, seed=1), one.outputs(k, 1))
    return [width, *one.params.trained.values(), *one.params.fixed.values(), loss]


PROMISES = (
    Promise("runs", "init, loss and predict give finite numbers of the right shapes", shapes.runs, first=True),
    Promise("settings", "the settings are literals, and read without running the file", entries.as_read),
    Promise("ranges", "every hyper-parameter has a range that a sweep can search", entries.ranges),
    Promise("words", "the file says what it is and where it comes from", entries.words),
    Promise("vmap", "many models at once are the models one by one", sameness.packed),
    Promise("gradients", "gradients are those of finite differences in float64", gradient),
    Promise("float32", "float32 gives what float64 gives", sameness.single_precision),
    Promise("start", "the same seed gives the same parameters", sameness.same_start),
    Promise("rows", "a prediction depends on its own row alone", sameness.by_row),
    Promise("astray", "large outputs give finite losses and gradients", shapes.astray),
    Promise("few values", "targets with few values give finite numbers", shapes.few_values),
    Promise("encoding", "encoder and decoder fit each other and the outputs", encoding),
    Promise("k", "the number of bins matters exactly where uses_k says so", bins),
    Promise("random", "nothing is drawn from a global generator", sameness.own_randomness),
)
