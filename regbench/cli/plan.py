"""`regbench plan`: what a run would do."""

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import options
from regbench.cli.grid import choose
from regbench.cli.output import amount, columns, duration, emit, emit_json, say
from regbench.cli.reading import is_there, reading

if TYPE_CHECKING:
    from regbench.cli.grid import Chosen
    from regbench.runner import Plan


def plan(
    benchmarks: Annotated[
        list[str] | None,
        typer.Argument(metavar="BENCHMARK", show_default=False, autocompletion=options.complete_benchmarks),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every benchmark of the file.")] = False,
    dataset: options.Datasets = None,
    method: options.Methods = None,
    k: options.Ks = None,
    seed: options.Seeds = None,
    epochs: options.Epochs = None,
    settings: options.Settings = None,
    data: options.OwnData = None,
    target: options.Target = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Count jobs that failed as still to do.")
    ] = False,
    devices: options.Devices = None,
    workers: options.Workers = None,
    db: options.Database = options.DATABASE,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> None:
    """Show what `run` would do: jobs, packs, memory and time.

    Examples:
      regbench plan smoke
      regbench plan bridges-fixed --k 25 --epochs 20
      regbench plan --all --json
    """
    chosen = choose(
        benchmarks,
        every=every,
        file=file,
        datasets=dataset,
        methods=method,
        k=k,
        seeds=seed,
        epochs=epochs,
        settings=settings,
        data=data,
        target=target,
    )
    plans = make_plans(chosen, db, devices=slots(devices, workers), retry_failed=retry_failed)
    if json:
        return emit_json("plan", [as_data(each) for each in plans])
    for each in plans:
        emit(as_text(each))
    return None


def slots(devices: str | None, workers: int | None) -> list[str]:
    """The device slots of this machine; finding them imports torch, so something is said first."""
    say("regbench: planning")
    from regbench.engines.devices import find_devices

    return find_devices(devices, workers)


def make_plans(chosen: "list[Chosen]", db: str, *, devices: list[str], retry_failed: bool) -> "list[Plan]":
    """One plan a benchmark, the cheapest first; a database that is not there yet has nothing done."""
    from regbench import runner

    with contextlib.ExitStack() as stack:
        store = stack.enter_context(reading(db)) if is_there(db) else None
        plans = [
            runner.make_plan(each.benchmark, store, devices=devices, retry_failed=retry_failed, files=each.files)
            for each in chosen
        ]
    return sorted(plans, key=lambda each: each.estimate.likely)


def as_data(plan: "Plan") -> dict[str, Any]:
    """A plan for JSON."""
    return {
        "benchmark": plan.benchmark,
        "jobs": len(plan.jobs),
        "done": len(plan.done),
        "to_train": plan.to_train,
        "packs": [
            {
                "dataset": pack.jobs[0].dataset,
                "jobs": len(pack.jobs),
                "methods": sorted({job.method for job in pack.jobs}),
                "epochs": pack.jobs[0].protocol.epochs,
            }
            for pack in plan.packs
        ],
        "to_fetch": plan.missing,
        "blocked": plan.blocked,
        "failed": {key: {"class": kind, "error": error} for key, (kind, error) in plan.failed.items()},
        "seconds": {"low": plan.estimate.low, "likely": plan.estimate.likely, "high": plan.estimate.high},
        "memory_bytes": plan.memory_bytes,
    }


def as_text(plan: "Plan") -> str:
    """A plan as people read it."""
    jobs = Counter(job.dataset for job in plan.jobs)
    to_train = Counter(job.dataset for pack in plan.packs for job in pack.jobs)
    packs = Counter(pack.jobs[0].dataset for pack in plan.packs)
    failed = Counter(job.dataset for job in plan.jobs if job.key in plan.failed)
    rows = [[name, jobs[name], to_train[name], packs[name], failed[name], _where(name, plan)] for name in jobs]
    return f"{headline(plan)}\n{columns(rows, header=['dataset', 'jobs', 'to train', 'packs', 'failed', 'data'])}"


def _where(dataset: str, plan: "Plan") -> str:
    """Whether a dataset is here."""
    if dataset in plan.blocked:
        return "blocked"
    return "to fetch" if dataset in plan.missing else "here"


def headline(plan: "Plan") -> str:
    """A plan in one line."""
    parts = [f"{plan.benchmark}: {amount(len(plan.jobs), 'job')}, {len(plan.done):,} done, {plan.to_train:,} to train"]
    if plan.packs:
        parts.append(f"in {amount(len(plan.packs), 'pack')}, {plan.memory_bytes / 2**20:,.0f} MiB for the largest")
        parts.append(f"about {duration(plan.estimate.likely)}")
        parts[-1] += f" ({duration(plan.estimate.low)} to {duration(plan.estimate.high)})"
    return ", ".join(parts)
