"""The cost of jobs by the arithmetic of their kind: seconds of an epoch on one core, and bytes of memory."""

from collections.abc import Sequence

from regbench import kinds
from regbench.job import Job
from regbench.kinds.size import Size, size_of

WORKER_BYTES = {"cpu": 450 * 2**20, "cuda": 600 * 2**20}  # Python and torch; with CUDA also its context
TABLE_BYTES = 110  # per number of a table while it is read, put in order and scaled; measured at 2 and 11 million


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
    """Bytes that a pack and its worker process need from reading the dataset to the last epoch."""
    return worker_memory(jobs[0].dataset, kind=kind) + sum(map(job_memory, jobs))


def worker_memory(dataset: str, *, kind: str = "cpu") -> int:
    """Bytes that a worker needs for a dataset, without the jobs of a pack. Images are bytes, and small beside torch."""
    size = size_of(dataset)
    numbers = 0 if isinstance(size.inputs, tuple) else sum(size.rows) * (size.values + 1)
    return WORKER_BYTES[kind] + numbers * TABLE_BYTES
