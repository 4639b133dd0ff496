"""`regbench plan`: what a run would do."""

from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import options
from regbench.cli.grid import choose
from regbench.cli.output import amount, columns, duration, emit, emit_json, say
from regbench.cli.planner import Planner

if TYPE_CHECKING:
    from regbench.runner import Estimate, Plan


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
    choose_again: options.ChooseAgain = False,
    devices: options.Devices = None,
    workers: options.Workers = None,
    db: options.Database = options.DATABASE,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> None:
    """Show what `run` would do: jobs, packs, memory and time.

    The time is between two bounds and says what it rests on: runs in the database, or else two seconds of training on
    this machine, which are remembered. Before a benchmark that chooses its values stand the sweeps it waits for.

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
    planner = Planner(db, found, retry_failed=retry_failed, shard=shard, choose_again=choose_again)
    plans = [plan for _, plan in planner.all(chosen, budget)]
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


def as_data(plan: "Plan") -> dict[str, Any]:
    """A plan for JSON."""
    return {
        "benchmark": plan.benchmark,
        "jobs": len(plan.jobs) + len(plan.pending),
        "done": len(plan.done),
        "outgrown": {"jobs": len(plan.outgrown), "commits": _commits(plan)},
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
        "uninstalled": plan.uninstalled,
        "failed": {key: {"class": kind, "error": error} for key, (kind, error) in plan.failed.items()},
        "seconds": _seconds(plan.estimate),
        "seconds_rest_on": plan.estimate.basis,
        "memory_bytes": plan.memory_bytes,
        "memory_free_bytes": plan.free_bytes,
        "budget_seconds": plan.budget_s,
        "left_out": Counter(job.dataset for job in plan.left_out),
        "shard": plan.shard,
        "sweeps": [as_data(each) for each in plan.sweeps],
        "pending": Counter(job.dataset for job in plan.pending),
        "pending_seconds": _seconds(plan.pending_estimate),
        "later": plan.later,
        "may_extend": plan.may_extend,
        "choices": [
            {"dataset": each.dataset, "variant": each.variant, "k": each.k, "values": each.values}
            for each in plan.choices
        ],
        "notes": plan.notes,
    }


def _seconds(estimate: "Estimate | None") -> dict[str, float] | None:
    return None if estimate is None else {name: getattr(estimate, name) for name in ("low", "likely", "high")}


def as_text(plan: "Plan") -> str:
    """A plan as people read it, after the plans of the sweeps it waits for."""
    every = (*plan.jobs, *plan.left_out, *plan.pending)
    jobs = Counter(job.dataset for job in every)
    done = Counter(job.dataset for job in plan.jobs if job.key in plan.done)
    to_train = Counter(job.dataset for pack in plan.packs for job in pack.jobs)
    packs = Counter(pack.jobs[0].dataset for pack in plan.packs)
    failed = Counter(job.dataset for job in plan.jobs if job.key in plan.failed)
    shown = {"jobs": jobs, "done": done, "to train": to_train, "packs": packs, "failed": failed}
    if plan.pending:
        shown["to choose"] = Counter(job.dataset for job in plan.pending)
    rows = [[name, *(count[name] for count in shown.values()), _where(name, plan)] for name in jobs]
    table = columns(rows, header=["dataset", *shown, "data"])
    lines = [*map(as_text, plan.sweeps), headline(plan), table]
    if plan.packs:
        lines.append(f"the time rests on {plan.estimate.rests_on}")
    lines += [f"blocked: {why}" for why in plan.uninstalled.values()]
    if plan.left_out:
        lines.append(left_out(plan))
    return "\n".join([*lines, *after(plan), *plan.notes])


def after(plan: "Plan") -> list[str]:
    """What follows the packs of a sweep, as far as it can be told, what waits for a choice, and what counts no more."""
    lines = [outgrown(plan)] if plan.outgrown else []
    if plan.later or plan.may_extend:
        later = f"then about {amount(plan.later, 'job')} of later stages" if plan.later else "then"
        more = "more while an optimum lies on an edge" if plan.may_extend else ""
        lines.append(f"{plan.benchmark}: {later}{' and ' * bool(plan.later and more)}{' ' * (not plan.later)}{more}")
    if plan.pending:
        sweeps = " and ".join(each.benchmark for each in plan.sweeps)
        waits = f"{plan.benchmark}: {amount(len(plan.pending), 'job')} to be trained with values chosen by {sweeps}"
        lines.append(f"{waits}, about {duration(plan.pending_estimate.likely if plan.pending_estimate else 0)}")
    return lines


def outgrown(plan: "Plan") -> str:
    """That runs of other code are there, which are no part of what this code would give."""
    commits = ", ".join(commit[:7] for commit in _commits(plan))
    whose = f" (commit {commits})" if commits else ""
    return (
        f"{plan.benchmark}: {len(plan.outgrown):,} of the jobs to train have been trained by other code than "
        f"this{whose}: reports show them until this code has trained them too"
    )


def _commits(plan: "Plan") -> list[str]:
    return sorted({commit for commit in plan.outgrown.values() if commit})


def left_out(plan: "Plan") -> str:
    """What a budget has no time for."""
    from regbench.runner.budget import summary

    return f"left out by the budget: {amount(len(plan.left_out), 'job')}: {summary(plan.left_out)}"


def _where(dataset: str, plan: "Plan") -> str:
    """Whether a dataset is here."""
    if dataset in plan.blocked:
        return "blocked"
    return "to fetch" if any(dataset in each.missing for each in (plan, *plan.sweeps)) else "here"


def headline(plan: "Plan") -> str:
    """A plan in one line."""
    share = " shard {}/{}".format(*plan.shard) if plan.shard else ""
    jobs = amount(len(plan.jobs) + len(plan.left_out) + len(plan.pending), "job")
    parts = [f"{plan.benchmark}{share}: {jobs}, {len(plan.done):,} done, {plan.to_train:,} to train"]
    if plan.pending:
        parts.append(f"{len(plan.pending):,} to choose first")
    if plan.packs:
        parts.append(f"in {amount(len(plan.packs), 'pack')}, {plan.memory_bytes / 2**20:,.0f} MiB for the largest")
        parts.append(f"about {duration(plan.estimate.likely)}")
        parts[-1] += f" ({duration(plan.estimate.low)} to {duration(plan.estimate.high)})"
    return ", ".join(parts)
