"""What holds of training: packs, seeds, resumption; and what a loss costs that cannot be batched."""

import math
from collections.abc import Sequence

import numpy as np

from regbench.contract import looping
from regbench.contract.made import made
from regbench.contract.promises import Broken, Promise
from regbench.contract.subject import Subject, job_of
from regbench.errors import UsageError
from regbench.job import Job
from regbench.training.checkpoint import State
from regbench.training.loop import Epoch, Training

ROUNDING = 1e-5  # relative; what another order of sums may change in float32
OTHERS = (("lsq", 5, 2), ("soft_binning", 9, 1), ("end2end", 5, 0))  # method, k and seed of the company in a pack


def alone_as_packed(of: Subject) -> str | None:
    """A job has the same numbers alone and among other seeds, ks and methods; and again when it is run again."""
    one = of.job(width=32)
    others = [
        of.job(seed=2, k=9, width=32, times=1.5),
        *(job_of(*each[:1], k=each[1], seed=each[2], width=32) for each in OTHERS),
    ]
    alone, again = _last([one], one), _last([one], one)
    if found := _apart(alone, again):
        raise Broken(
            "the same numbers from the same seed",
            found[0],
            "keep nothing outside of the functions, and draw from the streams they get",
        )
    packed = _last([others[0], one, *others[1:]], one)
    if not (found := _apart(alone, packed)):
        return _unfinished(alone)
    if found[1] > ROUNDING:
        raise Broken(
            "the same numbers alone and in a pack",
            found[0],
            "a function of one model must not look at, change or keep anything outside of it",
        )
    return f"in a pack its numbers are rounded differently ({found[0]}): equal to rounding, and not bit for bit"


def _unfinished(values: dict[str, float]) -> str | None:
    if math.isfinite(values["val/rmse"]):
        return None
    return "it diverged on a small made table at the usual learning rate: a result, but look at it"


def _last(jobs: Sequence[Job], one: Job) -> dict[str, float]:
    """The values of a job after the last epoch, without times, by which nothing is decided."""
    *_, last = Training(jobs, made())
    row = list(jobs).index(one)
    values = {name: float(value[row]) for name, value in last.values.items()}
    return {**values, **{f"prediction {n}": float(v) for n, v in enumerate(last.predictions["test"][row].ravel())}}


def _apart(one: dict[str, float], other: dict[str, float]) -> tuple[str, float] | None:
    """The value that differs most, as text, and its relative difference; None if all are the same bits."""
    worst: tuple[str, float] | None = None
    for name, value in one.items():
        if value == other[name] or (math.isnan(value) and math.isnan(other[name])):
            continue
        relative = abs(value - other[name]) / max(abs(value), 1e-12)
        if worst is None or not relative <= worst[1]:
            worst = (f"{name} {value:.9g} and {other[name]:.9g}", math.inf if math.isnan(relative) else relative)
    return worst


def goes_on(of: Subject) -> str | None:
    """A training that is stopped after an epoch and goes on in another process gives the same numbers, bit for bit."""
    jobs = [of.job(seed=seed, epochs=3) for seed in (0, 1)]
    whole, epochs = list(Training(jobs, made())), []
    states = None
    for stop in (1, None):
        training = Training(jobs, made(), states=states)
        for epoch in training:
            epochs.append(epoch)
            if epoch.number == stop:
                break
        states = [State.from_bytes(State(training.epoch, arrays).to_bytes()) for arrays in training.state()]
    for expected, found in zip(whole, epochs, strict=True):
        if said := _unlike(expected, found):
            raise Broken(
                "the same numbers after an interruption",
                said,
                "what changes during training belongs into `Params`, which is stored; keep nothing else",
            )
    return None


def _unlike(one: Epoch, other: Epoch) -> str:
    for name, values in one.values.items():
        if not np.array_equal(values, other.values[name], equal_nan=True):
            return f"{name} of epoch {one.number}: {values[0]:.9g} and {other.values[name][0]:.9g}"
    if not np.array_equal(one.predictions["test"], other.predictions["test"], equal_nan=True):
        return f"other predictions in epoch {one.number}"
    return ""


def several_dimensions(of: Subject) -> str | None:
    """Targets of several dimensions train, if they are accepted."""
    data = made(m=3)
    try:
        *_, last = Training([of.job()], data)
    except UsageError:
        return None
    if last.predictions["val"].shape != (1, *data.y_val.shape):
        raise Broken(f"predictions {data.y_val.shape}", f"{last.predictions['val'].shape[1:]}", "see `predict`")
    return None


def looped(of: Subject) -> str | None:
    """Jobs are batched; or what keeps them from it is named, with what it costs."""
    return looping.note(of, made())


def learns(of: Subject) -> str | None:
    """After a few epochs it predicts better than a constant does."""
    data = made(600)
    *_, last = Training([of.job(k=9, epochs=20, width=32, learning_rate=1e-2, dropout=0.0)], data)
    error, constant = float(last.values["test/rmse"][0]), float(data.y_test.std())
    if error < 0.6 * constant:
        return None
    return f"after 20 epochs on a small made table its RMSE is {error:.3g}; that of a constant is {constant:.3g}"


PROMISES = (
    Promise("packs", "a job has the same numbers alone, in a pack, and when it is run again", alone_as_packed),
    Promise("resume", "an interrupted training goes on bit for bit", goes_on),
    Promise("dimensions", "targets of several dimensions train, or are refused", several_dimensions),
    Promise("batched", "the jobs of a pack are batched", looped),
)
LEARNS = Promise("learns", "a small made table is learnt", learns)  # some regularizers need more epochs
