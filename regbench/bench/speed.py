"""Model-steps per second, ours beside what a researcher would write and beside the floor.

Interleaved: every round times one epoch of each side, and each side's time is the median of its rounds.
The baselines have a process of their own, in which nothing is set but the number of threads, as they would in a script.
Times are of the processor, not of the clock, so that whoever shares the machine is felt less.
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
    """How long to measure: rounds after one to warm up, and steps of an epoch."""

    rounds: int
    steps: int
    image_steps: int


QUICK = Effort(rounds=3, steps=4, image_steps=1)
THOROUGH = Effort(rounds=11, steps=20, image_steps=8)


@dataclass(frozen=True)
class Speed:
    """A line of the table: seconds that a step of one model takes each side."""

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
        """Model-steps per second of ours: a pack of J jobs makes J of them at each step."""
        return 1 / self.ours

    @property
    def vs_idiomatic(self) -> float:
        """How many times as fast as the idiomatic loop."""
        return self.idiomatic / self.ours

    @property
    def vs_no_loader(self) -> float:
        """How many times as fast as the same without a DataLoader."""
        return self.no_loader / self.ours

    @property
    def of_floor(self) -> float:
        """The step's matrix products alone, as they are usually written, over the step's time."""
        return self.floor / self.ours

    @property
    def of_fastest_floor(self) -> float:
        """The same, each product in the faster one of two storage orders."""
        return self.fastest_floor / self.ours


@dataclass(frozen=True)
class Bench:
    """What was measured, and on what."""

    speeds: tuple[Speed, ...]
    machine: Mapping[str, Any]
    settings: Mapping[str, Any]

    def means(self, *, images: bool = True) -> dict[str, float]:
        """The geometric mean of each ratio, over tables alone where `images` is false."""
        chosen = [speed for speed in self.speeds if images or len(speed.inputs) == 1]
        return means_of(chosen)


def means_of(speeds: Sequence[Speed]) -> dict[str, float]:
    """The geometric mean of each ratio; of nothing, nothing."""
    return {ratio: geometric_mean(getattr(speed, ratio) for speed in speeds) for ratio in RATIOS} if speeds else {}


def measure(
    datasets: Sequence[str],
    methods: Sequence[str],
    effort: Effort,
    on_speed: Callable[[Speed], None] = lambda _: None,
) -> Bench:
    """Time every method on the shape of every dataset; `on_speed` hears of each as soon as it is known."""
    speeds = []
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=one_thread) as script:
        script.submit(one_thread)  # starts the process, which takes a while
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
    """The medians of a cell's rounds; `script` is the process of the baselines."""
    started = script.submit(time_loops, cell)  # built and warmed up there, while the same happens here
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
    """The products and convolutions of one model's epoch."""
    widths = model.backbone.dropped(model.options)
    outputs = model.heads[0].linear.views["weight"].shape[-1]
    step = operations(cell.shape, widths=widths, outputs=outputs, fastest=fastest)

    def epoch() -> None:
        for _ in range(cell.steps):
            for operation in step:
                operation()

    return epoch


def time_loops(cell: Cell) -> tuple[float, float]:
    """Seconds of an epoch of one job, with and without the DataLoader."""
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
    """Processor time."""
    start = time.process_time()
    work()
    return time.process_time() - start


def one_thread() -> None:
    """What both sides have in common."""
    torch.set_num_threads(1)


def as_in_a_run() -> dict[str, bool]:
    """What `train` sets for itself; the baselines do without, as a script would, and gain nothing by it (measured)."""
    return {"keep_freed_memory": keep_freed_memory(), "flush_denormal": torch.set_flush_denormal(True)}


def machine() -> dict[str, Any]:
    """What the numbers were measured on."""
    return {
        "processor": processor(),
        "cores": cores(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
