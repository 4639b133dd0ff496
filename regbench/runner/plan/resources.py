"""The devices and memory of this machine or of a cluster, and functions that measure speed."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from regbench.engines.ray.cluster import Cluster
from regbench.job import Job
from regbench.runner.plan.cost import at_once, kind_of
from regbench.runner.plan.pace import Calibrate

Largest = Callable[[Job], int]


@dataclass(frozen=True)
class Resources:
    """Device slots, their memory, and measurements on them.

    Args:
        devices: the device of each slot; their number and kind determine the size of the packs.
        free_bytes: memory available to one slot; packs stay well below it. None if unknown.
        calibrate: measures jobs without history, such as `calibration.calibrate`.
        largest: the largest number of such jobs in a pack, such as `calibration.largest_pack`.
        cores: CPU cores, which slots on the CPU share if there are fewer cores than slots; None if each has its own.
    """

    devices: tuple[str, ...] = ("cpu",)
    free_bytes: int | None = None
    calibrate: Calibrate | None = None
    largest: Largest | None = None
    cores: int | None = None

    @property
    def at_once(self) -> int:
        """The number of slots that work at full speed at the same time."""
        return at_once(self.devices, self.cores)


def of_this_machine(devices: list[str]) -> Resources:
    """These slots with the memory that is free now, and with all measurements."""
    from regbench.engines.devices import cores, free_memory
    from regbench.runner.plan.calibration import calibrate, largest_pack

    largest = partial(largest_pack, devices[0]) if devices[0].startswith("cuda") else None
    return Resources(tuple(devices), free_memory(devices), calibrate, largest, cores())


def of_a_cluster(cluster: Cluster) -> Resources:
    """The slots of a cluster that was joined, each with a core or a part of a GPU of its own.

    Speed is measured on this machine, where it has such a device; a run is then planned as if all nodes were like it.
    """
    from regbench.engines.devices import cuda_count

    if kind_of(cluster.devices) == "cuda" and not cuda_count():
        return Resources(tuple(cluster.devices), cluster.free_bytes)
    here = of_this_machine([cluster.devices[0]])
    return Resources(tuple(cluster.devices), cluster.free_bytes, here.calibrate, here.largest)
