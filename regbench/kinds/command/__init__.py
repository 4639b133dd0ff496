"""A command: any program of the user, which writes its numbers as JSON lines to the file in REGBENCH_METRICS.

The digest of its code is of the command line and of the bytes of its `inputs`. The key of its jobs has neither, so a
job whose inputs have changed is the same job, trained by other code.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from regbench.job import Job
from regbench.kinds.command.inputs import digest
from regbench.kinds.kind import Execution, Kind

if TYPE_CHECKING:
    from regbench.training.checkpoint import State

__all__ = ["KIND"]

SECONDS = 5.0  # of an epoch, before any is known
MEMORY = 500 * 2**20  # bytes, of a process of Python with a library for learning


def begin(jobs: Sequence[Job], data: Any, device: Any, states: "Sequence[State] | None" = None) -> Execution:
    """Run one job; it reads its own data, and keeps its own state."""
    from regbench.kinds.command.running import Running

    assert data is None
    assert states is None
    (job,) = jobs
    return Running(job, str(device))


KIND = Kind(
    is_reference=False,
    is_packed=False,
    uses_k=lambda entry: entry.arguments["uses_k"],
    uses_seed=lambda entry: not entry.arguments["deterministic"],
    reads_images=lambda _: True,
    starts=lambda _method, _backbone, _parts: (),
    asked=lambda _: (),
    libraries=lambda _: (),
    epoch_seconds=lambda _job, _size: SECONDS,
    memory=lambda _job, _size: MEMORY,
    begin=begin,
    is_ours=False,
    digest=digest,
)
