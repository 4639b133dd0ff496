"""Execute a job of a user's program: pass its epochs on to the store as they come, and end it when asked to stop."""

import contextlib
import shutil
import time
from pathlib import Path

from regbench.data.places import cache_folder
from regbench.engines.engine import Place
from regbench.errors import UsageError
from regbench.kinds import code_digest
from regbench.kinds.command.running import Running
from regbench.runner.work.group import Group
from regbench.runner.work.record import Record
from regbench.runner.work.signals import Stop, Stopped
from regbench.runner.work.task import Result
from regbench.runner.work.training import write_every_s

FOLDER = "commands"  # in the user's cache, for a database that is no file


def command(group: Group, place: Place, stop: Stop) -> Result:
    """Run the program to its end. If asked to stop, end it, write its epochs and raise `Stopped`."""
    (job,) = group.jobs
    own = _folder(group)
    if code_digest(job) != group.claims[0].code:
        raise UsageError(f"the inputs of {job.method} have changed since the run was planned; run again")
    record = Record(group.jobs, group.runs)
    started = written = time.monotonic()
    running = Running(job, place.device, own)
    with contextlib.closing(running.watch()) as epochs:
        for epoch in epochs:
            if epoch is not None:
                record.add(epoch)
            stopping = stop.asked or not place.alive()
            due = time.monotonic() - written > write_every_s()
            if record.waiting and (stopping or due):
                if group.store.write(record.take(), claims=group.claims):
                    return Result()  # another process has taken the job
                written = time.monotonic()
            if stopping:
                raise Stopped
    done = group.finish(record, time.monotonic() - started)
    for folder in own.parent.glob(f"{job.key}-*"):  # of other versions of the program too
        shutil.rmtree(folder, ignore_errors=True)
    return done


def _folder(group: Group) -> Path:
    """Where a job of this code keeps what survives retries: beside the database, or in the cache if that is no file."""
    (job,), (claim,) = group.jobs, group.claims
    folder = group.store.folder(FOLDER) or cache_folder() / FOLDER
    return folder / f"{job.key}-{claim.code}"
