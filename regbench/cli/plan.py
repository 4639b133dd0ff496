"""`regbench plan`: what a run would do."""

import contextlib
from collections import Counter
from functools import partial
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
    budget: options.Budget = None,
    shard: options.Shard = None,
    devices: options.Devices = None,
    workers: options.Workers = None,
    db: options.Database = options.DATABASE,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> None:
    """Show what `run` would do: jobs, packs, memory and time.

    The time is between two bounds and says what it rests on: runs in the database, or else two seconds of training on
    this machine, which are remembered.

    Examples:
      regbench plan smoke
      regbench plan bridges-fixed --k 25 --epochs 20
      regbench plan bridges-fixed --budget 30m
      regbench plan bridges-fixed --shard 1/3
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
    found = slots(devices, workers)
    plans = make_plans(chosen, db, devices=found, retry_failed=retry_failed, budget=budget, shard=shard)
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


def make_plans(
    chosen: "list[Chosen]",
    db: str,
    *,
    devices: list[str],
    retry_failed: bool,
    budget: str | None = None,
    shard: str | None = None,
) -> "list[Plan]":
    """One plan a benchmark, the cheapest first; a database that is not there yet has nothing done.

    A budget is for all of them together, and spent on the cheapest first.
    """
    from regbench import runner
    from regbench.engines.devices import free_memory
    from regbench.runner.budget import read_duration, read_shard
    from regbench.runner.calibration import calibrate, largest_pack

    budget_s = None if budget is None else read_duration(budget)
    share = None if shard is None else read_shard(shard)
    free_bytes = free_memory(devices)

    def planned(each: "Chosen", budget_s: float | None) -> "Plan":
        return runner.make_plan(
            each.benchmark,
            store,
            devices=devices,
            retry_failed=retry_failed,
            files=each.files,
            shard=share,
            budget_s=budget_s,
            free_bytes=free_bytes,
            calibrate=calibrate,
            largest=partial(largest_pack, devices[0]) if devices[0].startswith("cuda") else None,
        )

    with contextlib.ExitStack() as stack:
        store = stack.enter_context(reading(db)) if is_there(db) else None
        found = sorted(((planned(each, None), each) for each in chosen), key=lambda pair: pair[0].estimate.likely)
        plans = [plan for plan, _ in found]
        if budget_s is not None:
            for place, (_, each) in enumerate(found):
                plans[place] = planned(each, budget_s)
                budget_s = max(0.0, budget_s - plans[place].estimate.likely)
    return plans


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
        "seconds_rest_on": plan.estimate.basis,
        "memory_bytes": plan.memory_bytes,
        "memory_free_bytes": plan.free_bytes,
        "budget_seconds": plan.budget_s,
        "left_out": Counter(job.dataset for job in plan.left_out),
        "shard": plan.shard,
    }


def as_text(plan: "Plan") -> str:
    """A plan as people read it."""
    every = (*plan.jobs, *plan.left_out)
    jobs = Counter(job.dataset for job in every)
    done = Counter(job.dataset for job in plan.jobs if job.key in plan.done)
    to_train = Counter(job.dataset for pack in plan.packs for job in pack.jobs)
    packs = Counter(pack.jobs[0].dataset for pack in plan.packs)
    failed = Counter(job.dataset for job in plan.jobs if job.key in plan.failed)
    rows = [
        [name, jobs[name], done[name], to_train[name], packs[name], failed[name], _where(name, plan)] for name in jobs
    ]
    table = columns(rows, header=["dataset", "jobs", "done", "to train", "packs", "failed", "data"])
    lines = [headline(plan), table]
    if plan.packs:
        lines.append(f"the time rests on {plan.estimate.rests_on}")
    if plan.left_out:
        lines.append(left_out(plan))
    return "\n".join(lines)


def left_out(plan: "Plan") -> str:
    """What a budget has no time for."""
    from regbench.runner.budget import summary

    return f"left out by the budget: {amount(len(plan.left_out), 'job')}: {summary(plan.left_out)}"


def _where(dataset: str, plan: "Plan") -> str:
    """Whether a dataset is here."""
    if dataset in plan.blocked:
        return "blocked"
    return "to fetch" if dataset in plan.missing else "here"


def headline(plan: "Plan") -> str:
    """A plan in one line."""
    share = " shard {}/{}".format(*plan.shard) if plan.shard else ""
    jobs = amount(len(plan.jobs) + len(plan.left_out), "job")
    parts = [f"{plan.benchmark}{share}: {jobs}, {len(plan.done):,} done, {plan.to_train:,} to train"]
    if plan.packs:
        parts.append(f"in {amount(len(plan.packs), 'pack')}, {plan.memory_bytes / 2**20:,.0f} MiB for the largest")
        parts.append(f"about {duration(plan.estimate.likely)}")
        parts[-1] += f" ({duration(plan.estimate.low)} to {duration(plan.estimate.high)})"
    return ", ".join(parts)
