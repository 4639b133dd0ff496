"""The values of REGBENCH_... variables that no option checks: a wrong one is told before anything runs."""

import math
import os
from collections.abc import Mapping
from pathlib import Path

from regbench.errors import UsageError
from regbench.paths import named

WRITE_EVERY = "REGBENCH_WRITE_EVERY"  # seconds between two writes, for unreliable machines and for tests
PATIENCE = "REGBENCH_PATIENCE"  # seconds that a run waits for a database that is locked, full or away
HANGS_AFTER = "REGBENCH_HANGS_AFTER"  # seconds without an epoch before a worker may be taken to hang
OFFLINE = "REGBENCH_OFFLINE"
OVERSUBSCRIBE = "REGBENCH_OVERSUBSCRIBE"  # more workers than cores: each then takes longer, as does the whole
SCRATCH = "REGBENCH_SCRATCH"  # 1: work on every SQLite file in scratch; 0: on none; else on those in a network
NATIVE = "REGBENCH_NATIVE"  # 0: no compiled functions
CACHE, DATA = "REGBENCH_CACHE", "REGBENCH_DATA"
OF_A_RUN = (WRITE_EVERY, PATIENCE, OFFLINE, OVERSUBSCRIBE, NATIVE)  # hold on every machine of a run
FOLDERS = (CACHE, DATA)  # of one machine
ON, OFF = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


def check(environment: Mapping[str, str] = os.environ) -> None:
    """Raise `UsageError` for the first wrong value."""
    for name in (WRITE_EVERY, PATIENCE, HANGS_AFTER):
        seconds(name, 0.0, environment)
    offline(environment)
    oversubscribe(environment)
    native(environment)
    scratch(environment)
    for name in (CACHE, DATA):
        check_folder(name, environment)


def seconds(name: str, usual: float, environment: Mapping[str, str] = os.environ) -> float:
    """The seconds that a variable gives, or the usual ones if it is not set."""
    if (text := environment.get(name)) is None:
        return usual
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise UsageError(f"{name}={text}: must be a number of seconds, such as 10; correct it or unset it")
    return found


def offline(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the network must not be used."""
    return _switch(OFFLINE, environment)


def oversubscribe(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether more workers than cores may be started."""
    return _switch(OVERSUBSCRIBE, environment)


def native(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether compiled functions may be used; they are, unless this is 0."""
    return _switch(NATIVE, environment, usual="1")


def scratch(environment: Mapping[str, str] = os.environ) -> bool | None:
    """Whether databases are worked on in local scratch; None if the type of the file system decides."""
    return _switch(SCRATCH, environment) if environment.get(SCRATCH) else None


def _switch(name: str, environment: Mapping[str, str], usual: str = "") -> bool:
    text = environment.get(name) or usual
    if text.lower() not in ON | OFF:
        raise UsageError(f"{name}={text}: must be 1 or 0; correct it or unset it")
    return text.lower() in ON


def folder(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that a variable names, which need not exist; None if it is not set."""
    text = environment.get(name)
    return named(text, f"{name}=") if text else None


def check_folder(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a path that can be no folder."""
    path = folder(name, environment)
    if path is not None and path.exists() and not path.is_dir():
        raise UsageError(f"{name}={path}: it is no folder; correct it or unset it")
