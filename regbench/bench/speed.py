"""Model-steps per second of regbench, of plain PyTorch loops, and of the matrix products alone.

Measurements are interleaved: every round times one epoch of each side, and the result is the median over rounds.
The plain loops run in their own process, in which only the number of threads is set, as in a script.
Times are processor times, so that other processes on the machine matter less.
"""

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import lru_cache
from multiprocessing import get_context
from statistics import geometric_mean, median
from typing import Any

import torch

from regbench.bench.baselines import PlainTraining, indexed, loader
from regbench.bench.floor import operations
from regbench.bench.shapes import Cell, Shape
from regbench.engines.devices import cores
from regbench.provenance import processor
from regbench.training.allocator import keep_freed_memory
from regbench.training.loop import optimise
from regbench.training.pack import Model, build
from regbench.training.resident import Resident

CPU = torch.device("cpu")
RATIOS = ("vs_idiomatic", "vs_no_loader", "of_floor", "of_fastest_floor")


@dataclass(frozen=True)
class Effort:
    """How long to measure: rounds after a warm-up round, and steps per epoch."""

    rounds: int
    steps: int
    image_steps: int


QUICK = Effort(rounds=3, steps=4, image_steps=1)
THOROUGH = Effort(rounds=11, steps=20, image_steps=8)


@dataclass(frozen=True)
class Speed:
    """A row of the table: seconds per step of one model, for each side."""

    dataset: str
    method: str
    inputs: tuple[int, ...]
    batch_size: int
    jobs: int  # in the pack
    ours: float
    idiomatic: float
    no_loader: float
    floor: float
    fastest_floor: float

    @property
    def steps_per_second(self) -> float:
        """Our model-steps per second: a step of a pack of J jobs is J model-steps."""
        return 1 / self.ours

    @property
    def vs_idiomatic(self) -> float:
        """Speed-up over the loop with a DataLoader."""
        return self.idiomatic / self.ours

    @property
    def vs_no_loader(self) -> float:
        """Speed-up over the loop without a DataLoader."""
        return self.no_loader / self.ours

    @property
    def of_floor(self) -> float:
        """Time of the matrix products alone, as usually written, as a fraction of the step's time."""
        return self.floor / self.ours

    @property
    def of_fastest_floor(self) -> float:
        """Like `of_floor`, with each product in the faster of two storage orders."""
        return self.fastest_floor / self.ours


@dataclass(frozen=True)
class Bench:
    """The results, with machine and settings."""

    speeds: tuple[Speed, ...]
    machine: Mapping[str, Any]
    settings: Mapping[str, Any]

    def means(self, *, images: bool = True) -> dict[str, float]:
        """The geometric mean of each ratio; without image datasets if `images` is false."""
        chosen = [speed for speed in self.speeds if images or len(speed.inputs) == 1]
        return means_of(chosen)


def means_of(speeds: Sequence[Speed]) -> dict[str, float]:
    """The geometric mean of each ratio; empty without speeds."""
    return {ratio: geometric_mean(getattr(speed, ratio) for speed in speeds) for ratio in RATIOS} if speeds else {}


def measure(
    datasets: Sequence[str],
    methods: Sequence[str],
    effort: Effort,
    on_speed: Callable[[Speed], None] = lambda _: None,
) -> Bench:
    """Time every method on the shape of every dataset; calls `on_speed` with each result at once."""
    speeds = []
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=one_thread) as script:
        script.submit(one_thread)  # start the process now, because that takes a while
        one_thread()
        settings = as_in_a_run()
        for shape in map(Shape.of, datasets):
            steps = effort.image_steps if shape.is_image else effort.steps
            for method in methods:
                cell = Cell(shape, method, steps=steps, epochs=1 + effort.rounds)
                speeds.append(time_cell(cell, script))
                on_speed(speeds[-1])
    return Bench(tuple(speeds), machine(), {**asdict(effort), **settings})


def time_cell(cell: Cell, script: Executor) -> Speed:
    """The medians over a cell's rounds; `script` is the process of the plain loops."""
    started = script.submit(time_loops, cell)  # built and warmed up there while the model is built here
    model = build(cell.jobs(), cell.data(), CPU)
    epochs = optimise(model, Resident.of(cell.data(), CPU, torch.float32))
    products, fastest = floor_of(model, cell), floor_of(model, cell, fastest=True)
    ours, floors, lowest = [seconds(lambda: next(epochs))], [seconds(products)], [seconds(fastest)]
    loops = [started.result()]
    for _ in range(cell.epochs - 1):
        ours.append(seconds(lambda: next(epochs)))
        floors.append(seconds(products))
        lowest.append(seconds(fastest))
        loops.append(script.submit(time_loops, cell).result())
    return Speed(
        dataset=cell.shape.dataset,
        method=cell.method,
        inputs=cell.shape.inputs,
        batch_size=cell.shape.batch_size,
        jobs=len(model.jobs),
        ours=median(ours[1:]) / cell.steps / len(model.jobs),
        idiomatic=median(idiomatic for idiomatic, _ in loops[1:]) / cell.steps,
        no_loader=median(no_loader for _, no_loader in loops[1:]) / cell.steps,
        floor=median(floors[1:]) / cell.steps,
        fastest_floor=median(lowest[1:]) / cell.steps,
    )


def floor_of(model: Model, cell: Cell, *, fastest: bool = False) -> Callable[[], None]:
    """A function that runs the products and convolutions of one epoch of one model."""
    widths = model.backbone.dropped(model.options)
    outputs = model.heads[0].linear.views["weight"].shape[-1]
    step = operations(cell.shape, widths=widths, outputs=outputs, fastest=fastest)

    def epoch() -> None:
        for _ in range(cell.steps):
            for operation in step:
                operation()

    return epoch


def time_loops(cell: Cell) -> tuple[float, float]:
    """Seconds per epoch of one job, with and without the DataLoader."""
    with_loader, without = _loops(cell)
    return seconds(with_loader), seconds(without)


@lru_cache(maxsize=1)
def _loops(cell: Cell) -> tuple[Callable[[], float], Callable[[], float]]:
    model = build(cell.jobs()[:1], cell.data(), CPU)
    x, y = torch.from_numpy(cell.data().x_train), torch.from_numpy(cell.data().y_train)
    idiomatic, no_loader = (PlainTraining.of(model, steps=cell.epochs * cell.steps) for _ in range(2))
    batches = loader(x, y, cell.shape.batch_size)
    return lambda: idiomatic.epoch(batches), lambda: no_loader.epoch(indexed(x, y, cell.shape.batch_size))


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of a function call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def one_thread() -> None:
    """Use one thread, as both sides do."""
    torch.set_num_threads(1)


def as_in_a_run() -> dict[str, bool]:
    """Apply the settings of a training; the plain loops do not use them, and would not gain from them (measured)."""
    return {"keep_freed_memory": keep_freed_memory(), "flush_denormal": torch.set_flush_denormal(True)}


def machine() -> dict[str, Any]:
    """A description of the machine and its load."""
    return {
        "processor": processor(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
