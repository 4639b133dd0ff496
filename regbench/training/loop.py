"""The training of a pack as a generator of epochs: `for epoch in Training(jobs, data): ...`.

The data are on the device once, and a batch is a gather. All randomness is keyed by a job's seed and the step, never by
the other jobs of the pack. Jobs with the same seed see the same rows and drop the same units: the draws are shared, and
comparisons between jobs are paired.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from regbench import metrics
from regbench.data import Prepared
from regbench.job import Job
from regbench.tasks.blocks import EVALUATED_ROWS
from regbench.tasks.storage import task_of
from regbench.tasks.task import Task
from regbench.training.after import after_epoch
from regbench.training.allocator import keep_freed_memory
from regbench.training.batches import Batches
from regbench.training.checkpoint import State, put, take
from regbench.training.diagnostics import Diagnostics, Look
from regbench.training.features import look
from regbench.training.pack import Model, build
from regbench.training.step import Steps


@dataclass(frozen=True)
class Epoch:
    """The results of one epoch, in the order of the jobs passed to `Training`; epochs count from 1."""

    number: int
    values: dict[str, np.ndarray]  # "val/rmse" -> (J,) float64; NaN where not finite
    predictions: dict[str, np.ndarray]  # "val" -> (J, N, M) float32, of this epoch
    looks: list[Look]  # each job's method parameters, diagnostics, scores of its distribution, metrics of its features
    seconds: float
    arrays: list[Mapping[str, np.ndarray]] = field(default_factory=list)  # each job's kept arrays by name, if any
    ended: frozenset[int] = frozenset()  # places of the jobs that had stopped before; their values are NaN


class Training:
    """The training of jobs that share a dataset, a backbone and a protocol; iterate over it for its epochs.

    The last partial batch of an epoch is dropped. A job that diverges yields NaN from then on and does not affect the
    others. With `states`, one per job and all of the same epoch, training continues after that epoch, bit for bit as
    if it had never stopped.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        data: Prepared,
        device: torch.device | str = "cpu",
        dtype: torch.dtype = torch.float32,
        states: Sequence[State] | None = None,
    ) -> None:
        keep_freed_memory()
        torch.set_flush_denormal(True)  # the tails of soft targets underflow, and denormal numbers are ten times slower
        self.device = torch.device(device)
        self.model = build(jobs, data, self.device, dtype)
        self.data: Task = task_of(data, self.device, dtype)
        self.diagnostics = Diagnostics(self.model, self.data.targets("val"))
        self.metrics = metrics.of_predictions(positive=data.is_positive)
        self.shots = {part: torch.from_numpy(shots).to(self.device) for part, shots in data.shots.items()}
        self.one_part = data.x_val is data.x_test  # the test rows are those for validation too
        self.epoch = 0
        self._back = [self.model.jobs.index(job) for job in jobs]
        if states:
            self.epoch = states[0].epoch
            own = dict(zip(self._back, states, strict=True))
            put(self.model, [own[row].arrays for row in range(len(jobs))])

    def __iter__(self) -> Iterator[Epoch]:
        started = time.perf_counter()
        for losses in optimise(self.model, self.data, self.epoch):
            self.epoch += 1
            values = {"train/loss": losses.double().cpu().numpy()}
            predictions = {}
            scores: list[dict[str, float]] = [{} for _ in self.model.jobs]
            for part in ("val",) if self.one_part else ("val", "test"):
                predicted, scored = self.model.evaluate(self.data.blocks(part, EVALUATED_ROWS))
                for of_job, of_part in zip(scores, scored, strict=True):
                    of_job.update({f"{part}/{name}": value for name, value in of_part.items()})
                predictions[part] = predicted.float().cpu().numpy()[self._back]
                targets = self.data.targets(part)
                for name, measured in metrics.measure(self.metrics, predicted, targets, self.shots.get(part)).items():
                    values[f"{part}/{name}"] = measured.cpu().numpy()
            if self.one_part:
                for found in (values, predictions, *scores):
                    found.update(_of_test(found))
            finite = {name: np.where(np.isfinite(value), value, np.nan)[self._back] for name, value in values.items()}
            seen = self.diagnostics.look()
            features = look(self.model, self.data, self.epoch)
            looks = [
                replace(seen[row], diagnostics=seen[row].diagnostics | scores[row] | dict(features[row].values))
                for row in self._back
            ]
            arrays = [features[row].arrays for row in self._back]
            now = time.perf_counter()
            yield Epoch(self.epoch, finite, predictions, looks, now - started, arrays if any(arrays) else [])
            started = time.perf_counter()

    @property
    def stage1_seconds(self) -> list[float]:
        """Seconds each job's method took to make its initial parameters, in the order of the jobs passed in."""
        return [self.model.stage1_seconds[row] for row in self._back]

    def state(self) -> list[dict[str, np.ndarray]]:
        """The arrays of each job after the last epoch, in the order of the jobs passed in."""
        jobs = take(self.model)
        return [jobs[row] for row in self._back]


def _of_test(of_val: Mapping[str, Any]) -> dict[str, Any]:
    """What was found of the validation part, under the names of the test part."""
    return {f"test{name.removeprefix('val')}": value for name, value in of_val.items() if name.startswith("val")}


def optimise(model: Model, task: Task, after: int = 0) -> Iterator[Tensor]:
    """Train the epochs after number `after`, one at a time; yields the mean training loss of each job (J,)."""
    batches = Batches(model, task.rows("train"))
    step = Steps(model, task, batches.dropout, batches.whose)
    for epoch in range(after, model.jobs[0].protocol.epochs):
        total = torch.zeros_like(model.clip)
        for given in batches.epoch(epoch):
            total += step(*given)
        after_epoch(model, task, epoch + 1)
        yield total / batches.steps
