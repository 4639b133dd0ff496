"""What regularizers and wrappers cost: time of a step and peak memory of the process, without and with each of them.

The counterpart of Table 6 of Zhang, Yan, Yao (2025). Each cell is measured in a process of its own, whose peak memory
it then is, on one thread and synthetic rows: a pack of ten models, and one model alone.
"""

import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import torch

from regbench import catalog
from regbench.bench.shapes import Shape, synthetic
from regbench.config.benchmark import expand
from regbench.config.spec import Spec
from regbench.job import Job
from regbench.provenance import processor
from regbench.tasks.resident import Resident
from regbench.training.loop import optimise
from regbench.training.pack import build

METHOD = "lsq"  # what parts are added to
JOBS = 10  # of a pack
SHAPES = ("coordinates_torus", "wine_quality")  # 100 rows in one batch; batches of 256
STEPS, ROUNDS = 20, 5  # of a round, and rounds after one to warm up
CPU = torch.device("cpu")
STATUS = Path("/proc/self/status")
UNIT = 1 if sys.platform == "darwin" else 1024  # bytes that getrusage counts memory in


@dataclass(frozen=True)
class Cost:
    """One cell: a method with its parts on a shape.

    microseconds: of a model-step in a pack of `jobs`, median over rounds. alone: in a pack of one.
    added: the part's share of the time of a step, relative to the method without parts; None for the method itself.
    megabytes: the largest resident memory of the process with the pack; added_megabytes: more than without parts.
    """

    dataset: str
    method: str
    jobs: int
    microseconds: float
    alone: float
    megabytes: float
    added: float | None = None
    added_megabytes: float | None = None


def measure(datasets: Sequence[str] = SHAPES, rows: Sequence[str] = ()) -> Iterator[Cost]:
    """The costs of the method alone and with each part, or of the `rows` named, shape by shape."""
    for dataset in datasets:
        usual = _apart(dataset, METHOD)
        yield usual
        for row in rows or labels():
            found = _apart(dataset, row)
            more = {
                "added": found.microseconds / usual.microseconds - 1,
                "added_megabytes": found.megabytes - usual.megabytes,
            }
            yield Cost(**{**asdict(found), **more})


def labels() -> list[str]:
    """The rows of the table: the method with each part, and with both of the paper's."""
    return [*(f"{METHOD}+{part}" for part in catalog.parts()), f"{METHOD}+multi_target+rot"]


def machine() -> dict[str, Any]:
    """What the numbers belong to."""
    return {"processor": processor(), "torch": torch.__version__, "threads": 1}


def cost(dataset: str, row: str, steps: int = STEPS, rounds: int = ROUNDS) -> Cost:
    """One cell, measured in this process."""
    torch.set_num_threads(1)
    alone = _microseconds(_jobs(dataset, row, 1), steps, rounds)
    together = _microseconds(_jobs(dataset, row, JOBS), steps, rounds)
    return Cost(dataset, row, JOBS, together, alone, _peak_megabytes())


def _peak_megabytes() -> float:
    """The largest resident memory of this process so far; NaN on systems that do not tell.

    On Linux from its status: what getrusage tells of a process begins at the memory of the one that started it.
    """
    if sys.platform == "win32":
        return float("nan")
    if STATUS.exists() and (found := re.search(r"^VmHWM:\s+(\d+) kB$", STATUS.read_text(), re.MULTILINE)):
        return int(found.group(1)) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT / 2**20


def _apart(dataset: str, row: str) -> Cost:
    """One cell, measured in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(cost, dataset, row).result()


def _jobs(dataset: str, row: str, count: int) -> tuple[Job, ...]:
    protocol = {"epochs": 1 + ROUNDS, "evaluate_every": STEPS, "schedule": "constant"}
    spec = Spec.model_validate({"datasets": [dataset], "methods": [row], "seeds": count, "protocol": protocol})
    return expand("bench", spec).jobs


def _microseconds(jobs: Sequence[Job], steps: int, rounds: int) -> float:
    """Of a model-step: the median over rounds, after one that traces the loss and warms up."""
    shape = Shape.of(jobs[0].dataset)
    rows = catalog.entry("datasets", shape.dataset).arguments["sizes"][0]
    data = synthetic(shape, min(rows, 4 * shape.batch_size))
    model = build(jobs, data, CPU)
    epochs = optimise(model, Resident.of(data, CPU, torch.float32))
    next(epochs)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        next(epochs)
        seconds.append(time.perf_counter() - began)
    return median(seconds) / steps / len(jobs) * 1e6
