"""How a worker handles an error of a group of jobs."""

import traceback
from collections.abc import Sequence
from pathlib import Path
from traceback import FrameSummary

from regbench import roots
from regbench.errors import PassingError, RegbenchError
from regbench.job import Pack
from regbench.runner.failures import classify, is_of_device
from regbench.runner.work.group import Group
from regbench.runner.work.task import Result


def give_up(group: Group, error: Exception) -> Result:
    """Record the failure, or ask for smaller groups if it is not clear which job is to blame.

    A group of several methods is retried method by method, so that a failing method does not affect the others.
    If memory runs out, the group is retried in halves, until a single job is too large.
    """
    if isinstance(error, PassingError):  # the database would not take the failure either, and the jobs are not to blame
        raise error
    jobs = group.jobs
    failure = classify(error)
    fault = str(error).partition("\n")[0] or type(error).__name__ if is_of_device(error) else ""
    heads = sorted({Pack.head(job) for job in jobs})
    if failure == "resources" and len(jobs) > 1:
        group.store.interrupt(group.claims)
        return Result(again=(jobs[: len(jobs) // 2], jobs[len(jobs) // 2 :]))
    if len(heads) > 1 and not isinstance(error, RegbenchError):
        group.store.interrupt(group.claims)
        again = tuple(tuple(job for job in jobs if Pack.head(job) == head) for head in heads)
        return Result(again=again, device_fault=fault)
    message = said(error)
    group.store.fail(group.claims, failure_class=failure, error=message)
    return Result(failed={job.key: (failure, message) for job in jobs}, device_fault=fault)


def said(error: Exception) -> str:
    """An error as text: one line with its place, for tables, and the traceback below it."""
    if isinstance(error, RegbenchError):
        return str(error)
    where = _place(traceback.extract_tb(error.__traceback__))
    line = f"{type(error).__name__}: {error} ({Path(where.filename).name}, line {where.lineno})"
    return f"{line}\n{''.join(traceback.format_exception(error))}"


def _place(frames: Sequence[FrameSummary]) -> FrameSummary:
    """The innermost line of a user's file, else of ours, else of a library: that is where to look first."""
    ours, theirs = ([root.folder for root in roots.roots() if root.ours is own] for own in (True, False))
    for folders in (theirs, ours):
        for frame in reversed(frames):
            if any(Path(frame.filename).is_relative_to(folder) for folder in folders):
                return frame
    return frames[-1]
