"""The cost of jobs by the arithmetic of their kind: seconds of an epoch on one core, and bytes of memory."""

from collections.abc import Sequence

from regbench import kinds
from regbench.job import Job
from regbench.kinds.size import Size, size_of

WORKER_BYTES = {"cpu": 450 * 2**20, "cuda": 600 * 2**20}  # Python, torch and a dataset; with CUDA also its context


def kind_of(devices: Sequence[str]) -> str:
    """The kind of devices: "cuda" if any of them is a CUDA device, otherwise "cpu"."""
    return "cuda" if any(device.startswith("cuda") for device in devices) else "cpu"


def epoch_cost(job: Job, size: Size | None = None) -> float:
    """Seconds of one epoch of one job on one core; `size` is the dataset's by default."""
    return kinds.of(job.method).epoch_seconds(job, size or size_of(job.dataset))


def job_memory(job: Job) -> int:
    """Bytes that one job adds to its pack."""
    return kinds.of(job.method).memory(job, size_of(job.dataset))


def memory(jobs: Sequence[Job], *, kind: str = "cpu") -> int:
    """Bytes that a pack and its worker process need while it trains."""
    return WORKER_BYTES[kind] + sum(map(job_memory, jobs))
