"""From what was asked to the jobs to train again: by key, by cell, or a drawn sample, within a budget of time."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regbench import analysis, catalog
from regbench.analysis.select import pick
from regbench.campaign.places import stored_benchmark
from regbench.campaign.replay.candidates import Candidate, Cells, Obstacles
from regbench.campaign.replay.fitting import Budget, spread
from regbench.errors import DataUnavailable, NothingMeasured, UsageError
from regbench.runner.plan.pace import Pace
from regbench.runner.plan.resources import Resources

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.store import Store

KEY = re.compile(r"[0-9a-f]{6,32}")
ABSENT = "data not here"
TOO_LONG = "longer than the budget by itself"
BEYOND = "beyond the budget"


@dataclass(frozen=True)
class Asked:
    """What `regbench replay` was asked for.

    names: keys of jobs, or the beginnings of keys, and cells.
    sample: the size of a sample, None without one; `draw` seeds it.
    budget_s: seconds, None without a limit.
    """

    names: tuple[str, ...] = ()
    benchmark: str | None = None
    dataset: str | None = None
    k: int | None = None
    seeds: tuple[int, ...] = ()
    sample: int | None = None
    draw: int = 0
    budget_s: float | None = None


@dataclass(frozen=True)
class Chosen:
    """The jobs to train again, in this order.

    cells: those of the store that they are from.
    pool: the number of finished jobs that were asked for, or that the sample was drawn from.
    left_out: why -> number of jobs.
    seconds: that they should take.
    """

    candidates: tuple[Candidate, ...]
    cells: Cells
    pool: int
    left_out: dict[str, int]
    seconds: float


def choose(store: "Store", asked: Asked, resources: Resources) -> Chosen:
    """Find the jobs that were asked for and leave out what cannot be trained here or does not fit the budget.

    Raises:
        UsageError: there is no such job or cell.
        NothingMeasured: nothing that is finished can be trained again.
        DataUnavailable: it could, with data that are not here.
    """
    cells = Cells(store)
    found = _sampled(cells, asked) if asked.sample is not None else _named(cells, asked)
    left_out: Counter[str] = Counter()
    possible = _possible(found, Obstacles(store), left_out, strict=asked.sample is None)
    pace = Pace.of(store, resources.devices, calibrate=resources.calibrate)
    fits = Budget(pace, resources, asked.budget_s)
    if asked.budget_s is not None:
        short = [each for each in possible if fits.alone(each) <= asked.budget_s]
        left_out[TOO_LONG] += len(possible) - len(short)
        possible = short
    chosen = _take(possible, asked, fits, left_out)
    if not chosen:
        raise NothingMeasured(f"nothing to replay: {_why_nothing(len(found), left_out)}")
    counted = {why: count for why, count in left_out.items() if count}
    return Chosen(tuple(chosen), cells, len(found), counted, fits.seconds)


def _named(cells: Cells, asked: Asked) -> list[Candidate]:
    if not asked.names:
        raise UsageError("replay what? give a job's key or a cell (`regbench runs` lists keys), or --sample N")
    found = [candidate for name in asked.names for candidate in _meant(cells, name, asked)]
    return list({candidate.job.key: candidate for candidate in found}.values())


def _meant(cells: Cells, name: str, asked: Asked) -> list[Candidate]:
    """The finished jobs that a key or a cell means."""
    if KEY.fullmatch(name) and name not in catalog.rows():
        return _of_key(cells, name, asked.benchmark)
    benchmark = stored_benchmark(cells.store, asked.benchmark) or cells.store.last_benchmark()
    frame = analysis.select(cells.of(str(benchmark)), datasets=(asked.dataset,) if asked.dataset else ())
    rows = pick(frame, name, k=asked.k)
    if len(datasets := sorted(set(rows["dataset"]))) > 1:
        raise UsageError(f"{name} was run on {', '.join(datasets)}; name one with --dataset")
    found = [each for each in cells.finished(rows) if not asked.seeds or each.job.seed in asked.seeds]
    if not found:
        of = f" for seed {', '.join(map(str, asked.seeds))}" if asked.seeds else ""
        raise NothingMeasured(f"nothing to replay: {name} has no finished run{of} in benchmark {benchmark}")
    return found


def _of_key(cells: Cells, key: str, benchmark: str | None) -> list[Candidate]:
    for name in _benchmarks(cells, benchmark):
        frame = cells.of(name)
        rows = frame[frame["job_key"].str.startswith(key)]
        if len(keys := sorted(set(rows["job_key"]))) > 1:
            raise UsageError(f"{key} may be {' or '.join(keys[:3])}; write more of it")
        if found := list(cells.finished(rows)):
            return found
        if keys:
            raise NothingMeasured(f"nothing to replay: job {keys[0]} has no finished run")
    raise UsageError(f"no job's key begins with {key}; `regbench runs --json` has the keys of jobs that were run")


def _sampled(cells: Cells, asked: Asked) -> list[Candidate]:
    """Every finished job, in the order in which a sample takes them."""
    if asked.names:
        raise UsageError("--sample draws the jobs: leave out their names")
    pool: dict[str, Candidate] = {}
    for name in _benchmarks(cells, asked.benchmark):
        frame: DataFrame = cells.of(name)
        if asked.dataset:
            frame = analysis.select(frame, datasets=(asked.dataset,))
        for candidate in cells.finished(frame):
            wrong = (asked.seeds and candidate.job.seed not in asked.seeds) or (
                asked.k is not None and candidate.job.k not in (None, asked.k)
            )
            if not wrong:
                pool.setdefault(candidate.job.key, candidate)
    if not pool:
        raise NothingMeasured("nothing to replay: there is no finished run here")
    return spread(list(pool.values()), lambda candidate: (candidate.job.key, candidate.kind), asked.draw)


def _benchmarks(cells: Cells, benchmark: str | None) -> list[str]:
    """The one that is named, or all, the one run last first."""
    named = stored_benchmark(cells.store, benchmark)
    return [named] if named else [str(name) for name in cells.store.benchmarks()["name"]]


def _possible(
    found: Iterable[Candidate], obstacles: Obstacles, left_out: Counter[str], *, strict: bool
) -> list[Candidate]:
    """The jobs that can be trained here; with `strict`, data that are not here are an error."""
    possible, absent = [], dict[str, int]()
    for candidate in found:
        if why := obstacles.of(candidate.job):
            left_out[why] += 1
        elif obstacles.has_data(candidate.job):
            possible.append(candidate)
        else:
            absent[candidate.job.dataset] = absent.get(candidate.job.dataset, 0) + 1
    if absent and (strict or not possible):
        names = " ".join(absent)
        raise DataUnavailable(f"the data of {', '.join(absent)} are not here: `regbench data fetch {names}` gets them")
    for dataset, count in absent.items():
        left_out[f"{ABSENT}: `regbench data fetch {dataset}`"] += count
    return possible


def _take(possible: Sequence[Candidate], asked: Asked, fits: Budget, left_out: Counter[str]) -> list[Candidate]:
    chosen: list[Candidate] = []
    for candidate in possible:
        if len(chosen) == asked.sample:
            break
        if fits.takes(candidate):
            chosen.append(candidate)
        else:
            left_out[BEYOND] += 1
    return chosen


def _why_nothing(count: int, left_out: Counter[str]) -> str:
    said = "; ".join(f"{number:,} {why}" for why, number in left_out.items() if number)
    return f"of {count:,} finished job{'' if count == 1 else 's'} {said or 'none was asked for'}"
