"""Names for the owners of leases, by which processes on the same machine can tell whether an owner is alive."""

import os
import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psutil

BEHALF = "@"  # a worker on another machine @ the driver that claims for it; a host's name has none
SAME_START_S = 2.0  # the clock may be changed and boot times are rounded; process numbers are not reused so soon


def this_owner() -> str:
    """The name of this process: machine, process number, and start time, because process numbers are reused."""
    import psutil

    return f"{_machine()}|{os.getpid()}|{_started(psutil.Process()):.2f}"


def on_behalf_of(worker: str, driver: str) -> str:
    """The name of a worker whose driver claims and writes for it: it is dead, too, once the driver is."""
    return f"{worker}{BEHALF}{driver}"


def is_dead(owner: str) -> bool:
    """Whether an owner is known to be dead; false for another machine, whose lease has to run out."""
    return any(map(_is_dead, owner.split(BEHALF)))


def _is_dead(owner: str) -> bool:
    import psutil

    machine, _, pid = owner.rpartition("|")[0].rpartition("|")
    started = owner.rpartition("|")[2]
    if machine != _machine() or not pid.isdigit():
        return False
    try:
        process = psutil.Process(int(pid))
        if process.status() == psutil.STATUS_ZOMBIE:  # it has ended, but its parent has not noticed yet
            return True
        # Older versions wrote clock ticks, without a point: such an owner is dead only if its number is free.
        return "." in started and abs(_started(process) - float(started)) > SAME_START_S
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def told(owner: str) -> tuple[str, str]:
    """The host and the process number in the name of an owner.

    >>> told("node7/pid:[4026531836]|4711|12.50"), told("bench")
    (('node7', '4711'), ('', 'bench'))
    >>> told("node7/pid:[4026531836]|4711|12.50@login/pid:[4026531836]|815|3.00")
    ('node7', '4711')
    """
    owner = owner.partition(BEHALF)[0]
    machine, _, process = owner.rpartition("|")[0].rpartition("|")
    return (machine.partition("/")[0], process) if process else ("", owner)


def _started(process: "psutil.Process") -> float:
    """The start of a process in seconds after boot, which does not change when the clock is set."""
    import psutil

    return process.create_time() - psutil.boot_time()


@cache
def _machine() -> str:
    """The host and its namespace of process numbers, because containers on one host may have their own."""
    try:
        return f"{platform.node()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()
