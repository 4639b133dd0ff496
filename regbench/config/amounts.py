"""Durations, shards, fractions and whole numbers as options of the command line spell them, and their bounds."""

import re
from collections.abc import Sequence

from regbench.errors import UsageError, did_you_mean

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0}
ENGINES = ("local", "ray")
MOST_WORKERS = 1024
MOST_EPOCHS = 1_000_000
MOST_SEEDS = 10_000
MOST_BINS = 100_000
LARGEST_SEED = 2**63 - 1  # what a database holds
LARGEST = 1e9  # of a learning rate, a weight of a loss, ...: squares of it are still far from the end of float32
BOUNDS = {"k": (2, MOST_BINS), "seed": (0, LARGEST_SEED)}
RUN = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")
LONGEST_S = 3650 * UNITS["d"]
LARGEST_SHARE = 10.0  # of a worsening
INTERVAL_S = (0.1, 3600.0)  # between two frames


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


def read_margin(text: str) -> float:
    """The margin of a gate: `1%` or `0.01`."""
    return _share("--margin", text)


def read_detect(text: str) -> float:
    """The worsening that a gate is to find: `2%` or `0.02`."""
    return _share("--detect", text)


def _share(option: str, text: str) -> float:
    """A share above 0, which may exceed 1.

    >>> _share("--margin", "2%"), _share("--margin", "0.5")
    (0.02, 0.5)
    """
    try:
        found = float(text.strip().removesuffix("%")) / (100 if text.strip().endswith("%") else 1)
    except ValueError:
        found = 0.0
    if not 0 < found <= LARGEST_SHARE:
        raise UsageError(f"{option} {text}: write a share above 0 and at most {LARGEST_SHARE:.0%}, such as 2%")
    return found


def check_workers(workers: int) -> None:
    """Refuse a number of processes that no machine could run."""
    if not 1 <= workers <= MOST_WORKERS:
        least = "at least 1 is needed" if workers < 1 else f"at most {MOST_WORKERS} can be started"
        raise UsageError(f"--workers {workers}: {least}")


def check_engine(engine: str) -> None:
    """Refuse an engine that does not exist."""
    if engine not in ENGINES:
        raise UsageError(f"--engine {engine}: no such engine{did_you_mean(engine, ENGINES)}")


def check_ray_address(address: str) -> None:
    """Refuse what cannot be the address of a Ray cluster."""
    if address.startswith("ray://"):
        raise UsageError(f"--address {address}: Ray's client cannot be used; run on a node of the cluster, with auto")
    host, _, port = address.rpartition(":")
    if address != "auto" and not (host and port.isdigit() and 0 < int(port) < 2**16):
        raise UsageError(f"--address {address}: write auto, or the HOST:PORT that `ray start --head` printed")


def whole_numbers(text: str, name: str, shown: str) -> list[int]:
    """A number, or all from one to another, within the bounds of `name`; `shown` stands before it in a message.

    >>> whole_numbers("7", "seed", "--seed "), whole_numbers("2-4", "seed", "--seed ")
    ([7], [2, 3, 4])
    """
    least, most = BOUNDS[name]
    found = RUN.fullmatch(str(text).strip())
    first, last = (int(found[1]), int(found[2] or found[1])) if found else (0, -1)
    if not least <= first <= last <= most or last - first >= MOST_SEEDS:
        raise UsageError(
            f"{shown}{text}: must be a whole number from {least} to {most}, or a range of at most {MOST_SEEDS:,} "
            f"such as {least + 2}-{least + 4}"
        )
    return list(range(first, last + 1))


def check_k(given: Sequence[str]) -> None:
    """Refuse numbers of bins that no benchmark can have."""
    for text in given:
        whole_numbers(text, "k", "--k ")


def check_seeds(given: Sequence[str]) -> None:
    """Refuse seeds that no benchmark can have."""
    for text in given:
        whole_numbers(text, "seed", "--seed ")


def check_epochs(epochs: int) -> None:
    """Refuse a number of epochs that no training can have."""
    if not 1 <= epochs <= MOST_EPOCHS:
        raise UsageError(f"--epochs {epochs}: must be a whole number from 1 to {MOST_EPOCHS:,}")


def check_interval(seconds: float) -> None:
    """Refuse a time between two frames that would only load the machine, or show nothing."""
    least, most = INTERVAL_S
    if not least <= seconds <= most:
        raise UsageError(f"--interval {seconds:g}: must be from {least:g} to {most:g} seconds")
