"""What a worker process does with a pack: claim its jobs, train or fit them, write every epoch to the store.

This is the only place where training and database meet.
"""

import os
import signal
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from regbench import catalog, kinds
from regbench.errors import InfrastructureError, RegbenchError, UsageError
from regbench.job import Job, Pack
from regbench.kinds import libraries
from regbench.provenance import device_name, environment, flags, numerics
from regbench.runner.failures import classify, is_of_device
from regbench.runner.owners import this_owner
from regbench.runner.record import Record
from regbench.store import Claim, Store

if TYPE_CHECKING:
    from regbench.data import Prepared
    from regbench.training.checkpoint import State

LEASE_S = 120.0
WRITE_EVERY_S = 10.0
WRITING_COSTS_AT_MOST = 50  # times as long is trained between two writes as a write takes: 2 % for large states


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
    attempt: int = 1  # in this run, after failures that the machine is to blame for


@dataclass(frozen=True)
class Result:
    """What became of the jobs of a task; jobs in none of the lists were somebody else's or already done."""

    finished: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message
    again: tuple[tuple[Job, ...], ...] = ()  # smaller packs to try instead
    interrupted: bool = False
    device_fault: str = ""  # what was said that speaks against the device, and against going on in this process
    seconds: float = 0.0


class Stopped(BaseException):
    """The worker was asked to stop, or has lost whoever gave it work."""


def run_pack(task: Task, device: str) -> Result:
    """Train what is ours of a pack. Finished epochs are written every ten seconds, each time with where to go on."""
    started = time.perf_counter()
    fitted = kinds.is_reference(task.jobs[0].method)
    device = "cpu" if fitted else device  # whatever slot it was given
    torch_device = _device(device)
    with Store.open(task.store_url) as store, _stop_requests() as stop:
        here = {**environment(), "flags": flags()}
        if fitted:
            here["libraries"] = {**here["libraries"], **dict(libraries(task.jobs[0].method))}
        claims = store.claim(
            {job.key: task.code[job.key] for job in task.jobs},
            owner=this_owner(),
            lease_s=LEASE_S,
            environment=here,
            device=device_name(device),
        )
        jobs = {job.key: job for job in task.jobs}
        results = []
        with _held(store, claims, LEASE_S):
            for _, some in groupby(sorted(claims, key=lambda each: each.epoch), key=lambda each: each.epoch):
                group = list(some)  # all of one epoch: they are trained in step
                pack = _Pack(store, tuple(jobs[claim.key] for claim in group), group, numerics(here, device))
                results.append(_attempt(pack, task, torch_device, stop))
        return replace(_joined(results), seconds=time.perf_counter() - started)


def retrain(task: Task, device: str) -> dict[str, np.ndarray]:
    """The curves (epochs,) of the one job of a task, trained alone; nothing is stored."""
    (job,) = task.jobs
    data = _prepared(job, task.files.get(job.dataset))
    every = kinds.of(job.method).begin([job], data, _device(device))
    epochs = [
        epoch.values | {name: np.array([value]) for name, value in epoch.looks[0].diagnostics.items()}
        for epoch in every
    ]
    return {name: np.array([values[name][0] for values in epochs]) for name in epochs[0]}


def _attempt(pack: "_Pack", task: Task, device: Any, stop: "_Stop") -> Result:
    try:
        fitted = kinds.is_reference(pack.jobs[0].method)
        return _fit(pack, task, stop) if fitted else _train(pack, task, device, stop)
    except Stopped:
        pack.store.interrupt(pack.claims)
        return Result(interrupted=True)
    except Exception as error:  # whatever a method or its data may raise is recorded, not lost
        return _give_up(pack, error)


def _fit(pack: "_Pack", task: Task, stop: "_Stop") -> Result:
    """A baseline: one job, one epoch, and nothing that could go on later."""
    (job,) = pack.jobs
    data = _prepared(job, task.files.get(job.dataset))
    _remember_dataset(pack.store, job, data)
    record = Record(pack.jobs, pack.runs)
    with stop.at_once():
        (epoch,) = kinds.of(job.method).begin([job], data, "cpu")
    record.add(epoch)
    return _finish(pack, record, epoch.seconds)


def _train(pack: "_Pack", task: Task, device: Any, stop: "_Stop") -> Result:
    from regbench.training.loop import Training

    jobs, store = pack.jobs, pack.store
    data = _prepared(jobs[0], task.files.get(jobs[0].dataset))
    _remember_dataset(store, jobs[0], data)
    states = _states(pack)
    record = Record(jobs, pack.runs, states)
    written, took = time.monotonic(), 0.0
    started = time.perf_counter()  # before the model is built: a method's first stage is part of its time
    training = Training(jobs, data, device, states=states)
    record.stage1_seconds = training.stage1_seconds
    for epoch in training:
        record.add(epoch)
        stopping = stop.asked or os.getppid() != task.parent
        due = time.monotonic() - written > max(write_every_s(), took * WRITING_COSTS_AT_MOST)
        if (stopping or due) and epoch.number < jobs[0].protocol.epochs:
            began = time.monotonic()
            share = (time.perf_counter() - started) / len(jobs)
            checkpoints = record.checkpoints(training.state(), share, pack.numerics)
            refused = store.write(record.take(), claims=pack.claims, checkpoints=checkpoints)
            if stopping:
                raise Stopped
            if refused >= set(pack.runs):
                return Result()  # somebody else has taken every job, and trains them
            written = time.monotonic()
            took = written - began
    return _finish(pack, record, (time.perf_counter() - started) / len(jobs))


def _finish(pack: "_Pack", record: Record, share: float) -> Result:
    """Write the ends of all runs; `share` is each one's part of the wall time in seconds."""
    results = record.results(share)
    refused = pack.store.finish(results, claims=pack.claims, last=record.take())
    kept = [(job, end) for job, end in zip(pack.jobs, results, strict=True) if end.run_id not in refused]
    return Result(
        finished=tuple(job.key for job, _ in kept),
        diverged=tuple(job.key for job, end in kept if end.diverged_at is not None),
    )


@dataclass(frozen=True)
class _Pack:
    """Jobs that are ours now and are trained at once."""

    store: Store
    jobs: tuple[Job, ...]
    claims: Sequence[Claim]
    numerics: str  # what the bits of its numbers depend on besides the code

    @property
    def runs(self) -> list[int]:
        return [claim.run_id for claim in self.claims]


def _states(pack: _Pack) -> "list[State] | None":
    """Where the runs of a pack go on; None for new ones. Says in the store whether just as if they had not stopped."""
    from regbench.training.checkpoint import State

    epoch = pack.claims[0].epoch
    if not epoch:
        return None
    states = [State.from_bytes(pack.store.checkpoint(run)) for run in pack.runs]
    before = {claim.pack for claim in pack.claims}
    company = pack.store.packs(before)
    why = []
    if [claim.key for claim in pack.claims] not in company.values():
        why.append("in another pack")
    if {state.facts["numerics"] for state in states} != {pack.numerics}:
        why.append("on another machine or with other versions")
    pack.store.note_resumption(pack.runs, epoch=epoch, exact=not why, why=" and ".join(why))
    return states


def _joined(results: Sequence[Result]) -> Result:
    return Result(
        finished=tuple(key for each in results for key in each.finished),
        diverged=tuple(key for each in results for key in each.diverged),
        failed={key: why for each in results for key, why in each.failed.items()},
        again=tuple(jobs for each in results for jobs in each.again),
        interrupted=any(each.interrupted for each in results),
        device_fault=next((each.device_fault for each in results if each.device_fault), ""),
    )


def _give_up(pack: _Pack, error: Exception) -> Result:
    """Jobs of several methods are tried again method by method, so that one that raises takes no other with it.

    Memory that runs out says nothing about a job: half the pack is tried again, until one job alone is too large.
    """
    jobs = pack.jobs
    failure = classify(error)
    fault = str(error).partition("\n")[0] or type(error).__name__ if is_of_device(error) else ""
    heads = sorted({Pack.head(job) for job in jobs})
    if failure == "resources" and len(jobs) > 1:
        pack.store.interrupt(pack.claims)
        return Result(again=(jobs[: len(jobs) // 2], jobs[len(jobs) // 2 :]))
    if len(heads) > 1 and not isinstance(error, RegbenchError):
        pack.store.interrupt(pack.claims)
        again = tuple(tuple(job for job in jobs if Pack.head(job) == head) for head in heads)
        return Result(again=again, device_fault=fault)
    message = _said(error)
    pack.store.fail(pack.claims, failure_class=failure, error=message)
    return Result(failed={job.key: (failure, message) for job in jobs}, device_fault=fault)


def _said(error: Exception) -> str:
    """The error and where it came from, in one line for a table and the traceback below it."""
    if isinstance(error, RegbenchError):
        return str(error)
    where = traceback.extract_tb(error.__traceback__)[-1]
    line = f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
    return f"{line}\n{''.join(traceback.format_exception(error))}"


@contextmanager
def _held(store: Store, claims: Sequence[Claim], lease_s: float) -> Iterator[None]:
    """Keep the leases from running out, however long an epoch takes, or what comes before the first one."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(lease_s / 4):
            with suppress(InfrastructureError):  # of a database that is locked for a while; who writes next will say so
                store.renew(claims, lease_s=lease_s)

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@dataclass
class _Stop:
    """Whether somebody has asked this worker to stop, and whether it may stop in the middle of what it does."""

    asked: bool = False
    now: bool = False

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Within it a request raises `Stopped`: what is under way is lost anyway, so nobody waits for its end."""
        self.now = True
        try:
            if self.asked:
                raise Stopped
            yield
        finally:
            self.now = False


@contextmanager
def _stop_requests() -> Iterator[_Stop]:
    """SIGTERM becomes a request that a training sees after its epoch, and a fit where it is."""
    stop = _Stop()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.asked = True
        if stop.now:
            raise Stopped

    before = signal.signal(signal.SIGTERM, ask)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGTERM, before)


def write_every_s() -> float:
    """Seconds between two writes; REGBENCH_WRITE_EVERY changes them, for machines that crash, and for tests."""
    return float(os.environ.get("REGBENCH_WRITE_EVERY", WRITE_EVERY_S))


def _device(name: str) -> Any:
    """The torch device, with the settings that make its numbers the same every time."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    import torch
    from torch.utils import deterministic

    torch.set_num_threads(1)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True)
    # Else every new tensor is written twice; `setattr`, for it is a property that no type checker knows.
    setattr(deterministic, "fill_uninitialized_memory", False)  # noqa: B010
    if name != "cpu":
        torch.cuda.set_device(name)  # else whatever names no device makes itself at home on the first one
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
        raise UsageError(f"{file[0]} has changed since the run was planned; run again")
    return data.prepare(table, split, seed)


def _remember_dataset(store: Store, job: Job, data: "Prepared") -> None:
    known = catalog.entry("datasets", job.dataset).arguments if job.dataset in catalog.names("datasets") else {}
    store.add_dataset(
        digest=job.digest,
        name=job.dataset,
        sizes=data.sizes,
        inputs=data.x_train.shape[1] if data.x_train.ndim == 2 else data.x_train.shape[1:],
        target_low=data.y_low.tolist(),
        target_high=data.y_high.tolist(),
        source=data.source or None,
        licence=known.get("licence"),
    )
