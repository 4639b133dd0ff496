"""Make a lock file of the finished runs of a benchmark."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench import analysis, metrics, provenance, roots
from regbench.analysis.aggregate import null, records
from regbench.analysis.scale import PERCENT
from regbench.campaign import tables
from regbench.campaign.gate import file, noise
from regbench.campaign.gate.drift import Drift, drift
from regbench.campaign.gate.lock import VERSION, Lock, LockedRun, shared
from regbench.campaign.gate.repository import Repository, present
from regbench.errors import NothingMeasured, Regressed, UsageError, some
from regbench.job import Job
from regbench.kinds import code_digest, uses_seed
from regbench.kinds.imported import is_imported
from regbench.owntables import NAMED, OPENML
from regbench.reading import unusual
from regbench.runner.adopt.ask import ask

if TYPE_CHECKING:
    from regbench.store import Execution, Store

STATED = ("test/rmse", "test/mae", "val/rmse")  # beside the metric that is judged


@dataclass(frozen=True)
class Asked:
    """What to bless, and how.

    metric: the one that is judged; `rmse` means test/rmse.
    commit: whose code trained the runs; without, HEAD.
    """

    reason: str
    date: str
    benchmark: str | None = None
    datasets: Sequence[str] = ()
    methods: Sequence[str] = ()
    k: Sequence[int] = ()
    seeds: Sequence[int] = ()
    metric: str = "test/rmse"
    detect: float | None = None
    commit: str | None = None
    accept_worse: bool = False
    db: str = ""  # knows the files of users' own tables


@dataclass(frozen=True)
class Blessed:
    """A lock that may be written, with what to know about it.

    needed: the seeds with which the worsening of `--detect` is found; None without, or without an estimate.
    """

    lock: Lock
    drifts: list[Drift]
    needed: int | None
    notes: tuple[str, ...]


def bless(store: "Store", asked: Asked, path: Path, say: Callable[[str], None] = lambda _: None) -> Blessed:
    """The lock of a benchmark's finished runs, to be written to `path`.

    Raises:
        NothingMeasured: a job has no finished run.
        UsageError: the runs are of other code than the present one, or than the commit's.
        Regressed: it would record a worsening, and `accept_worse` is not set.
    """
    before = file.read(path) if path.exists() else None
    metric = full_metric(asked.metric)
    rows = _rows(store, asked, metric)
    runs = {run.run_id: run for run in store.executions(asked.benchmark, status="finished")}
    _add_tables(rows, asked.db)
    jobs = {int(row["run_id"]): Job.from_config(runs[int(row["run_id"])].config) for row in rows}
    _check_code(jobs, runs, store)
    lock = _lock(rows, runs, asked, metric, path)
    needed = (
        None
        if asked.detect is None
        else noise.seeds_for(asked.detect, noise.deviations(lock, before), noise.scale_of(metric))
    )
    lock, fewer = _with_seeds(lock, needed)
    lock = lock.model_copy(update=_origin(lock, asked, path, say))
    drifts = drift(lock, before)
    worse = [each for each in drifts if each.worse]
    if worse and not asked.accept_worse:
        raise Regressed(_refusal(worse, path, " %" if noise.scale_of(metric).unit == PERCENT else ""))
    history = [] if before is None or before.metric != metric else [*before.history, before.blessing()]
    lock = lock.model_copy(update={"history": history, "worse": [each.cell for each in worse]})
    return Blessed(lock, drifts, needed, tuple(fewer + _notes(lock, before)))


def full_metric(name: str) -> str:
    """A metric with the rows that it is of: rmse is test/rmse; `UsageError` where there is no such metric."""
    part, slash, metric = name.strip().lower().partition("/")
    known = slash and part in ("test", "val")
    of_rows, wanted = (part, metric) if known else ("test", name)
    return f"{of_rows}/{metrics.about(wanted).name}"


def _rows(store: "Store", asked: Asked, metric: str) -> list[dict[str, Any]]:
    """The jobs to bless as rows of the frame of cells, in the order of the benchmark; each has a finished run."""
    frame = store.cells(asked.benchmark, metrics=[name.partition("/")[2] for name in _stated(metric)])
    frame = analysis.select(frame, datasets=tuple(asked.datasets), methods=tuple(asked.methods), k=tuple(asked.k))
    if asked.seeds:
        frame = frame[frame["seed"].isin(list(asked.seeds))]
    rows = records(frame)
    lacking = [row for row in rows if null(row["run_id"]) is None]
    if lacking or not rows:
        what = f"{len(lacking)} of {len(rows)} jobs have no finished run" if rows else "no job has these seeds"
        raise NothingMeasured(
            f"{what}: `regbench run {asked.benchmark}` first, or bless fewer by --dataset, --method or --seed"
        )
    name = _column(metric)
    if all(null(row[name]) is None for row in rows):
        raise NothingMeasured(f"{metric} was not recorded in any of these runs; name another by --metric")
    return rows


def _stated(metric: str) -> list[str]:
    return list(dict.fromkeys([metric, *STATED]))


def _column(metric: str) -> str:
    """The column of a frame of cells that has a metric."""
    return metric.replace("/", "_", 1)


def _add_tables(rows: Sequence[dict[str, Any]], db: str) -> None:
    """Add the users' own tables that the jobs train on, whose files the database knows."""
    for name in dict.fromkeys(row["dataset"] for row in rows):
        if NAMED.fullmatch(name) and roots.own_table(name) is None:
            tables.again(name, db)


def _check_code(jobs: dict[int, Job], runs: "dict[int, Execution]", store: "Store") -> None:
    """Runs of other code than the present one cannot be blessed: the gate would compare with numbers that are gone."""
    if theirs := sorted({job.method for job in jobs.values() if is_imported(job)}):
        raise UsageError(f"{some(theirs)}: imported, and so nothing that a gate could train; choose others by --method")
    codes = store.codes()
    stale = [job for run, job in jobs.items() if not codes.same(code_digest(job), runs[run].code_digest)]
    if stale:
        names = some(list(dict.fromkeys(f"{job.dataset} {job.method}" for job in stale)))
        raise UsageError(
            f"{len(stale)} of {len(jobs)} runs are of other code than the present one ({names}): "
            "run the benchmark again, or see `regbench stale` and `regbench db adopt`"
        )


def _lock(rows: Sequence[dict[str, Any]], runs: "dict[int, Execution]", asked: Asked, metric: str, path: Path) -> Lock:
    stated = [
        name for name in _stated(metric) if name == metric or any(null(row[_column(name)]) is not None for row in rows)
    ]
    cells: dict[str, dict[int, dict[str, Any]]] = {}
    environments: dict[str, dict[str, Any]] = {}
    for row in rows:
        cells.setdefault(cell_name(row), {})[int(row["seed"])] = row
    described = []
    for name, seeds in cells.items():
        first = runs[int(next(iter(seeds.values()))["run_id"])]
        config = {field: value for field, value in first.config.items() if field != "seed"}
        locked = {
            seed: _run(row, runs[int(row["run_id"])], stated, environments) for seed, row in sorted(seeds.items())
        }
        described.append((name, code_digest(Job.from_config(first.config)), config, locked))
    common, own = shared([config for _, _, config, _ in described])
    return Lock.of(
        {
            "regbench_lock": VERSION,
            "benchmark": str(rows[0]["benchmark"]),
            "date": asked.date,
            "commit": None,
            "reason": asked.reason,
            "metrics": stated,
            "detect": asked.detect,
            "tables": _tables(path, {config["dataset"] for _, _, config, _ in described}),
            "commands": _commands(path, {config["method"] for _, _, config, _ in described}),
            "environments": environments,
            "common": common,
            "cells": [
                {"cell": name, "code": code, "job": job, "seeds": locked}
                for (name, code, _, locked), job in zip(described, own, strict=True)
            ],
        }
    )


def cell_name(row: dict[str, Any]) -> str:
    """The name of a cell, such as `diamonds soft_binning k=25`."""
    return f"{row['dataset']} {row['variant']}" + ("" if null(row["k"]) is None else f" k={int(row['k'])}")


def _run(
    row: dict[str, Any], run: "Execution", stated: Sequence[str], environments: dict[str, dict[str, Any]]
) -> LockedRun:
    """The line of a run; its environment is added to `environments`."""
    on, exact = None, all(each["exact"] for each in run.resumed)
    if exact and {"libraries", "machine", "processor", "flags"} <= run.environment.keys():
        facts = provenance.fingerprint(_without_others(run.environment), run.device)
        on = provenance.digest_of(facts)
        environments[on] = facts
    epoch = null(row["best_epoch"])
    values = {name: null(row[_column(name)]) for name in stated}
    return LockedRun(key=run.key, on=on, epoch=None if epoch is None else int(epoch), values=values)


def _without_others(environment: Any) -> dict[str, Any]:
    """An environment with our usual libraries only; those of reference models are part of the code's digest."""
    libraries = {name: environment["libraries"].get(name) for name in provenance.LIBRARIES}
    return {**environment, "libraries": libraries}


def _tables(path: Path, datasets: set[str]) -> list[dict[str, Any]]:
    """The users' own tables among the datasets, with paths relative to the folder of the lock file."""
    found = []
    for name in sorted(datasets):
        if table := roots.own_table(name):
            here = OPENML.fullmatch(table.path) is None
            place = _beside(path, Path(table.path))
            about = {"name": name, "path": place if here else table.path, "targets": list(table.targets)}
            found.append({**about, "reading": unusual(table.reading)})
    return found


def _commands(path: Path, methods: set[str]) -> list[dict[str, Any]]:
    """The users' programs among the rows, with the files that name them."""
    known = {name: command for name in sorted(methods) if (command := roots.own_command(name))}
    return [
        {"name": name, "file": _beside(path, Path(command.folder, command.file))} for name, command in known.items()
    ]


def _beside(lock: Path, file: Path) -> str:
    """The path of a file relative to the folder of the lock file."""
    return Path(os.path.relpath(file.resolve(), lock.absolute().parent.resolve())).as_posix()


def _with_seeds(lock: Lock, needed: int | None) -> tuple[Lock, list[str]]:
    """The lock with no more seeds than `--detect` needs, and what to say of it."""
    if lock.detect is None:
        return lock, []
    have = min(len(cell.seeds) for cell in lock.cells)
    share = f"{100 * lock.detect:g} %"
    if needed is None:
        return lock, [f"how many seeds find a worsening of {share} cannot be told from {have} seed{'s' * (have > 1)}"]
    if needed > have:
        more = f"`regbench run {lock.benchmark} --seed 0-{needed - 1}` trains them"
        return lock, [
            f"a worsening of {share} is found 8 times in 10 with {needed} seeds, and there are {have}; {more}"
        ]
    cells = [cell.model_copy(update={"seeds": dict(sorted(cell.seeds.items())[:needed])}) for cell in lock.cells]
    return lock.model_copy(update={"cells": cells}), [f"{needed} seeds find a worsening of {share} 8 times in 10"]


def _origin(lock: Lock, asked: Asked, path: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """The commit and the plug-ins, for which the code of that commit must be that of the runs."""
    added = roots.added()
    repository = Repository.of(path)
    if repository is None:
        if asked.commit:
            raise UsageError(f"--commit {asked.commit}: {path} is in no git repository")
        return {"commit": None}
    plugins = repository.relative(added.places)
    sha = repository.commit(asked.commit or "HEAD")
    if sha is None:
        if asked.commit:
            raise UsageError(f"--commit {asked.commit}: there is no such commit in {repository.top}")
        return {"commit": None, "plugins": plugins}
    commands = [command.name for command in lock.commands]
    if repository.has_regbench or plugins or commands:
        say(f"checking that commit {sha[:10]} has the code of these runs")
        examples = [lock.job(cell, next(iter(cell.seeds))) for cell in lock.cells]
        with repository.at(sha, present(added), plugins, commands) as version:
            said = ask([[job] for job in examples], version, train=False)
        unlike = [
            cell.cell for cell, job in zip(lock.cells, examples, strict=True) if said[job.key]["code"] != cell.code
        ]
        if unlike:
            raise UsageError(
                f"the code of commit {sha[:10]} is not that of these runs ({some(unlike)}): "
                "commit your changes first, or name the commit by --commit"
            )
    return {"commit": sha, "plugins": plugins}


def _refusal(worse: Sequence[Drift], path: Path, unit: str) -> str:
    said = [
        f"{each.cell} {'diverges' if each.since_accepted is None else f'by {each.since_accepted:.2f}{unit}'}"
        for each in worse
    ]
    return (
        f"{path} is unchanged, because it would record a worsening: {some(said)}; "
        "if it is meant, say so by --accept-worse"
    )


def _notes(lock: Lock, before: Lock | None) -> list[str]:
    notes = []
    if lock.commit is None:
        notes.append("no git commit: this baseline can only be replayed, in the same environment")
    if before is not None and before.metric != lock.metric:
        notes.append(f"the history of {before.metric} ends here: {lock.metric} is judged now")
    if single := [cell.cell for cell in lock.cells if len(cell.seeds) == 1 and uses_seed(lock.config(cell)["method"])]:
        notes.append(
            f"one seed only: {some(single)}; from one seed a gate can tell no more than whether it is the same"
        )
    if diverged := [cell.cell for cell in lock.cells if lock.means()[cell.cell] is None]:
        notes.append(f"diverged runs: {some(diverged)}")
    return notes
