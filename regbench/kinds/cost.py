"""The cost of training a network by arithmetic: seconds of an epoch on one core, and bytes of memory.

It compares jobs; it does not measure the speed of this machine.
"""

from functools import lru_cache
from typing import Any

from regbench.job import Job
from regbench.kinds.size import Size

PRODUCTS = 1.2e11  # operations per second on one core
UNIT_SECONDS = 5.5e-9  # per hidden unit and row, for everything but matrix products: dropout, ReLU, optimiser
IMAGE_SECONDS = 4e-4  # per image and model on one core, dominated by the convolutions
FORWARD = 0.35  # of the time of a training row, for a row that is only evaluated
EVALUATED_ROWS = 1024  # rows per block of the evaluation
IMAGE_FLOATS = 27_000  # activations of one image in the CNN


def epoch_seconds(job: Job, size: Size) -> float:
    """Seconds of one epoch on one core, for training and the evaluation after it."""
    train, val, test = size.rows
    if job.protocol.evaluate_every:
        train = job.protocol.evaluate_every * min(job.protocol.batch_size, train)
    return (train + FORWARD * (val + test)) * _row_seconds(size.inputs, job.backbone, job.options, job.k or 1)


def memory(job: Job, size: Size) -> int:
    """Bytes that a job adds to its pack: parameters with gradient and moments, activations, kept predictions."""
    return _job_bytes(size.inputs, job.backbone, job.options, job.k or 1, job.protocol.batch_size, size.rows[1:])


@lru_cache(maxsize=10_000)
def _job_bytes(inputs: Any, backbone: str, options: Any, k: int, batch_size: int, evaluated: tuple[int, ...]) -> int:
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
    """The number of weights of a job's network."""
    settings = dict(options)
    if backbone == "cnn":
        return 64 * 49 * 256 + 256 * 256 + 24_000
    width, layers = int(settings.get("width", 128)), int(settings.get("layers", 2))
    return int(inputs) * width + (layers - 1) * width**2 + width * k
