"""Who holds a lease, in words by which another process on the same machine can tell whether it still lives."""

import os
import platform
from functools import cache
from pathlib import Path


def this_owner() -> str:
    """This process: machine, process number and the time it started, for process numbers are used again."""
    return f"{_machine()}|{os.getpid()}|{_started(os.getpid())}"


def is_dead(owner: str) -> bool:
    """Whether an owner is known to be dead; one on another machine or on Windows never is, its lease has to run out."""
    machine, _, rest = owner.rpartition("|")[0].rpartition("|")
    started = owner.rpartition("|")[2]
    if machine != _machine() or not rest.isdigit():
        return False
    pid = int(rest)
    if os.name == "nt":  # where asking is sending Ctrl-C
        return False
    return not _exists(pid) or _started(pid) != started


@cache
def _machine() -> str:
    """The host, and within it the space of process numbers: containers may share the one and not the other."""
    try:
        return f"{platform.node()}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return platform.node()


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return _state(pid) != "Z"  # a zombie has ended, and waits for its parent to notice


def _state(pid: int) -> str:
    fields = _stat(pid)
    return fields[0] if fields else ""


def _started(pid: int) -> str:
    """When a process started, in clock ticks since boot; empty where the system does not tell."""
    fields = _stat(pid)
    return fields[19] if fields else ""


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()  # the name before it may hold blanks and brackets
