"""One epoch of each other way to train a cell's jobs, to be timed in a process without any settings of ours."""

import time
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import torch

from regbench.bench.peers import packed_jax, packed_torch, plain
from regbench.bench.shapes import Cell
from regbench.training.pack import build

CPU = torch.device("cpu")
USUAL = ("idiomatic", "no_loader", "packed_torch")
PEERS = {"compiled": "compiled_torch", "jax": "packed_jax"}  # as the user asks for them: they need something installed
SIDES = (*USUAL, *PEERS.values())
IN_PACKS = SIDES[2:]  # the others train one job


def time_side(side: str, cell: Cell) -> float | str:
    """Processor seconds per model-step in the next epoch of this side, or why it cannot train the cell."""
    if side == "packed_jax" and cell.shape.is_image:
        return "the CNN is not written in JAX"
    try:
        epoch = _epoch(side, cell)
        taken = seconds(epoch)
    except Exception as error:
        if side != "compiled_torch":
            raise
        return f"torch.compile failed: {packed_torch.first_line(error)}"  # the compiler's failure is no bug of ours
    jobs = len(cell.jobs()) if side in IN_PACKS else 1
    return taken / cell.steps / jobs


@lru_cache(maxsize=len(SIDES))
def _epoch(side: str, cell: Cell) -> Callable[[], object]:
    jobs, data, batch_size, steps = cell.jobs(), cell.data(), cell.shape.batch_size, cell.epochs * cell.steps
    model = build(jobs if side in IN_PACKS else jobs[:1], data, CPU)
    x, y = torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)
    if side == "packed_jax":
        in_jax = packed_jax.PackedTraining(model, data.x_train, data.y_train, steps=steps)
        random = np.random.default_rng(0)
        return lambda: in_jax.epoch(packed_jax.orders(len(x), batch_size, len(jobs), random))
    if side in IN_PACKS:
        packed = packed_torch.PackedTraining(model, steps=steps, is_compiled=side == "compiled_torch")
        return lambda: packed.epoch(packed_torch.indexed(x, y, batch_size, len(jobs)))
    loop = plain.PlainTraining.of(model, steps=steps)
    if side == "no_loader":
        return lambda: loop.epoch(plain.indexed(x, y, batch_size))
    batches = plain.loader(x, y, batch_size)
    return lambda: loop.epoch(batches)


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of a function call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def one_thread() -> None:
    """Use one thread, as all sides do."""
    torch.set_num_threads(1)


def one_thread_with_jax() -> None:
    """The same where JAX is used."""
    packed_jax.one_thread()
    one_thread()
