"""The training of a pack as a generator of epochs: `for epoch in Training(jobs, data): ...`.

Data lie on the device once and a batch is a gather. All randomness is keyed by a job's seed and the step, never by
its neighbours:
jobs of one seed see the same rows and drop the same units, so what is drawn once serves them all, and comparisons
are paired.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from regbench.data import Prepared
from regbench.job import Job
from regbench.metrics import METRICS
from regbench.random import Stream
from regbench.training.allocator import keep_freed_memory
from regbench.training.checkpoint import State, put, take
from regbench.training.dropout import Dropout
from regbench.training.optim import adam, clip, one_cycle
from regbench.training.pack import Model, build
from regbench.types import Keep

EVALUATION_ROWS = 1024  # rows a block of the evaluation has: enough to be fast, few enough to stay in cache


@dataclass(frozen=True)
class Epoch:
    """What one epoch gave, in the order of the jobs that were handed in; epochs count from 1."""

    number: int
    values: dict[str, np.ndarray]  # "val/rmse" -> (J,) float64; NaN where not finite
    predictions: dict[str, np.ndarray]  # "val" -> (J, N, M) float32, of this epoch
    seconds: float


@dataclass(frozen=True)
class Resident:
    """A dataset on the device."""

    x: dict[str, Tensor]
    y: dict[str, Tensor]

    @classmethod
    def of(cls, data: Prepared, device: torch.device, dtype: torch.dtype) -> "Resident":
        """Move the three parts of a split to the device."""
        parts = ("train", "val", "test")
        x = {part: torch.from_numpy(getattr(data, f"x_{part}")).to(device, dtype) for part in parts}
        y = {part: torch.from_numpy(getattr(data, f"y_{part}")).to(device, dtype) for part in parts}
        return cls(x, y)


class Training:
    """The training of jobs that share a dataset, a backbone and a protocol; iterate over it for its epochs.

    The last partial batch of an epoch is dropped. A job that diverges goes on giving NaN and touches no other.
    With `states`, one per job and all of one epoch, it goes on after that epoch, bit for bit as if it had never
    stopped.
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
        torch.set_flush_denormal(True)  # the tails of soft targets underflow; denormal numbers are ten times as slow
        self.device = torch.device(device)
        self.model = build(jobs, data, self.device, dtype)
        self.data = Resident.of(data, self.device, dtype)
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
            for part in ("val", "test"):
                predicted = self.model.predict(self.data.x[part], EVALUATION_ROWS)
                predictions[part] = predicted.float().cpu().numpy()[self._back]
                for name, metric in METRICS.items():
                    values[f"{part}/{name}"] = metric(predicted, self.data.y[part]).cpu().numpy()
            finite = {name: np.where(np.isfinite(value), value, np.nan)[self._back] for name, value in values.items()}
            now = time.perf_counter()
            yield Epoch(self.epoch, finite, predictions, now - started)
            started = time.perf_counter()

    def state(self) -> list[dict[str, np.ndarray]]:
        """The arrays of each job after the last epoch, in the order of the jobs that were handed in."""
        jobs = take(self.model)
        return [jobs[row] for row in self._back]


def train(
    jobs: Sequence[Job], data: Prepared, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
) -> Iterator[Epoch]:
    """The epochs of `Training`, from the first one on."""
    return iter(Training(jobs, data, device, dtype))


def optimise(model: Model, resident: Resident, after: int = 0) -> Iterator[Tensor]:
    """Run the optimiser, one epoch at a time, after so many done; gives the mean training loss of each job (J,)."""
    protocol = model.jobs[0].protocol
    seeds = sorted({job.seed for job in model.jobs})
    whose = torch.tensor([seeds.index(job.seed) for job in model.jobs], device=model.device)
    orders, draws = (_streams(seeds, purpose, model.device) for purpose in ("order", "loss"))
    rows_in_all = len(resident.x["train"])
    batch_size = min(protocol.batch_size, rows_in_all)
    steps = rows_in_all // batch_size
    shares = one_cycle(protocol, protocol.epochs * steps)
    widths = model.backbone.dropped(model.options)
    dropout = Dropout(model.jobs, widths, rows=batch_size, device=model.device, dtype=model.clip.dtype)
    segments = model.segments
    for epoch in range(after, protocol.epochs):
        first = epoch * steps
        order = orders.child(epoch).permutation(rows_in_all)
        mask_keys = dropout.epoch(first, steps)
        loss_keys = draws.child(torch.arange(first, first + steps, device=model.device)[:, None]).key[:, whose]
        progress = torch.arange(first, first + steps, device=model.device).to(model.clip.dtype) / len(shares)
        total = torch.zeros(len(model.jobs), device=model.device, dtype=model.clip.dtype)
        for batch in range(steps):
            rows = order[:, batch * batch_size : (batch + 1) * batch_size]
            keep = dropout.masks(mask_keys[batch])
            total += gradients(model, resident, rows, whose, keep, loss_keys[batch], progress[batch])
            clip(segments, model.clip)
            adam(segments, shares[first + batch], first + batch + 1)
        yield total / steps


def gradients(
    model: Model, resident: Resident, rows_SB: Tensor, whose: Tensor, keep: list[Keep], keys: Tensor, progress: Tensor
) -> Tensor:
    """Put the gradients of one step into the segments of `model`; gives the loss of each job (J,)."""
    x, y = (_per_job(_rows(part["train"], rows_SB), whose) for part in (resident.x, resident.y))
    rows = _per_job(rows_SB, whose)
    z, saved = model.backbone.forward(model.trunk.views, x, keep, model.options)
    dz, losses = [], []
    for part in model.heads:
        jobs = part.head.jobs
        batch = {"y": y[jobs], "rows": rows[jobs], "key": keys[jobs], "progress": progress}
        dz_head, linear, trained, loss = part.head.step(z[jobs], part.linear.views, part.trained_views, batch)
        part.linear.put(linear)
        if part.trained:
            part.trained.put(trained)
        dz.append(dz_head)
        losses.append(loss)
    whole = dz[0] if len(dz) == 1 else torch.cat(dz)
    trunk = model.backbone.backward(model.trunk.views, saved, whole)
    model.trunk.put(trunk[name] for name in model.trunk.views)
    return torch.cat(losses)


def _rows(table: Tensor, rows_SB: Tensor) -> Tensor:
    """The rows (S, B, ...) of a table (N, ...)."""
    return table.index_select(0, rows_SB.flatten()).unflatten(0, rows_SB.shape)


def _streams(seeds: Sequence[int], purpose: str, device: torch.device) -> Stream:
    """The streams of several seeds as one, keys (S,)."""
    return Stream(torch.stack([Stream.named(seed, purpose).key for seed in seeds]).to(device))


def _per_job(per_seed: Tensor, whose: Tensor) -> Tensor:
    """(S, ...) -> (J, ...): a view where the whole pack has one seed."""
    if len(per_seed) == 1:
        return per_seed.expand(len(whose), *per_seed.shape[1:])
    return per_seed[whose]
