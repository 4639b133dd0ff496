"""Reference models: fitted on training rows, selected on validation rows, tested; a job of one epoch.

They run in one thread. Warnings of the library are silenced, because a worker cannot act on them.
"""

import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench import catalog, metrics
from regbench.catalog import Entry
from regbench.fingerprint import Library, Start
from regbench.job import Job, Protocol
from regbench.kinds.kind import Kind, measures
from regbench.kinds.size import Size

if TYPE_CHECKING:
    from regbench.baselines.baseline import Baseline
    from regbench.data import Prepared
    from regbench.training.checkpoint import State
    from regbench.training.loop import Epoch

SECONDS = 0.02  # least time of a fit, for any table
ROW_BYTES = 10_000  # bytes per training row of the largest model, a forest of fully grown trees
SEEDS = 2**32  # seeds that libraries accept
CHOSEN = "chosen/"  # prefix of metrics: the settings of the selected model


@dataclass(frozen=True)
class Fitted:
    """The results of a baseline: errors and settings by name, float64 (1,), and predictions "val", "test" (1, N, M)."""

    values: dict[str, np.ndarray]
    predictions: dict[str, np.ndarray]
    seconds: float


def fit(job: Job, data: "Prepared") -> Fitted:
    """Fit the baseline of a job: its errors on the same targets and by the same metrics as for methods."""
    import torch
    from threadpoolctl import threadpool_limits

    from regbench.baselines.baseline import choose, predictions

    started = time.perf_counter()
    baseline: Baseline = catalog.load("baselines", job.method)
    x = {part: getattr(data, f"x_{part}") for part in ("train", "val", "test")}
    if data.maps:  # rows are pixels, and what fits a constant only counts them
        x = {part: getattr(data, f"y_{part}") for part in x}
    if data.task == "resident":
        x = {part: rows.astype(np.float64) for part, rows in x.items()}
    y = {part: getattr(data, f"y_{part}").astype(np.float64) for part in ("train", "val", "test")}
    with warnings.catch_warnings(), threadpool_limits(limits=1):
        warnings.simplefilter("ignore")
        candidates = baseline.fit(x["train"], y["train"], dict(job.static), job.seed % SEEDS)
        best = choose(candidates, x["val"], y["val"])
        predicted = {part: predictions(best, x[part]) for part in ("val", "test")}
    values = {f"{CHOSEN}{name}": np.array([float(value)]) for name, value in best.settings.items()}
    functions = metrics.of_predictions(positive=data.is_positive)
    for part, y_hat in predicted.items():
        shots = torch.from_numpy(data.shots[part]) if data.shots else None
        measured = metrics.measure(functions, torch.from_numpy(y_hat[None]), torch.from_numpy(y[part]), shots)
        values |= {f"{part}/{name}": value.numpy() for name, value in measured.items()}
    kept = {part: y_hat[None].astype(np.float32) for part, y_hat in predicted.items()}
    return Fitted(values, kept, time.perf_counter() - started)


class Fitting:
    """The execution of one job; it has one epoch, which is recorded like that of a training."""

    def __init__(self, jobs: Sequence[Job], data: "Prepared") -> None:
        (self.job,) = jobs
        self.data = data
        self.stage1_seconds: list[float] = []

    def __iter__(self) -> "Iterator[Epoch]":
        from regbench.training.diagnostics import Look
        from regbench.training.loop import Epoch

        done = fit(self.job, self.data)
        yield Epoch(1, done.values, done.predictions, [Look({}, {})], done.seconds)

    def state(self) -> list[dict[str, np.ndarray]]:
        """Empty, because a fit cannot be resumed."""
        return [{}]


def begin(
    jobs: Sequence[Job],
    data: "Prepared",
    device: Any,  # noqa: ARG001 - libraries fit on the CPU
    states: "Sequence[State] | None" = None,  # noqa: ARG001 - a fit cannot be resumed
) -> Fitting:
    """Fit one job, on targets scaled by their range or raw: other scales belong to how networks are trained."""
    from regbench.data.rescaling import rescaled
    from regbench.training.label_noise import noisy

    (job,) = jobs
    given = rescaled(data, job.protocol.inputs)
    if job.protocol.label_noise:
        given = replace(given, y_train=noisy(given.y_train, job.protocol.label_noise, job.seed))
    return Fitting(jobs, given)


def asked(protocol: Protocol) -> tuple[Start, ...]:
    """What `begin` takes for some values of the protocol only."""
    inputs = () if protocol.inputs in ("scaled", "raw") else (("regbench.data.rescaling", "rescaled"),)
    return (*inputs, *((("regbench.training.label_noise", "noisy"),) if protocol.label_noise else ()))


def starts(method: str, backbone: str, parts: tuple[str, ...]) -> tuple[Start, ...]:  # noqa: ARG001 - it has none
    """The fit, the data preparation, and the model."""
    return (
        ("regbench.kinds.fitted", "fit"),
        ("regbench.data", "prepare"),
        (catalog.module_of("baselines", method), catalog.OBJECTS["baselines"]),
        *measures(),
    )


def epoch_seconds(job: Job, size: Size) -> float:
    """Seconds of the fit, by the estimate in the model's file."""
    return SECONDS + catalog.row(job.method).arguments["cost"] * size.rows[0] * size.values


def memory(_job: Job, size: Size) -> int:
    """Bytes of the data in float64 and of the model; a model that accepts images counts them and reads none."""
    values = 1 if isinstance(size.inputs, tuple) else size.values
    return sum(size.rows) * 8 * values + size.rows[0] * ROW_BYTES


def libraries(entry: Entry) -> tuple[Library, ...]:
    """Name and version of the distribution a model needs; an empty version if not installed."""
    name = entry.arguments.get("requires")
    return ((name, _version(name)),) if name else ()


@cache
def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


KIND = Kind(
    is_reference=True,
    is_packed=False,
    uses_k=lambda _: False,
    uses_seed=lambda entry: not entry.arguments["deterministic"],
    reads_images=lambda entry: bool(entry.arguments.get("images")),
    starts=starts,
    asked=asked,
    libraries=libraries,
    epoch_seconds=epoch_seconds,
    memory=memory,
    begin=begin,
)
