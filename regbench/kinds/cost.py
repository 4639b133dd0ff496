"""The cost of training a network by arithmetic: seconds of an epoch on one core, and bytes of memory.

It compares jobs; it does not measure the speed of this machine. A backbone that is not made of linear layers of one
width says in its file what it costs (`Backbone.cost`).
"""

from functools import cache, lru_cache
from typing import Any, NamedTuple

from regbench import catalog, roots
from regbench.job import Job
from regbench.kinds.size import Size
from regbench.tasks.blocks import MAPS, rows_at_once

PRODUCTS = 1.2e11  # operations per second on one core
UNIT_SECONDS = 5.5e-9  # per hidden unit and row, for everything but matrix products: dropout, ReLU, optimiser
FORWARD = 0.35  # of the time of a training row, for a row that is only evaluated
TRAINED, EVALUATED = 3, 2  # activations of a training row and of an evaluated one, in those of `Backbone.cost`


class Network(NamedTuple):
    """What one row costs, and the number of weights."""

    seconds: float  # per training row on one core
    weights: int
    training_floats: int  # of activations per row
    evaluation_floats: int


def epoch_seconds(job: Job, size: Size) -> float:
    """Seconds of one epoch on one core, for training and the evaluation after it."""
    train, val, test = size.rows
    if job.protocol.evaluate_every:
        train = job.protocol.evaluate_every * min(job.protocol.batch_size, train)
    return (train + FORWARD * (val + test)) * _network(size, job).seconds


def step_seconds(job: Job, size: Size) -> float:
    """Seconds of one training step on one core."""
    return min(job.protocol.batch_size, size.rows[0]) * _network(size, job).seconds


def memory(job: Job, size: Size) -> int:
    """Bytes that a job adds to its pack: parameters with gradient and moments, activations, kept predictions."""
    network, evaluated = _network(size, job), size.rows[1:]
    block = min(MAPS if _is_dense(job.backbone, roots.generation()) else rows_at_once(size.values), max(evaluated))
    activations = job.protocol.batch_size * network.training_floats + block * network.evaluation_floats
    return 4 * (4 * network.weights + activations + 4 * sum(evaluated))


def _network(size: Size, job: Job) -> Network:
    return _costs(size.values, job.backbone, job.options, job.k or 1, roots.generation())


@lru_cache(maxsize=10_000)
def _costs(values: int, backbone: str, options: Any, k: int, generation: int) -> Network:
    settings = dict(options)
    said, width = _said(backbone, generation)
    if not said:
        return _layers(values, int(settings.get("width", 128)), int(settings.get("layers", 2)), k)
    wider = settings.get("width", width) / width
    larger = values / said["values"] if said["values"] else 1.0
    for option, usual in said.get("by", {}).items():
        larger *= settings.get(option, usual) / usual
    floats = round(said["floats"] * wider * larger)
    return Network(
        seconds=said["seconds"] * wider**2 * larger,
        weights=round(said["weights"] * wider**2),
        training_floats=TRAINED * floats,
        evaluation_floats=EVALUATED * floats,
    )


def _layers(values: int, width: int, layers: int, k: int) -> Network:
    """The cost of linear layers of one width."""
    hidden = width * layers
    weights = values * width + (layers - 1) * width**2 + width * k
    return Network(
        seconds=6 * weights / PRODUCTS + UNIT_SECONDS * hidden,
        weights=weights,
        training_floats=values + 3 * hidden + 12 * k,
        evaluation_floats=2 * hidden + 3 * k,
    )


@cache
def _is_dense(backbone: str, _generation: int) -> bool:
    """Whether targets are maps, by the backbone's file."""
    known = backbone in catalog.names("backbones")
    return known and bool(catalog.entry("backbones", backbone).arguments.get("dense"))


@cache
def _said(backbone: str, _generation: int) -> tuple[dict[str, Any], float]:
    """What a backbone's file says about its cost, if anything, and its usual width.

    Where its cost grows with other options, they are there under `by`, with their usual values.
    """
    if backbone not in catalog.names("backbones"):
        return {}, 1.0
    arguments = catalog.entry("backbones", backbone).arguments
    cost, usual = arguments.get("cost", {}), arguments.get("options", {})
    by = {option: usual[option] for option in cost.get("by", ())}
    return ({**cost, "by": by} if cost else {}), usual.get("width", 1)
