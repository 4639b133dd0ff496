"""The cost of jobs by the arithmetic of their kind: seconds of an epoch and of reading, and bytes of memory."""

from collections.abc import Sequence
from pathlib import Path

from regbench import kinds, roots
from regbench.job import Job
from regbench.kinds.size import Size, size_of

WORKER_BYTES = {"cpu": 450 * 2**20, "cuda": 600 * 2**20}  # Python and torch; with CUDA also its context
TABLE_BYTES = 110  # per number of a table while it is read, put in order and scaled; measured at 2 and 11 million
EPOCH_S = 0.003  # of an epoch of any trained job, however few its rows: evaluation, diagnostics, rows of the store

# Seconds per byte of a user's file, which a worker reads twice: to describe the dataset and to load it. Measured with
# 0.06 to 16 MB: CSV takes 12 ns per byte where Arrow reads it and 50 to 70 where Python does, Parquet 100 to 270.
READ_BYTE_S = {".csv": 6e-8, ".arff": 1.2e-7, ".parquet": 3e-7}


def kind_of(devices: Sequence[str]) -> str:
    """The kind of devices: "cuda" if any of them is a CUDA device, otherwise "cpu"."""
    return "cuda" if any(device.startswith("cuda") for device in devices) else "cpu"


def at_once(devices: Sequence[str], cores: int | None = None) -> int:
    """The number of slots that work at full speed at the same time: on the CPU at most one per core.

    >>> at_once(["cpu"] * 12, cores=2), at_once(["cpu"], cores=2), at_once(["cuda:0"] * 4, cores=2)
    (2, 1, 4)
    """
    shared = cores is None or kind_of(devices) == "cuda"
    return max(1, len(devices) if shared else min(len(devices), cores or 1))


def epoch_cost(job: Job, size: Size | None = None) -> float:
    """Seconds of one epoch of one job on one core; `size` is the dataset's by default."""
    kind = kinds.of(job.method)
    return kind.epoch_seconds(job, size or size_of(job.dataset)) + EPOCH_S * kind.is_packed


def read_seconds(dataset: str) -> float:
    """Seconds in which a worker reads a table of the user; a dataset of the catalog is kept in a form that takes none.

    The time of a file is in proportion to its bytes.
    """
    table = roots.own_table(dataset)
    path = Path(table.path) if table else None
    if path is None or not path.is_file():
        return 0.0
    return path.stat().st_size * READ_BYTE_S.get(path.suffix.lower(), READ_BYTE_S[".csv"])


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
