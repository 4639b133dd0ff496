"""The optimiser and the schedule of a protocol, found by their names.

They are loaded by name so that one more of them changes no code that other jobs depend on: the digest of a job covers
those that its protocol names (`starts`), and not this module.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from regbench.fingerprint import Start
from regbench.job import Protocol

if TYPE_CHECKING:
    from regbench.training.optim import Optimizer

OPTIMIZERS = {
    "adam": ("regbench.training.optim", "coupled"),
    "adamw": ("regbench.training.optim", "decoupled"),
    "sgd": ("regbench.training.sgd", "sgd"),
}
SCHEDULES = {
    "one_cycle": ("regbench.training.optim", "one_cycle"),
    "constant": ("regbench.training.optim", "constant"),
    "step": ("regbench.training.optim", "stepped"),
    "cosine": ("regbench.training.cosine", "cosine"),
}


def optimizer(protocol: Protocol) -> "Optimizer":
    """The optimiser of a protocol."""
    return _load(OPTIMIZERS, protocol.optimizer)(protocol)


def schedule(protocol: Protocol, steps: int) -> list[float]:
    """The learning rate at each of so many steps, as a fraction of its maximum."""
    return _load(SCHEDULES, protocol.schedule)(protocol, steps)


def starts(protocol: Protocol) -> tuple[Start, ...]:
    """The entry points of the code that the optimiser and the schedule of a protocol are."""
    return (OPTIMIZERS[protocol.optimizer], SCHEDULES[protocol.schedule])


def _load(known: Mapping[str, Start], name: str) -> Any:
    module, function = known[name]
    return getattr(import_module(module), function)
