"""The work of a worker process: claim the jobs of a task, train or fit them, write every epoch to the store.

Only this folder uses both training and database.
"""

import platform
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from typing import Any

from regbench import kinds, roots
from regbench.engines.engine import Place
from regbench.errors import InfrastructureError
from regbench.kinds import code_digest
from regbench.provenance import device_name, environment, flags, numerics
from regbench.runner.work import commanded
from regbench.runner.work.device import torch_device
from regbench.runner.work.failure import give_up
from regbench.runner.work.far import FarStore
from regbench.runner.work.group import Group
from regbench.runner.work.held_out import HeldOut
from regbench.runner.work.inputs import prepared
from regbench.runner.work.leases import LEASE_S, held
from regbench.runner.work.record import Record
from regbench.runner.work.signals import Stop, Stopped, stop_requests
from regbench.runner.work.task import Result, Retrained, Task, joined
from regbench.runner.work.training import fit, train
from regbench.store import EpochRows, Patience, Store, patience_of_a_run
from regbench.store.owners import this_owner
from regbench.store.values import TIMES

ALONE = 0  # stands for the run of a job that is not stored


def run_pack(task: Task, place: Place) -> Result:
    """Train the jobs of a pack that no other process has claimed."""
    started = time.perf_counter()
    roots.use(task.added.moved(place.here))
    if not kinds.of(task.jobs[0].method).uses_device:
        place = replace(place, device="cpu")
    torch_device(place.device)  # sets flags, which `_environment` reads
    if place.ask is not None:
        check_code(task)
    with stop_requests() as stop, _store(task, place, stop) as store:
        groups = list(_claim(store, task, place))
        with held(store, [claim for group in groups for claim in group.claims], LEASE_S):
            results = [_attempt(group, place, stop) for group in groups]
    return joined(results, time.perf_counter() - started)


def check_code(task: Task) -> None:
    """Refuse to compute with other code than the task was planned with: its numbers would stand under the wrong digest.

    Raises:
        InfrastructureError: this machine has other code.
    """
    for job in task.jobs:
        if job.key in task.code and (here := code_digest(job)) != task.code[job.key]:
            raise InfrastructureError(
                f"{platform.node()}: its code for {job.method} on {job.dataset} is not the driver's ({here[:12]}, "
                f"not {task.code[job.key][:12]}); install the same regbench and plug-ins on every node"
            )


def _store(task: Task, place: Place, stop: Stop) -> Store | FarStore:
    if place.ask is not None:
        return FarStore(place.ask, place.here)
    return Store.open(task.store_url, patience=_patience(place, stop), existing=True)


def _patience(place: Place, stop: Stop) -> Patience:
    return Patience(patience_of_a_run(), over=lambda: stop.asked or not place.alive())


def retrain(task: Task, place: Place) -> Retrained:
    """Train the one job of a task as `run_pack` would, but alone; nothing is stored."""
    started = time.perf_counter()
    roots.use(task.added.moved(place.here))
    (job,) = task.jobs
    kind = kinds.of(job.method)
    if not kind.uses_device:
        place = replace(place, device="cpu")
    device = torch_device(place.device)  # sets flags, which `_environment` reads
    here, data = _environment(task), prepared(job) if kind.is_ours else None
    record = Record([job], [ALONE], held_out=HeldOut(data) if data else None)
    for epoch in kind.begin([job], data, device):
        record.add(epoch)
    (result,) = record.results(0.0)
    best = EpochRows(ALONE, result.best_epoch or result.epochs, result.errors)
    found: dict[str, dict[int, float]] = {}
    for rows in (*record.take(), best):
        for name, value in rows.values.items():
            found.setdefault(name, {})[rows.epoch] = float(value)
    values = {name: of for name, of in found.items() if name not in TIMES}
    return Retrained(values, place.device, here, time.perf_counter() - started)


def _claim(store: Store, task: Task, place: Place) -> Iterator[Group]:
    """Claim the jobs of a task, and group those that continue from the same epoch."""
    here = _environment(task)
    claims = store.claim(
        {job.key: task.code[job.key] for job in task.jobs},
        owner=this_owner(),
        lease_s=LEASE_S,
        environment=here,
        device=device_name(place.device),
    )
    jobs = {job.key: job for job in task.jobs}
    for _, some in groupby(sorted(claims, key=lambda claim: claim.epoch), key=lambda claim: claim.epoch):
        group = list(some)
        yield Group(store, tuple(jobs[claim.key] for claim in group), group, numerics(here, place.device))


def _environment(task: Task) -> dict[str, Any]:
    here = {**environment(), "flags": flags()}
    if command := roots.own_command(task.jobs[0].method):
        here["command"] = {"line": command.line, "folder": command.folder, "inputs": list(command.inputs)}
    return {**here, "libraries": {**here["libraries"], **dict(kinds.libraries(task.jobs[0].method))}}


def _attempt(group: Group, place: Place, stop: Stop) -> Result:
    kind = kinds.of(group.jobs[0].method)
    try:
        if not kind.is_ours:
            return commanded.command(group, place, stop)
        return train(group, place, stop) if kind.is_packed else fit(group, stop)
    except Stopped:
        group.store.interrupt(group.claims)
        return Result(interrupted=True)
    except Exception as error:  # errors of methods and data are recorded as failures
        return give_up(group, error)
