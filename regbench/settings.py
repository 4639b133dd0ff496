"""The values of REGBENCH_... variables that no option checks: a wrong one is told before anything runs."""

import math
import os
import stat
from collections.abc import Mapping
from pathlib import Path

from regbench.errors import UsageError

WRITE_EVERY = "REGBENCH_WRITE_EVERY"  # seconds between two writes, for unreliable machines and for tests
OFFLINE = "REGBENCH_OFFLINE"
CACHE, DATA = "REGBENCH_CACHE", "REGBENCH_DATA"
ON, OFF = frozenset({"1", "true", "yes", "on"}), frozenset({"", "0", "false", "no", "off"})


def check(environment: Mapping[str, str] = os.environ) -> None:
    """Raise `UsageError` for the first wrong value."""
    seconds(environment)
    offline(environment)
    for name in (CACHE, DATA):
        check_folder(name, environment)


def seconds(environment: Mapping[str, str] = os.environ) -> float | None:
    """The seconds between two writes; None if they are not set."""
    if (text := environment.get(WRITE_EVERY)) is None:
        return None
    try:
        found = float(text)
    except ValueError:
        found = math.nan
    if not 0 <= found < math.inf:
        raise UsageError(f"{WRITE_EVERY}={text}: must be a number of seconds, such as 10; correct it or unset it")
    return found


def offline(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the network must not be used."""
    text = environment.get(OFFLINE, "")
    if text.lower() not in ON | OFF:
        raise UsageError(f"{OFFLINE}={text}: must be 1 or 0; correct it or unset it")
    return text.lower() in ON


def folder(name: str, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The folder that a variable names, which need not exist; None if it is not set."""
    if not (text := environment.get(name)):
        return None
    try:
        return Path(text).expanduser()
    except RuntimeError:
        raise UsageError(f"{name}={text}: there is no such home folder; correct it or unset it") from None


def check_folder(name: str, environment: Mapping[str, str] = os.environ) -> None:
    """Refuse a path that can be no folder."""
    path = folder(name, environment)
    try:
        wrong = "" if path is None or stat.S_ISDIR(path.stat().st_mode) else "it is no folder"
    except FileNotFoundError:
        return
    except OSError as error:  # a loop of symbolic links
        wrong = error.strerror or str(error)
    if wrong:
        raise UsageError(f"{name}={path}: {wrong}; correct it or unset it")
