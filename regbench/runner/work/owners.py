"""Who holds a lease, in words by which another process on the same machine can tell whether it still lives."""

import os
import platform
from functools import cache
from pathlib import Path

import psutil

SAME_START_S = 2.0  # the clock may be set meanwhile, and boot times are rounded; numbers are not used again that soon


def this_owner() -> str:
    """This process: machine, process number and the time it started, for process numbers are used again."""
    return f"{_machine()}|{os.getpid()}|{_started(psutil.Process()):.2f}"


def is_dead(owner: str) -> bool:
    """Whether an owner is known to be dead; one on another machine never is, its lease has to run out."""
    machine, _, pid = owner.rpartition("|")[0].rpartition("|")
    started = owner.rpartition("|")[2]
    if machine != _machine() or not pid.isdigit():
        return False
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:  # it has ended, and waits for its parent to notice
            return True
        # An older version wrote clock ticks, without a point: then only a number that is free is known to be dead.
        return "." in started and abs(_started(process) - float(started)) > SAME_START_S
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def _started(process: psutil.Process) -> float:
    """Seconds from the start of the machine to that of the process: setting the clock does not move it."""
    return process.create_time() - psutil.boot_time()


@cache
def _machine() -> str:
    """The host, and within it the space of process numbers: containers may share the one and not the other."""
    try:
        return f"{platform.node()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()
