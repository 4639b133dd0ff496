"""The overheads around training: planning, storing, reporting and start-up.

Measured in wall time, because much of it is waiting for a disk or another process.
"""

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from regbench import catalog, config, metrics, roots
from regbench.bench.shapes import Shape, synthetic
from regbench.config.benchmark import Benchmark, expand
from regbench.data import from_file
from regbench.engines.devices import cores
from regbench.engines.local import LocalEngine
from regbench.job import Job
from regbench.roots import OwnTable
from regbench.runner import Event, PackFinished, Resources, make_plan, run
from regbench.runner.plan.cost import epoch_cost
from regbench.store import EpochRows, Finished, Store

GRID = "bridges-fixed"
METRICS = (
    "train/loss",
    *(f"{part}/{name}" for part in ("val", "test") for name in metrics.needing("predictions")),
    "seconds",
)
EPOCHS = 100  # per job of the grid
WRITTEN_AT_ONCE = 25  # epochs of a pack per transaction: about ten seconds of training
PACK = 20  # jobs
REPEATED = 5  # starts of a process, for the median
LEASE_S = 3600.0


@dataclass(frozen=True)
class Overhead:
    """A measured cost, how it was measured, and its target: an upper bound, or for a rate a lower bound."""

    name: str
    value: float
    target: float
    unit: str
    how: str
    is_rate: bool = False
    processor_s: float | None = None  # processor seconds, where the wall time includes waiting

    @property
    def is_met(self) -> bool:
        """Whether the value meets the target."""
        return self.value >= self.target if self.is_rate else self.value <= self.target


def measure(on_start: Callable[[str], None] = lambda _: None) -> Iterator[Overhead]:
    """Measure every overhead, quick ones first; a few minutes on an idle core, mostly training one pack."""
    on_start("start-up")
    yield start_up()
    on_start("planning 10,000 jobs")
    yield planning()
    on_start("a million rows, stored and reported")
    yield from storing()
    on_start("a pack of the shortest dataset, for as many epochs as in a real run")
    yield harness()


def start_up() -> Overhead:
    """The time of `regbench --help`."""
    wall, processor = _process("--help")
    return Overhead("regbench --help", wall, 0.3, "s", f"a whole process, median of {REPEATED}", processor_s=processor)


def planning(jobs: int = 10_000) -> Overhead:
    """The time from a benchmark's entry to packs, with a store that has all jobs and no results."""
    seeds = math.ceil(jobs / len(grid(seeds=1).jobs))
    with TemporaryDirectory() as folder, Store.open(Path(folder) / "planning.db") as store:
        known = grid(seeds=seeds)
        store.add_benchmark(known.name, known.config, [(job, known.label(job)) for job in known.jobs])
        start = _now()
        make_plan(grid(seeds=seeds), store, Resources(("cpu", "cpu")))
        wall, processor = _since(start)
    how = f"{len(known.jobs):,} jobs of {GRID} with more seeds: expansion, keys, digests, a look into the store, packs"
    return Overhead("planning", wall, 1.0, "s", how, processor_s=processor)


def storing(rows: int = 1_000_000) -> Iterator[Overhead]:
    """The rate at which a worker stores metrics, and the time of the default report on them."""
    seeds = math.ceil(rows / len(METRICS) / EPOCHS / len(grid(seeds=1).jobs))
    benchmark = grid(seeds=seeds)
    jobs = benchmark.jobs
    with TemporaryDirectory() as folder:
        path = Path(folder) / "storing.db"
        with Store.open(path) as store:
            store.add_benchmark("storing", {}, [(job, benchmark.label(job)) for job in jobs])
            rates = []
            for start in range(0, len(jobs), PACK):
                written, seconds = store_pack(store, jobs[start : start + PACK])
                rates.append(written / seconds)
        total = len(jobs) * EPOCHS * len(METRICS)
        how = f"{total:,} rows by one process, {WRITTEN_AT_ONCE} epochs of {PACK} jobs in a transaction, median"
        yield Overhead("metric rows stored", median(rates), 50_000, "rows/s", how, is_rate=True)
        wall, processor = _process("report", "--db", str(path))
        how = f"the table of {total:,} metric rows, a whole process, median of {REPEATED}"
        yield Overhead("report", wall, 2.0, "s", how, processor_s=processor)


def store_pack(store: Store, jobs: tuple[Job, ...]) -> tuple[int, float]:
    """Store a simulated training of a pack; returns the number of metric rows and the seconds spent writing."""
    code = {job.key: "code" for job in jobs}
    claims = store.claim(code, owner="bench", lease_s=LEASE_S, environment={}, device="cpu")
    seed_of = {job.key: job.seed for job in jobs}
    taken = 0.0
    for first in range(1, EPOCHS + 1, WRITTEN_AT_ONCE):
        rows = [
            EpochRows(claim.run_id, epoch, dict.fromkeys(METRICS, 1 / (epoch + seed_of[claim.key])))
            for epoch in range(first, first + WRITTEN_AT_ONCE)
            for claim in claims
        ]
        start = time.perf_counter()
        store.write(rows, claims=claims)
        taken += time.perf_counter() - start
    store.finish([Finished(claim.run_id, seconds=1.0, epochs=EPOCHS) for claim in claims], claims=claims)
    return len(claims) * EPOCHS * len(METRICS), taken


def harness(dataset: str = "wine_quality", *, epochs: int = EPOCHS, rows: int | None = None) -> Overhead:
    """The fraction of a run of the grid that is not training, extrapolated from a run of two packs in sequence.

    Training is the time counted by the loop itself, including evaluation, and the building of models. For the second
    pack everything is imported already: its time outside training applies to each pack of the grid. The additional
    time of the first pack, and all time outside packs (planning, starting the worker), applies once per worker. The
    driver's processor time is spread over all cores. The grid's time follows from the pack's by the cost estimate.
    """
    shape = Shape.of(dataset)
    ends: list[tuple[float, os.times_result]] = []
    taken: list[float] = []

    def hear(event: Event) -> None:
        if isinstance(event, PackFinished):
            ends.append(_now())
            taken.append(event.seconds)

    with TemporaryDirectory() as folder:
        path = write_table(Path(folder) / "table.csv", shape, rows)
        database = str(Path(folder) / "harness.db")
        start = time.perf_counter()
        roots.add(tables=[OwnTable(path.name, str(path), ("target",))])
        changes = {"epochs": epochs, "batch_size": shape.batch_size}
        benchmark = config.load().variant(GRID, changes, config.Own(tables=(path.name,)))
        plan = make_plan(config.filter_jobs(benchmark, seeds=[0, 1]), None)
        run(plan, database, partial(LocalEngine, ["cpu"]), hear)
        wall = time.perf_counter() - start
        trained = [training(database, pack.jobs) for pack in plan.packs]
        built = building(path, plan.packs[-1].jobs)
    first, *_, second = (total - loop - built for total, loop in zip(taken, trained, strict=True))
    once = wall - sum(taken) + max(0.0, first - second)
    driver = _between(ends[-2], ends[-1])[1] / taken[-1]

    whole = grid()
    packs = len(make_plan(whole, None, Resources(("cpu",) * cores())).packs)
    like = [replace(job, dataset=dataset) for job in plan.packs[-1].jobs]
    times = sum(map(cost, whole.jobs)) / sum(map(cost, like))
    fraction = (packs * second + cores() * once) / (times * taken[-1]) + driver / cores()
    how = (
        f"a pack of {len(like)} jobs of {dataset}'s shape, {epochs} epochs: {taken[-1]:.1f} s, of which "
        f"{trained[-1]:.1f} s training, {built:.2f} s building, {second:.2f} s beside; the driver {driver:.2%} of a "
        f"core; {once:.1f} s once a worker; {GRID} is {packs} packs and {times:.0f} times the work, on {cores()} cores"
    )
    return Overhead("harness", fraction, 0.02, "", how)


def cost(job: Job) -> float:
    """The estimated cost of the job's training, in arbitrary units."""
    return job.protocol.epochs * epoch_cost(job)


def training(database: str, jobs: tuple[Job, ...]) -> float:
    """Seconds counted by the training loop for these jobs, including evaluation."""
    with Store.open(database, read_only=True) as store:
        cells, curves = store.cells(), store.curves(names=["seconds"])
    runs = cells.loc[cells["job_key"].isin([job.key for job in jobs]), "run_id"]
    return float(curves.loc[curves["run_id"].isin(runs), "value"].sum())


def building(path: Path, jobs: tuple[Job, ...]) -> float:
    """Seconds to build the models of the jobs, including stage 1 of pre-trained encoders."""
    import torch

    from regbench.data import prepare
    from regbench.training.pack import build

    torch.set_num_threads(1)
    data = prepare(from_file(path, "target")[1])
    start = time.perf_counter()
    build(jobs, data, torch.device("cpu"))
    return time.perf_counter() - start


def write_table(path: Path, shape: Shape, rows: int | None) -> Path:
    """Write synthetic rows of a dataset's shape to a CSV file, by default as many as the dataset has."""
    import numpy as np

    data = synthetic(shape, rows or sum(catalog.entry("datasets", shape.dataset).arguments["sizes"]))
    header = ",".join([*(f"x{column}" for column in range(*shape.inputs)), "target"])
    np.savetxt(path, np.hstack([data.x_train, data.y_train]), delimiter=",", header=header, comments="")
    return path


def grid(*, seeds: int = 5) -> Benchmark:
    """The first paper's grid with `seeds` seeds."""
    spec = config.load().specs[GRID]
    return expand(GRID, spec.model_copy(update={"seeds": list(range(seeds))}))


def _process(*words: str) -> tuple[float, float]:
    """Median wall and processor seconds of a `regbench` process with these arguments."""
    taken = []
    for _ in range(REPEATED):
        start = _now()
        subprocess.run([sys.executable, "-m", "regbench", *words], check=True, capture_output=True)
        taken.append(_since(start, children=True))
    return median(wall for wall, _ in taken), median(processor for _, processor in taken)


def _now() -> tuple[float, os.times_result]:
    return time.perf_counter(), os.times()


def _since(start: tuple[float, os.times_result], *, children: bool = False) -> tuple[float, float]:
    """Wall and processor seconds since `start`; processor time of this process or of its finished children."""
    return _between(start, _now(), children=children)


def _between(
    start: tuple[float, os.times_result], end: tuple[float, os.times_result], *, children: bool = False
) -> tuple[float, float]:
    before, after = start[1], end[1]
    own = after.user - before.user + after.system - before.system
    theirs = after.children_user - before.children_user + after.children_system - before.children_system
    return end[0] - start[0], theirs if children else own
