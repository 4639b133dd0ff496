"""What a worker process does with a pack: claim its jobs, train them, write every epoch to the store.

This is the only place where training and database meet.
"""

import os
import signal
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench import catalog
from regbench.errors import RegbenchError
from regbench.job import Job, Pack
from regbench.provenance import device_name, environment
from regbench.runner.owners import this_owner
from regbench.store import Claim, EpochRows, Finished, Store

if TYPE_CHECKING:
    from regbench.data import Prepared
    from regbench.training.loop import Epoch

LEASE_S = 120.0
WRITE_EVERY_S = 10.0
MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory")


@dataclass(frozen=True)
class Task:
    """A pack for a worker, and all it must know: plain values, for it crosses to another process."""

    jobs: tuple[Job, ...]
    store_url: str
    code: Mapping[str, str]  # job key -> digest
    name: str  # of the pack
    parent: int  # process that hands out the work; a worker that has lost it stops
    files: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    deaths: int = 0  # workers that died on these jobs


@dataclass(frozen=True)
class Result:
    """What became of the jobs of a task; jobs in none of the lists were somebody else's or already done."""

    finished: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message
    again: tuple[tuple[Job, ...], ...] = ()  # smaller packs to try instead
    interrupted: bool = False
    seconds: float = 0.0


class Stopped(BaseException):
    """The worker was asked to stop, or has lost whoever gave it work."""


def run_pack(task: Task, device: str) -> Result:
    """Train what is ours of a pack. Finished epochs are written every ten seconds, the last ones with the result."""
    started = time.perf_counter()
    with Store.open(task.store_url) as store, _stop_requests() as stop:
        claims = store.claim(
            {job.key: task.code[job.key] for job in task.jobs},
            owner=this_owner(),
            lease_s=LEASE_S,
            environment=environment(),
            device=device_name(device),
            pack=task.name,
        )
        ours = {claim.key for claim in claims}
        jobs = tuple(job for job in task.jobs if job.key in ours)
        if not jobs:
            return Result()
        by_key = {claim.key: claim for claim in claims}
        try:
            result = _train(store, jobs, [by_key[job.key] for job in jobs], task, device, stop)
        except Stopped:
            store.interrupt([claim.run_id for claim in claims])
            return Result(interrupted=True)
        except Exception as error:  # whatever a method or its data may raise is recorded, not lost
            result = _give_up(store, jobs, claims, error)
        return replace(result, seconds=time.perf_counter() - started)


def _train(
    store: Store, jobs: Sequence[Job], claims: Sequence[Claim], task: Task, device: str, stop: "_Stop"
) -> Result:
    from regbench.training.loop import train

    data = _prepared(jobs[0], task.files.get(jobs[0].dataset))
    _remember_dataset(store, jobs[0], data)
    record = _Record(jobs, claims)
    written = time.monotonic()
    started = time.perf_counter()
    for epoch in train(jobs, data, _device(device)):
        record.add(epoch)
        if stop.asked or os.getppid() != task.parent:
            store.write(record.take(), claims=claims)
            raise Stopped
        if time.monotonic() - written > WRITE_EVERY_S:
            store.write(record.take(), claims=claims)
            store.renew(claims, lease_s=LEASE_S)
            written = time.monotonic()
    share = (time.perf_counter() - started) / len(jobs)
    results = record.results(share)
    refused = store.finish(results, last=record.take())
    kept = [(job, end) for job, end in zip(jobs, results, strict=True) if end.run_id not in refused]
    return Result(
        finished=tuple(job.key for job, _ in kept),
        diverged=tuple(job.key for job, end in kept if end.diverged_at is not None),
    )


def _give_up(store: Store, jobs: Sequence[Job], claims: Sequence[Claim], error: Exception) -> Result:
    """Jobs of several methods are tried again method by method, so that one that raises takes no other with it.

    Memory that runs out says nothing about a job: half the pack is tried again, until one job alone is too large.
    """
    runs = [claim.run_id for claim in claims]
    memory = isinstance(error, MemoryError) or any(words in str(error).lower() for words in MEMORY_WORDS)
    heads = sorted({Pack.head(job) for job in jobs})
    if memory and len(jobs) > 1:
        store.interrupt(runs)
        return Result(again=(tuple(jobs[: len(jobs) // 2]), tuple(jobs[len(jobs) // 2 :])))
    if len(heads) > 1 and not isinstance(error, RegbenchError):
        store.interrupt(runs)
        return Result(again=tuple(tuple(job for job in jobs if Pack.head(job) == head) for head in heads))
    message = _said(error)
    failure = "resources" if memory else "infrastructure" if _is_infrastructure(error) else "user code"
    store.fail(runs, failure_class=failure, error=message)
    return Result(failed={job.key: (failure, message) for job in jobs})


def _said(error: Exception) -> str:
    """The error and where it came from, in one line for a table and the traceback below it."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    line = f"{type(error).__name__}: {error} ({os.path.basename(where.filename)}, line {where.lineno})"  # noqa: PTH119
    return str(error) if isinstance(error, RegbenchError) else f"{line}\n{''.join(traceback.format_exception(error))}"


def _is_infrastructure(error: Exception) -> bool:
    return isinstance(error, OSError) or (isinstance(error, RegbenchError) and error.exit_code == 7)


class _Record:
    """What a pack has measured and not yet written, and its jobs' best epochs so far."""

    def __init__(self, jobs: Sequence[Job], claims: Sequence[Claim]) -> None:
        self.keep = jobs[0].protocol.keep_predictions == "best"
        self.runs = [claim.run_id for claim in claims]
        self.waiting: list[EpochRows] = []
        self.epochs = 0
        self.best = np.full(len(jobs), np.inf)
        self.best_epoch: list[int | None] = [None] * len(jobs)
        self.predictions: list[dict[str, np.ndarray]] = [{} for _ in jobs]
        self.diverged_at: list[int | None] = [None] * len(jobs)

    def add(self, epoch: "Epoch") -> None:
        """Take over an epoch of all jobs; the predictions only where it is the best so far."""
        self.epochs = epoch.number
        share = epoch.seconds / len(self.runs)
        finite = np.all([np.isfinite(values) for values in epoch.values.values()], axis=0)
        for row, run in enumerate(self.runs):
            values = {name: float(column[row]) for name, column in epoch.values.items()}
            self.waiting.append(EpochRows(run, epoch.number, {**values, "seconds": share}))
            if not finite[row] and self.diverged_at[row] is None:
                self.diverged_at[row] = epoch.number
            if values["val/rmse"] < self.best[row]:
                self.best[row] = values["val/rmse"]
                self.best_epoch[row] = epoch.number
                if self.keep:
                    self.predictions[row] = {part: every[row] for part, every in epoch.predictions.items()}

    def take(self) -> list[EpochRows]:
        """The rows that wait to be written, which then wait no longer."""
        rows, self.waiting = self.waiting, []
        return rows

    def results(self, share: float) -> list[Finished]:
        """The ends of all runs; `share` is each run's part of the wall time in seconds."""
        return [
            Finished(run, share, self.epochs, self.diverged_at[row], self.predictions[row], self.best_epoch[row])
            for row, run in enumerate(self.runs)
        ]


@dataclass
class _Stop:
    """Whether somebody has asked this worker to stop."""

    asked: bool = False


@contextmanager
def _stop_requests() -> Iterator[_Stop]:
    """SIGTERM becomes a request that the training sees after its epoch."""
    stop = _Stop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.asked = True

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


def _device(name: str) -> Any:
    """The torch device, with the settings that make its numbers the same every time."""
    import torch

    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    if name != "cpu":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    return torch.device(name)


def _prepared(job: Job, file: tuple[str, str] | None) -> "Prepared":
    seed = job.seed if job.protocol.split == "per_seed" else 0
    return _load(job.dataset, job.digest, job.protocol.split, seed, file)


@lru_cache(maxsize=2)
def _load(dataset: str, digest: str, split: str, seed: int, file: tuple[str, str] | None) -> "Prepared":
    """The dataset as it is trained on; a worker keeps the last two."""
    from regbench import data

    if file is None:
        return data.prepare(data.load(catalog.load("datasets", dataset), dataset), split, seed)
    described, table = data.from_file(*file)
    if described.digest != digest:
        raise RegbenchError(f"{file[0]} has changed since the run was planned; run again")
    return data.prepare(table, split, seed)


def _remember_dataset(store: Store, job: Job, data: "Prepared") -> None:
    known = catalog.entry("datasets", job.dataset).arguments if job.dataset in catalog.names("datasets") else {}
    store.add_dataset(
        digest=job.digest,
        name=job.dataset,
        sizes=[len(data.y_train), len(data.y_val), len(data.y_test)],
        inputs=data.x_train.shape[1] if data.x_train.ndim == 2 else data.x_train.shape[1:],
        target_low=data.y_low.tolist(),
        target_high=data.y_high.tolist(),
        licence=known.get("licence"),
    )
