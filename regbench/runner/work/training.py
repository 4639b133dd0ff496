"""Execute a group of jobs; write the first epoch at once, then epochs and a checkpoint every ten seconds."""

import math
import time
from typing import TYPE_CHECKING

from regbench import kinds, settings
from regbench.engines.engine import Place
from regbench.errors import InfrastructureError, PassingError
from regbench.runner.work.device import torch_device
from regbench.runner.work.group import Group
from regbench.runner.work.held_out import HeldOut
from regbench.runner.work.inputs import prepared, remember_dataset
from regbench.runner.work.record import Record
from regbench.runner.work.signals import Stop, Stopped
from regbench.runner.work.task import Result

if TYPE_CHECKING:
    from regbench.training.checkpoint import State

WRITE_EVERY_S = 10.0
WRITING_COSTS_AT_MOST = 50  # the training between two writes takes at least 50 times as long as a write, so 2 %


def train(group: Group, place: Place, stop: Stop) -> Result:
    """Train to the last epoch. If asked to stop, write the current epoch and raise `Stopped`."""
    jobs = group.jobs
    data = prepared(jobs[0])
    remember_dataset(group.store, jobs[0], data)
    states = _states(group)
    record = Record(jobs, group.runs, states, HeldOut(data))
    written, took = -math.inf, 0.0  # the first epoch is written at once, so that a run that is killed often gets on
    started = time.perf_counter()  # includes building the model and a method's first stage
    training = kinds.of(jobs[0].method).begin(jobs, data, torch_device(place.device), states)
    record.stage1_seconds = training.stage1_seconds
    for epoch in training:
        record.add(epoch)
        stopping = stop.asked or not place.alive()
        due = time.monotonic() - written > max(write_every_s(), took * WRITING_COSTS_AT_MOST)
        if (stopping or due) and epoch.number < jobs[0].protocol.epochs:
            began = time.monotonic()
            seconds = (time.perf_counter() - started) / len(jobs)
            checkpoints = record.checkpoints(training.state(), seconds, group.numerics)
            refused = group.store.write(record.take(), claims=group.claims, checkpoints=checkpoints)
            if stopping:
                raise Stopped
            if refused >= set(group.runs):
                return Result()  # other processes have taken all jobs
            written = time.monotonic()
            took = written - began
    return group.finish(record, (time.perf_counter() - started) / len(jobs))


def fit(group: Group, stop: Stop) -> Result:
    """Execute a job of a kind that is not packed; it has one epoch and cannot be resumed."""
    (job,) = group.jobs
    data = prepared(job)
    remember_dataset(group.store, job, data)
    record = Record(group.jobs, group.runs, held_out=HeldOut(data))
    with stop.at_once():
        (epoch,) = kinds.of(job.method).begin([job], data, "cpu")
    record.add(epoch)
    return group.finish(record, epoch.seconds)


def write_every_s() -> float:
    """Seconds between two writes; REGBENCH_WRITE_EVERY changes them, for unreliable machines and for tests."""
    return settings.seconds(settings.WRITE_EVERY, WRITE_EVERY_S)


def _states(group: Group) -> "list[State] | None":
    """The states from which a group resumes; None for new runs. Notes in the store whether this is exact."""
    from regbench.training.checkpoint import State

    epoch = group.claims[0].epoch
    if not epoch:
        return None
    try:
        states = [State.from_bytes(group.store.checkpoint(run)) for run in group.runs]
    except PassingError:
        raise
    except InfrastructureError:  # a missing or damaged state would fail every later attempt too
        group.store.begin_again(group.claims)
        raise
    before = group.store.packs({claim.pack for claim in group.claims})
    why = []
    if [claim.key for claim in group.claims] not in before.values():
        why.append("in another pack")
    if {state.facts["numerics"] for state in states} != {group.numerics}:
        why.append("on another machine or with other versions")
    group.store.note_resumption(group.runs, epoch=epoch, exact=not why, why=" and ".join(why))
    return states
