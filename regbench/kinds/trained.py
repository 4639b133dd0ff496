"""A method: trained by us, many jobs at once, epoch by epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regbench import catalog
from regbench.fingerprint import Start
from regbench.job import Job, Protocol
from regbench.kinds import cost
from regbench.kinds.kind import Execution, Kind, measures
from regbench.training import chosen

if TYPE_CHECKING:
    from regbench.data import Prepared
    from regbench.training.checkpoint import State
    from regbench.training.loop import Training

AS_PREPARED = ("scaled", "raw")  # inputs and targets that need nothing else


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


def asked(protocol: Protocol) -> tuple[Start, ...]:
    """The optimiser, the schedule, and what `begin` takes for some values of the protocol only."""
    found = [*chosen.starts(protocol)]
    if protocol.inputs not in AS_PREPARED:
        found.append(("regbench.data.rescaling", "rescaled"))
    if _is_retargeted(protocol):
        found.append(("regbench.training.retargeted", "Retargeted"))
    if protocol.patience:
        found.append(("regbench.training.patience", "Patient"))
    return tuple(found)


def begin(jobs: Sequence[Job], data: "Prepared", device: Any, states: "Sequence[State] | None" = None) -> Execution:
    """Train jobs of one dataset, backbone and protocol."""
    from regbench.data.rescaling import rescaled
    from regbench.training.patience import Patient

    protocol = jobs[0].protocol
    given = rescaled(data, protocol.inputs)
    kind = _training(protocol)
    if protocol.patience:
        return Patient(lambda some, of_some: kind(some, given, device, states=of_some), jobs, states)
    return kind(jobs, given, device, states=states)


def _training(protocol: Protocol) -> "type[Training]":
    from regbench.training.loop import Training
    from regbench.training.retargeted import Retargeted

    return Retargeted if _is_retargeted(protocol) else Training


def _is_retargeted(protocol: Protocol) -> bool:
    """Whether networks learn other targets than those that errors are reported of."""
    return protocol.targets not in AS_PREPARED or protocol.label_noise > 0


KIND = Kind(
    is_reference=False,
    is_packed=True,
    uses_k=lambda entry: bool(entry.arguments.get("uses_k")),
    uses_seed=lambda _: True,
    reads_images=lambda _: True,
    starts=starts,
    asked=asked,
    libraries=lambda _: (),
    epoch_seconds=cost.epoch_seconds,
    memory=cost.memory,
    begin=begin,
)
