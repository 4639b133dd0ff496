"""What jobs cost by arithmetic: seconds of an epoch on one core, and bytes of memory.

It says how jobs compare, not how fast this machine is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any

from regbench import catalog, kinds
from regbench.job import Job

PRODUCTS = 1.2e11  # operations a second on one core
UNIT_SECONDS = 5.5e-9  # per hidden unit and row for what is no product: dropout, ReLU, optimiser
IMAGE_SECONDS = 4e-4  # per image and model on one core, dominated by the convolutions
FORWARD = 0.35  # of a training row's time, for a row that is only evaluated

FIT_SECONDS = 0.02  # of any baseline, however small the table
FIT_BYTES = 10_000  # per training row, of the largest baseline: a forest of fully grown trees

EVALUATED_ROWS = 1024  # a block of the evaluation
WORKER_BYTES = {"cpu": 450 * 2**20, "cuda": 600 * 2**20}  # Python, torch and a dataset; a context of CUDA
IMAGE_FLOATS = 27_000  # activations of one image in the CNN


@dataclass(frozen=True)
class Facts:
    """What the cost of a job depends on in its dataset."""

    sizes: tuple[int, int, int] = (8_000, 1_000, 1_000)
    inputs: Any = 16


def kind_of(devices: Sequence[str]) -> str:
    """Of what kind slots are: cpu or cuda."""
    return "cuda" if any(device.startswith("cuda") for device in devices) else "cpu"


def epoch_cost(job: Job, facts: Mapping[str, Facts] | None = None) -> float:
    """Seconds of one epoch of one job on one core, by arithmetic: what is trained, and what is evaluated after it."""
    known = facts_of(job.dataset, facts)
    train, val, test = known.sizes
    if kinds.is_reference(job.method):
        return FIT_SECONDS + catalog.row(job.method).arguments["cost"] * train * _values(known.inputs)
    return (train + FORWARD * (val + test)) * _row_seconds(known.inputs, job.backbone, job.options, job.k or 1)


def memory(jobs: Sequence[Job], facts: Mapping[str, Facts] | None = None, *, kind: str = "cpu") -> int:
    """Bytes of a pack while it trains, with the process that holds it."""
    return WORKER_BYTES[kind] + sum(job_memory(job, facts) for job in jobs)


def job_memory(job: Job, facts: Mapping[str, Facts] | None = None) -> int:
    """Bytes that one job adds to its pack: parameters with gradient and moments, activations, kept predictions."""
    known = facts_of(job.dataset, facts)
    train, val, test = known.sizes
    if kinds.is_reference(job.method):
        return (train + val + test) * 8 * _values(known.inputs) + train * FIT_BYTES
    return _job_bytes(known.inputs, job.backbone, job.options, job.k or 1, job.protocol.batch_size, (val, test))


def _values(inputs: Any) -> int:
    """Numbers that one row of inputs has: columns, or pixels."""
    return prod(inputs) if isinstance(inputs, tuple) else int(inputs)


@lru_cache(maxsize=10_000)
def _job_bytes(inputs: Any, backbone: str, options: Any, k: int, batch_size: int, evaluated: tuple[int, int]) -> int:
    settings = dict(options)
    block = min(EVALUATED_ROWS, max(evaluated))
    trained = 4 * _weights(inputs, backbone, options, k)
    if backbone == "cnn":
        activations = IMAGE_FLOATS * (3 * batch_size + 2 * block)
    else:
        hidden = int(settings.get("width", 128)) * int(settings.get("layers", 2))
        training = batch_size * (int(inputs) + 3 * hidden + 12 * k)
        activations = training + block * (2 * hidden + 3 * k)
    return 4 * (trained + activations + 4 * sum(evaluated))


@lru_cache(maxsize=10_000)
def _row_seconds(inputs: Any, backbone: str, options: Any, k: int) -> float:
    if backbone == "cnn":
        return IMAGE_SECONDS
    settings = dict(options)
    hidden = int(settings.get("width", 128)) * int(settings.get("layers", 2))
    return 6 * _weights(inputs, backbone, options, k) / PRODUCTS + UNIT_SECONDS * hidden


def _weights(inputs: Any, backbone: str, options: Any, k: int) -> int:
    """Weights of a job's network."""
    settings = dict(options)
    if backbone == "cnn":
        return 64 * 49 * 256 + 256 * 256 + 24_000
    width, layers = int(settings.get("width", 128)), int(settings.get("layers", 2))
    return int(inputs) * width + (layers - 1) * width**2 + width * k


def facts_of(dataset: str, facts: Mapping[str, Facts] | None) -> Facts:
    """What is known of a dataset's size."""
    return (facts or {}).get(dataset) or _known(dataset)


@lru_cache(maxsize=1000)
def _known(dataset: str) -> Facts:
    """What the catalog says; of a table that is not in it, a guess."""
    if dataset not in catalog.names("datasets"):
        return Facts()
    said = catalog.entry("datasets", dataset).arguments
    return Facts(said["sizes"], said["inputs"])
