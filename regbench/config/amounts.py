"""Durations, shards and fractions as options of the command line spell them."""

import re

from regbench.errors import UsageError

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0}
MOST_WORKERS = 1024
LONGEST_S = 3650 * UNITS["d"]


def read_duration(text: str) -> float:
    """Convert a duration of the command line to seconds.

    >>> read_duration("90s"), read_duration("30m"), read_duration("1h30m")
    (90.0, 1800.0, 5400.0)
    """
    parts = re.findall(r"(\d+(?:\.\d+)?)\s*(d|h|min|m|s)\s*", text.strip())
    whole = re.fullmatch(r"(?:\d+(?:\.\d+)?\s*(?:d|h|min|m|s)\s*)+", text.strip())
    seconds = sum(float(number) * UNITS[unit] for number, unit in parts)
    if not whole or seconds <= 0:
        raise UsageError(f"--budget {text}: write a time such as 90s, 30m, 2h or 1h30m")
    if seconds > LONGEST_S:
        raise UsageError(f"--budget {text[:40]}: must be at most {LONGEST_S / UNITS['d']:.0f} days")
    return seconds


def read_shard(text: str) -> tuple[int, int]:
    """The index of a shard, from 1, and the number of shards.

    >>> read_shard("2/3")
    (2, 3)
    """
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text.strip())
    index, count = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= index <= count:
        raise UsageError(f"--shard {text}: write i/n with i from 1 to n, such as 1/3")
    return index, count


def read_fraction(text: str) -> float:
    """Convert `1%` or `0.01` to a fraction.

    >>> read_fraction("1%"), read_fraction("0.5")
    (0.01, 0.5)
    """
    try:
        found = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        found = 0.0
    if not 0 < found <= 1:
        raise UsageError(f"--verify-packing {text}: write a fraction above 0 and at most 100%, such as 1%")
    return found


def check_workers(workers: int) -> None:
    """Refuse a number of processes that no machine could run."""
    if not 1 <= workers <= MOST_WORKERS:
        least = "at least 1 is needed" if workers < 1 else f"at most {MOST_WORKERS} can be started"
        raise UsageError(f"--workers {workers}: {least}")
