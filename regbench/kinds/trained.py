"""A method: trained by us, many jobs at once, epoch by epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regbench import catalog
from regbench.fingerprint import Start
from regbench.job import Job
from regbench.kinds import cost
from regbench.kinds.kind import Execution, Kind, measures

if TYPE_CHECKING:
    from regbench.data import Prepared
    from regbench.training.checkpoint import State


def starts(method: str, backbone: str, parts: tuple[str, ...]) -> tuple[Start, ...]:
    """The training loop, the data preparation, the method with its parts, and the backbone."""
    added = [(catalog.kind_of_part(name) or catalog.PARTS[-1], name) for name in parts]
    return (
        ("regbench.training.loop", "Training"),
        ("regbench.data", "prepare"),
        *catalog.starts("methods", method),
        (catalog.module_of("backbones", backbone), catalog.OBJECTS["backbones"]),
        *((catalog.module_of(kind, name), catalog.OBJECTS[kind]) for kind, name in added),
        *measures(),
    )


def begin(jobs: Sequence[Job], data: "Prepared", device: Any, states: "Sequence[State] | None" = None) -> Execution:
    """Train jobs of one dataset, backbone and protocol."""
    from regbench.training.loop import Training

    return Training(jobs, data, device, states=states)


KIND = Kind(
    is_reference=False,
    is_packed=True,
    uses_k=lambda entry: bool(entry.arguments.get("uses_k")),
    uses_seed=lambda _: True,
    reads_images=lambda _: True,
    starts=starts,
    libraries=lambda _: (),
    epoch_seconds=cost.epoch_seconds,
    memory=cost.memory,
    begin=begin,
)
