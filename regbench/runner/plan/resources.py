"""What jobs can be trained with on this machine, and how to find out what they take."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from regbench.job import Job
from regbench.runner.plan.pace import Calibrate

Largest = Callable[[Job], int]


@dataclass(frozen=True)
class Resources:
    """Device slots, their memory, and what can be measured on them.

    Args:
        devices: the device of each slot; their number and kind decide the size of the packs.
        free_bytes: memory that one slot may count on; packs stay well below it. None where it is not known.
        calibrate: measures what the store has no history of, such as `calibration.calibrate`.
        largest: jobs that a pack of such jobs may have at most, such as `calibration.largest_pack` measures.
    """

    devices: tuple[str, ...] = ("cpu",)
    free_bytes: int | None = None
    calibrate: Calibrate | None = None
    largest: Largest | None = None


def of_this_machine(devices: list[str]) -> Resources:
    """Those slots with the memory that is free now and all that can be measured."""
    from regbench.engines.devices import free_memory
    from regbench.runner.plan.calibration import calibrate, largest_pack

    largest = partial(largest_pack, devices[0]) if devices[0].startswith("cuda") else None
    return Resources(tuple(devices), free_memory(devices), calibrate, largest)
