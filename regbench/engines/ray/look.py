"""What a node of a cluster has: slots, memory and versions. Runs on that node."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata


@dataclass(frozen=True)
class Look:
    """A node by its own words.

    devices: its slots, as a local run would take them.
    free_bytes: memory for each; None without slots.
    oversubscribed: whether it may have more slots than cores.
    versions: of Python, regbench and torch.
    """

    devices: tuple[str, ...]
    free_bytes: int | None
    oversubscribed: bool
    versions: dict[str, str]


def look(wanted: str | None, workers: int | None, switches: Mapping[str, str]) -> Look:
    """Look at this machine, with the run's settings."""
    import os

    from regbench import settings
    from regbench.engines.devices import find_devices, free_memory

    os.environ.update(switches)
    devices = find_devices(wanted, workers)
    return Look(tuple(devices), free_memory(devices), settings.oversubscribe(), versions())


def versions() -> dict[str, str]:
    """What a node should have in common with the driver, by name."""
    return {"Python": platform.python_version(), **{name: metadata.version(name) for name in ("regbench", "torch")}}
