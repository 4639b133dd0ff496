"""Where the time of a step goes: matrix products, masks, the loss, the optimiser, and what is left.

The real step runs under a clock, on the buffers that it trains in. Its whole time is measured without the clock, on the
epochs of a training, in turn with the clocked ones. The rest is the difference: Python between the calls, and small
calls that belong to no stage; on a busy machine it holds the noise of both, and can fall below zero. Only networks that
train depth first are profiled: the MLP.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from regbench.bench.clock import Clock
from regbench.bench.clocked import clocked_epochs, of_step
from regbench.bench.grid import evaluate
from regbench.bench.peers.sides import one_thread, seconds
from regbench.bench.shapes import Cell, Shape, synthetic
from regbench.bench.speed import CPU, Effort, as_in_a_run, floor_of, machine
from regbench.kinds.size import size_of
from regbench.training.loop import Training, optimise

STAGES = {  # what the columns hold; their sum is the step
    "forward": "matrix products of the hidden layers, forward, with their biases",
    "backward": "matrix products of the hidden layers, backward",
    "last": "the last layer, forward and backward",
    "draw": "drawing the dropout masks",
    "apply": "ReLU and masks, forward",
    "gate": "ReLU and masks, backward",
    "bias": "sums over the batch, the gradients of the biases",
    "loss": "the head's loss and its gradient",
    "clip": "clipping",
    "adam": "Adam",
    "gather": "gathering the rows of the batch",
    "order": "drawing the order of the rows, and keys",
    "rest": "Python, and what is not measured by itself",
}
PRODUCTS = ("forward", "backward", "last")
WORDS = {  # for the largest item beyond the products alone
    "products": "slower products",
    "draw": "drawing masks",
    "apply": "masks forward",
    "gate": "masks backward",
    "bias": "bias sums",
    "loss": "loss",
    "clip": "clipping",
    "adam": "Adam",
    "gather": "gathering rows",
    "order": "shuffling",
    "rest": "Python",
}


@dataclass(frozen=True)
class Profile:
    """A row of the table: seconds of a step of one model, and of what it consists of."""

    dataset: str
    method: str
    inputs: tuple[int, ...]
    batch_size: int
    jobs: int  # in the pack
    step: float
    stages: Mapping[str, float]  # by the names of STAGES, the rest included
    floor: float  # the products alone, as usually written
    fastest_floor: float
    evaluation: float  # after an epoch: predictions, metrics and diagnostics
    epoch_steps: int  # in an epoch of the real dataset

    @property
    def of_floor(self) -> float:
        """Time of the products alone as a fraction of the step's."""
        return self.floor / self.step

    @property
    def of_fastest_floor(self) -> float:
        """Like `of_floor`, with each product in the faster of two storage orders."""
        return self.fastest_floor / self.step

    @property
    def evaluation_share(self) -> float:
        """The fraction of an epoch of the real dataset that is not steps."""
        return self.evaluation / (self.evaluation + self.epoch_steps * self.step)

    @property
    def beyond(self) -> dict[str, float]:
        """What a step takes beyond its products alone, by the names of WORDS; `products` is what they take more."""
        more = sum(self.stages[name] for name in PRODUCTS) - self.floor
        return {"products": more} | {name: self.stages[name] for name in WORDS if name in self.stages}

    @property
    def largest(self) -> str:
        """The largest item beyond the products alone, in words."""
        return WORDS[max(self.beyond, key=self.beyond.__getitem__)]


@dataclass(frozen=True)
class Profiles:
    """The results, with machine and settings."""

    profiles: tuple[Profile, ...]
    machine: Mapping[str, Any]
    settings: Mapping[str, Any]
    notes: tuple[str, ...] = ()  # what could not be profiled, and why


def measure(
    datasets: Sequence[str],
    methods: Sequence[str],
    effort: Effort,
    on_profile: Callable[[Profile], None] = lambda _: None,
    on_note: Callable[[str], None] = lambda _: None,
) -> Profiles:
    """Profile every method on the shape of every dataset; calls `on_profile` with each at once."""
    one_thread()
    settings = as_in_a_run()
    profiles, notes = [], []
    for shape in map(Shape.of, datasets):
        if shape.is_image:
            notes.append(f"{shape.dataset}: not profiled, its network does not train depth first")
            on_note(notes[-1])
            continue
        for method in methods:
            profiles.append(profile(Cell(shape, method, steps=effort.steps, epochs=1 + effort.rounds)))
            on_profile(profiles[-1])
    return Profiles(tuple(profiles), machine(), {**asdict(effort), **settings}, tuple(notes))


def profile(cell: Cell) -> Profile:
    """The medians over a cell's rounds, which alternate between the parts of the measurement."""
    size = size_of(cell.shape.dataset)
    data = synthetic(cell.shape, cell.steps * cell.shape.batch_size, size.rows[1:])
    training = Training(cell.jobs(), data, CPU)
    model, jobs = training.model, len(training.model.jobs)
    epochs = optimise(model, training.data)
    clock = Clock(of_step)
    clocked = clocked_epochs(model, training.data, clock)
    works: tuple[Callable[[], object], ...] = (
        lambda: next(epochs),
        floor_of(model, cell.shape, cell.steps),
        floor_of(model, cell.shape, cell.steps, fastest=True),
        lambda: evaluate(training),
    )
    laps, rounds = [], []
    for _ in range(cell.epochs):
        rounds.append([seconds(work) for work in works])
        next(clocked)
        laps.append(clock.lap())
    whole, floor, fastest, evaluation = map(median, zip(*rounds[1:], strict=True))  # the first round is a warm-up
    step = whole / cell.steps / jobs
    stages = {name: median(lap[name] for lap in laps[1:]) / cell.steps / jobs for name in laps[0]}
    return Profile(
        dataset=cell.shape.dataset,
        method=cell.method,
        inputs=cell.shape.inputs,
        batch_size=cell.shape.batch_size,
        jobs=jobs,
        step=step,
        stages={**dict.fromkeys(STAGES, 0.0), **stages, "rest": step - sum(stages.values())},
        floor=floor / cell.steps,
        fastest_floor=fastest / cell.steps,
        evaluation=evaluation / jobs,
        epoch_steps=size.rows[0] // cell.shape.batch_size,
    )
