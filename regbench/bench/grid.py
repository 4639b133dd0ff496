"""The cost of a whole benchmark on this machine, from a measured step of each of its methods on each of its shapes.

Measured, in processor time of one core: the steps, the evaluation after an epoch, and the matrix products of the steps
alone. Estimated, from measurements elsewhere: storing, the start of a job with its first stage, the start of a worker.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from regbench import kinds
from regbench.bench.overheads import METRICS
from regbench.bench.peers.sides import CPU, one_thread, seconds
from regbench.bench.shapes import SEEDS, Shape, synthetic
from regbench.bench.speed import Effort, as_in_a_run, floor_of
from regbench.engines.devices import cores
from regbench.job import Job, Pack, Pairs
from regbench.kinds.size import Size, size_of
from regbench.provenance import processor
from regbench.runner import Resources
from regbench.runner.plan.estimate import STARTUP_S, makespan
from regbench.runner.plan.pace import Pace, setup_seconds
from regbench.runner.plan.packing import make_packs
from regbench.tasks.blocks import EVALUATED_ROWS
from regbench.training.loop import Training, optimise

STORED_PER_S = 50_000  # metric rows by one worker, the least that `bench --overheads` accepts
BACKBONES = ("mlp", "cnn")  # whose matrix products are known


@dataclass(frozen=True)
class Cell:
    """What the time of a job depends on, besides its number of epochs."""

    dataset: str
    method: str
    k: int | None
    batch_size: int
    static: Pairs
    backbone: str
    options: Pairs

    @classmethod
    def of(cls, job: Job) -> "Cell":
        """The cell of a job."""
        size = min(job.protocol.batch_size, size_of(job.dataset).rows[0])
        return cls(job.dataset, job.method, job.k, size, job.static, job.backbone, job.options)


@dataclass(frozen=True)
class Measured:
    """Seconds of one model of a cell."""

    cell: Cell
    step: float
    floor: float  # the step's matrix products alone, as usually written
    fastest_floor: float  # and each in the faster of two storage orders
    evaluation: float  # after an epoch: predictions, metrics and diagnostics


@dataclass(frozen=True)
class Spent:
    """Core-seconds by what they are spent on."""

    steps: float = 0.0
    evaluation: float = 0.0
    storing: float = 0.0  # estimated
    starting: float = 0.0  # estimated: a job's part of its pack's start, and the first stage of its method
    floor: float = 0.0  # part of the steps
    fastest_floor: float = 0.0

    @property
    def total(self) -> float:
        """Everything; the matrix products are part of the steps."""
        return self.steps + self.evaluation + self.storing + self.starting

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(**{name: value + getattr(other, name) for name, value in vars(self).items()})


@dataclass(frozen=True)
class GridCost:
    """The cost of the jobs of a benchmark, without those whose step cannot be measured."""

    benchmark: str
    jobs: tuple[Job, ...]
    measured: Mapping[Cell, Measured]
    cores: int
    effort: Effort
    unmeasured: Mapping[str, int] = field(default_factory=dict)  # method or backbone -> jobs
    processor: str = field(default_factory=processor)

    def spent(self, jobs: Sequence[Job]) -> Spent:
        """The core-seconds of some of the jobs."""
        return sum((_spent(job, self.measured[Cell.of(job)]) for job in jobs), Spent())

    @property
    def workers_s(self) -> float:
        """Estimated core-seconds for the start of one worker on every core."""
        return self.cores * STARTUP_S["cpu"]

    @property
    def wall_s(self) -> float:
        """Seconds on all cores: the packs that the planner makes, each in turn on the first free core."""
        packs = make_packs(self.jobs, Resources(("cpu",) * self.cores), Pace())
        return STARTUP_S["cpu"] + makespan((self.spent(pack.jobs).total for pack in packs), self.cores)


def _spent(job: Job, measured: Measured) -> Spent:
    epochs = job.protocol.epochs
    steps = epochs * (size_of(job.dataset).rows[0] // measured.cell.batch_size)
    return Spent(
        steps=steps * measured.step,
        evaluation=epochs * measured.evaluation,
        storing=epochs * len(METRICS) / STORED_PER_S,
        starting=setup_seconds(job),
        floor=steps * measured.floor,
        fastest_floor=steps * measured.fastest_floor,
    )


def measure(
    benchmark: str,
    jobs: Sequence[Job],
    effort: Effort,
    on_measured: Callable[[Measured], None] = lambda _: None,
) -> GridCost:
    """Time a step of each distinct cell of the jobs, in a pack of five seeds; calls `on_measured` with each at once."""
    one_thread()
    as_in_a_run()
    possible = [job for job in jobs if _obstacle(job) is None]
    examples = {Cell.of(job): job for job in sorted(possible, key=lambda job: (job.dataset, Pack.head(job)))}
    measured = {}
    for cell, job in examples.items():
        measured[cell] = time_cell(cell, job, effort)
        on_measured(measured[cell])
    unmeasured = Counter(filter(None, map(_obstacle, jobs)))
    return GridCost(benchmark, tuple(possible), measured, cores(), effort, unmeasured)


def _obstacle(job: Job) -> str | None:
    """The method or backbone whose step cannot be measured; None if it can."""
    if not kinds.of(job.method).is_packed:
        return job.method
    return None if job.backbone in BACKBONES else job.backbone


def time_cell(cell: Cell, job: Job, effort: Effort) -> Measured:
    """The medians over the rounds; `job` is an example."""
    size = size_of(cell.dataset)
    shape = Shape(cell.dataset, _inputs(size), cell.batch_size)
    steps = effort.image_steps if shape.is_image else effort.steps
    data = synthetic(shape, steps * cell.batch_size, size.rows[1:])
    protocol = replace(job.protocol, epochs=1 + effort.rounds, split="fixed")
    training = Training([replace(job, seed=seed, protocol=protocol) for seed in range(SEEDS)], data, CPU)
    epochs = optimise(training.model, training.data)
    works: tuple[Callable[[], object], ...] = (
        lambda: next(epochs),
        floor_of(training.model, shape, steps),
        floor_of(training.model, shape, steps, fastest=True),
        lambda: evaluate(training),
    )
    rounds = [[seconds(work) for work in works] for _ in range(1 + effort.rounds)]
    step, floor, fastest, evaluation = map(median, zip(*rounds[1:], strict=True))
    return Measured(cell, step / steps / SEEDS, floor / steps, fastest / steps, evaluation / SEEDS)


def evaluate(training: Training) -> None:
    """What the training loop does after the steps of an epoch."""
    for part in ("val", "test"):
        predicted, _ = training.model.evaluate(training.data.blocks(part, EVALUATED_ROWS))
        for metric in training.metrics.values():
            metric(predicted, training.data.targets(part))
    training.diagnostics.look()


def _inputs(size: Size) -> tuple[int, ...]:
    return tuple(size.inputs) if isinstance(size.inputs, tuple) else (int(size.inputs),)
