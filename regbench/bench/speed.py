"""Model-steps per second of regbench, of other ways to train the same jobs, and of the matrix products alone.

Measurements are interleaved: every round times one epoch of each side, and the result is the median over rounds.
The loops in PyTorch run in their own process, in which only the number of threads is set, as in a script; that in JAX
in another one. Times are processor times, so that other processes on the machine matter less.
"""

import os
import platform
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from importlib import metadata
from multiprocessing import get_context
from statistics import geometric_mean, median
from typing import Any

import torch

from regbench.bench.floor import operations
from regbench.bench.peers import packed_jax, packed_torch
from regbench.bench.peers.sides import PEERS, USUAL, one_thread, one_thread_with_jax, seconds, time_side
from regbench.bench.shapes import Cell, Shape
from regbench.engines.devices import cores
from regbench.errors import InfrastructureError
from regbench.provenance import processor
from regbench.tasks.resident import Resident
from regbench.training.allocator import keep_freed_memory
from regbench.training.loop import optimise
from regbench.training.pack import Model, build

CPU = torch.device("cpu")
RATIOS = (
    "vs_idiomatic",
    "vs_no_loader",
    "vs_packed_torch",
    "vs_compiled_torch",
    "vs_packed_jax",
    "of_floor",
    "of_fastest_floor",
)
Sides = Mapping[str, Executor]  # each side's process


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
    packed_torch: float
    floor: float
    fastest_floor: float
    compiled_torch: float | None = None  # None where not measured
    packed_jax: float | None = None

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
    def vs_packed_torch(self) -> float:
        """Speed-up over the packed loop in PyTorch."""
        return self.packed_torch / self.ours

    @property
    def vs_compiled_torch(self) -> float | None:
        """Speed-up over the same loop with `torch.compile`."""
        return None if self.compiled_torch is None else self.compiled_torch / self.ours

    @property
    def vs_packed_jax(self) -> float | None:
        """Speed-up over the packed loop in JAX."""
        return None if self.packed_jax is None else self.packed_jax / self.ours

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
    notes: tuple[str, ...] = field(default=())  # what could not be measured, and why

    def means(self, *, images: bool = True) -> dict[str, float | None]:
        """The geometric mean of each ratio; without image datasets if `images` is false."""
        chosen = [speed for speed in self.speeds if images or len(speed.inputs) == 1]
        return means_of(chosen)


def means_of(speeds: Sequence[Speed]) -> dict[str, float | None]:
    """The geometric mean of each ratio over the speeds that have it, None where none has; empty without speeds."""
    found = {ratio: [getattr(speed, ratio) for speed in speeds] for ratio in RATIOS}
    measured = {ratio: [value for value in values if value is not None] for ratio, values in found.items()}
    return {ratio: geometric_mean(values) if values else None for ratio, values in measured.items()} if speeds else {}


def measure(
    datasets: Sequence[str],
    methods: Sequence[str],
    effort: Effort,
    on_speed: Callable[[Speed], None] = lambda _: None,
    *,
    peers: Collection[str] = (),
    on_note: Callable[[str], None] = lambda _: None,
) -> Bench:
    """Time every method on the shape of every dataset.

    Args:
        datasets: names.
        methods: names, each with a loop of every side.
        effort: how long to measure.
        on_speed: called with each result at once.
        peers: the sides to measure that need something installed, keys of PEERS.
        on_note: called at once with what cannot be measured.

    Raises:
        InfrastructureError: JAX is to be measured and is not installed.
    """
    speeds: list[Speed] = []
    notes: list[str] = []

    def note(text: str) -> None:
        if text not in notes:
            notes.append(text)
            on_note(text)

    with processes(peers, note) as sides:
        settings = as_in_a_run()
        for shape in map(Shape.of, datasets):
            steps = effort.image_steps if shape.is_image else effort.steps
            for method in methods:
                cell = Cell(shape, method, steps=steps, epochs=1 + effort.rounds)
                speeds.append(time_cell(cell, sides, note))
                on_speed(speeds[-1])
        versions = {"jax": metadata.version("jax")} if "packed_jax" in sides else {}
    return Bench(tuple(speeds), {**machine(), **versions}, {**asdict(effort), **settings}, tuple(notes))


@contextmanager
def processes(peers: Collection[str], note: Callable[[str], None]) -> Iterator[Sides]:
    """The process of each side that can be measured here; the others are noted."""
    if "jax" in peers and not packed_jax.is_installed():
        raise InfrastructureError(f"--peer jax: JAX is not installed; {packed_jax.INSTALL}")
    spawn = get_context("spawn")
    with ExitStack() as stack:
        script = stack.enter_context(ProcessPoolExecutor(1, spawn, initializer=one_thread))
        script.submit(one_thread)  # start the process now, because that takes a while
        sides: dict[str, Executor] = dict.fromkeys(USUAL, script)
        if "jax" in peers:
            of_jax = stack.enter_context(ProcessPoolExecutor(1, spawn, initializer=one_thread_with_jax))
            of_jax.submit(one_thread)
            sides[PEERS["jax"]] = of_jax
        one_thread()
        if "compiled" in peers:
            if why := script.submit(packed_torch.why_not_compiled).result():
                note(f"--peer compiled: no compiler, so it is not measured: {why}")
            else:
                sides[PEERS["compiled"]] = script
        yield sides


def time_cell(cell: Cell, sides: Sides, note: Callable[[str], None] = lambda _: None) -> Speed:
    """The medians over a cell's rounds; each side is timed in its process."""
    started = {side: process.submit(time_side, side, cell) for side, process in sides.items()}
    model = build(cell.jobs(), cell.data(), CPU)  # here, while the others are built and warmed up there
    epochs = optimise(model, Resident.of(cell.data(), CPU, torch.float32))
    products = floor_of(model, cell.shape, cell.steps)
    fastest = floor_of(model, cell.shape, cell.steps, fastest=True)
    for work in (lambda: next(epochs), products, fastest):
        work()
    warm = {side: future.result() for side, future in started.items()}
    for side, why in warm.items():
        if isinstance(why, str):
            note(f"{side} on {cell.shape.dataset}: {why}")
    taken: dict[str, list[float]] = {side: [] for side, found in warm.items() if not isinstance(found, str)}
    ours, floors, lowest = [], [], []
    for _ in range(cell.epochs - 1):
        ours.append(seconds(lambda: next(epochs)))
        floors.append(seconds(products))
        lowest.append(seconds(fastest))
        for side, times in taken.items():
            times.append(float(sides[side].submit(time_side, side, cell).result()))
    return Speed(
        dataset=cell.shape.dataset,
        method=cell.method,
        inputs=cell.shape.inputs,
        batch_size=cell.shape.batch_size,
        jobs=len(model.jobs),
        ours=median(ours) / cell.steps / len(model.jobs),
        floor=median(floors) / cell.steps,
        fastest_floor=median(lowest) / cell.steps,
        **{side: median(times) for side, times in taken.items()},
    )


def floor_of(model: Model, shape: Shape, steps: int, *, fastest: bool = False) -> Callable[[], None]:
    """A function that runs the products and convolutions of some steps of one model."""
    widths = model.backbone.dropped(model.options)
    outputs = model.heads[0].linear.views["weight"].shape[-1]
    step = operations(shape, widths=widths, outputs=outputs, fastest=fastest)

    def epoch() -> None:
        for _ in range(steps):
            for operation in step:
                operation()

    return epoch


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
