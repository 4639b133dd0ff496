"""Train finished jobs once more, each alone, and compare their numbers with the stored ones. Nothing is stored.

On a CPU, with the machine, versions and code of the original run, all numbers must be equal bit for bit. Elsewhere they
differ by rounding, which a long training amplifies.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from regbench import kinds, roots
from regbench.engines.engine import MakeEngine
from regbench.errors import InfrastructureError
from regbench.job import Job
from regbench.provenance import NUMERIC, numerics
from regbench.runner.work.task import Retrained, Task
from regbench.runner.work.worker import retrain
from regbench.store import FinishedRun

Values = Mapping[str, Mapping[int, float]]  # name -> epoch -> value, NaN where not finite


@dataclass(frozen=True)
class Again:
    """A job after its training: what it gave, or the error that it raised."""

    job: Job
    retrained: Retrained | None
    error: BaseException | None = None


@dataclass(frozen=True)
class Unlike:
    """A number that is not the stored one; None where it is not finite."""

    name: str
    epoch: int
    stored: float | None
    again: float | None


@dataclass(frozen=True)
class Difference:
    """How the numbers of a job differ from the stored ones.

    numbers, epochs: how many were compared: those that both have; an older run has fewer metrics, an export may have
        fewer epochs.
    worst: the largest relative difference; 0 if all are identical, infinity if only one of two is finite.
    first: the first number that is not the stored one; None if all are identical.
    """

    numbers: int
    epochs: int
    worst: float
    first: Unlike | None


def train_again(
    jobs: Sequence[Job], store_url: str, make_engine: MakeEngine, *, goes_on: Callable[[], bool] = lambda: True
) -> Iterator[Again]:
    """Train each job alone, and yield it when it has ended; no further one is begun once `goes_on` says no."""
    waiting = list(jobs)
    with make_engine(retrain) as engine:
        while (waiting and goes_on()) or engine.busy:
            for slot in engine.free():
                if waiting and goes_on():
                    engine.submit(slot, Task((waiting.pop(0),), store_url, {}, "alone", roots.added()))
            for outcome in engine.wait(1.0):
                if outcome.died:
                    raise InfrastructureError(
                        "a worker process died (killed by the system, or out of memory?); try again"
                    )
                yield Again(outcome.task.jobs[0], outcome.result, outcome.error)


def must_be_exact(run: FinishedRun, again: Retrained) -> bool:
    """Whether the environment is that of the run, so that equal code must give equal bits."""
    if not run.exact or (run.device, again.device) != ("cpu", "cpu"):
        return False
    if any(name not in run.environment for name in NUMERIC):
        return False
    return numerics(run.environment, "cpu") == numerics(again.environment, "cpu")


def difference(stored: Values, again: Values) -> Difference:
    """Compare every number that both have."""
    numbers, epochs, worst = 0, set(), 0.0
    first: Unlike | None = None
    for name in stored.keys() & again.keys():
        for epoch, value in stored[name].items():
            if epoch not in again[name]:
                continue
            other = again[name][epoch]
            numbers += 1
            epochs.add(epoch)
            if apart := _apart(value, other):
                worst = max(worst, apart)
                if first is None or (epoch, name) < (first.epoch, first.name):
                    first = Unlike(name, epoch, _finite(value), _finite(other))
    return Difference(numbers, len(epochs), worst, first)


def best(values: Values, job: Job) -> tuple[int | None, float]:
    """The epoch with the best value of the deciding metric, and its loss, lower for better; None if none is finite."""
    loss = kinds.loss(job)
    curve = values.get(job.protocol.decide, {})
    losses = {epoch: loss(value) for epoch, value in curve.items() if math.isfinite(value)}
    if not losses:
        return None, math.inf
    epoch = min(losses, key=lambda number: (losses[number], number))
    return epoch, losses[epoch]


def _apart(stored: float, again: float) -> float:
    """The relative difference; 0 where both are not finite."""
    if math.isfinite(stored) != math.isfinite(again):
        return math.inf
    if stored == again or not math.isfinite(stored):
        return 0.0
    return abs(stored - again) / (abs(stored) or 1.0)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
