"""A command: any program of the user, which writes its numbers as JSON lines to the file in REGBENCH_METRICS.

The digest of its code is of the command line and of the bytes of its `inputs`. The key of its jobs has neither, so a
job whose inputs have changed is the same job, trained by other code.
"""

from regbench.kinds.command.inputs import digest
from regbench.kinds.command.running import begin
from regbench.kinds.kind import Kind

__all__ = ["KIND"]

SECONDS = 5.0  # of an epoch, before any is known
MEMORY = 500 * 2**20  # bytes, of a process of Python with a library for learning

KIND = Kind(
    is_reference=False,
    is_packed=False,
    uses_k=lambda entry: entry.arguments["uses_k"],
    uses_seed=lambda entry: not entry.arguments["deterministic"],
    reads_images=lambda _: True,
    starts=lambda _method, _backbone, _parts: (),
    libraries=lambda _: (),
    epoch_seconds=lambda _job, _size: SECONDS,
    memory=lambda _job, _size: MEMORY,
    begin=begin,
    is_ours=False,
    digest=digest,
)
