"""`regbench plan`: show what a run would do."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import asked, completing, options, plans
from regbench.cli.output import duration, emit, emit_json, program
from regbench.errors import UsageError

if TYPE_CHECKING:
    from regbench.campaign.campaign import Campaign
    from regbench.config import Benchmark

OF_THE_SCRIPT = {"slurm", "json", "db", "shard"}  # options that the script gives otherwise


def plan(
    context: typer.Context,
    benchmarks: Annotated[
        list[str] | None,
        typer.Argument(metavar="BENCHMARK", show_default=False, autocompletion=completing.benchmarks),
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
    sep: options.Sep = None,
    decimal: options.Decimal = None,
    header: options.Header = None,
    drop: options.Drop = None,
    group: options.Group = None,
    keep_index: options.KeepIndex = False,
    preprocess: options.Preprocess = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Count failed jobs as still to do.")] = False,
    budget: options.Budget = None,
    shard: options.Shard = None,
    slurm: Annotated[
        int | None,
        typer.Option(
            "--slurm", metavar="N", min=1, max=1000, help="Print a script for Slurm instead: an array of N tasks."
        ),
    ] = None,
    choose_again: options.ChooseAgain = False,
    devices: options.Devices = None,
    workers: options.Workers = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    db: options.Database = options.DATABASE,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> None:
    """Show what `run` would do: jobs, packs, memory and time.

    The time has an interval and a basis: past runs in the database, or otherwise about two seconds of training on
    this machine, whose result is stored. The sweeps that a benchmark waits for are shown before it.
    With --slurm N it prints a complete script: `bash FILE` on a login node fetches the data, submits an array of N
    tasks, one per shard, and a job that merges their databases into --db. A task is queued again before its time ends.

    Examples:
      regbench plan smoke
      regbench plan bridges-fixed --k 25 --epochs 20
      regbench plan bridges-fixed --budget 30m
      regbench plan bridges-fixed --shard 1/3
      regbench plan bridges-fixed --slurm 4 --workers 8 > bridges.sh
      regbench plan bridges-fixed --engine ray --address auto
      regbench plan --all --json
    """
    from regbench.campaign.campaign import Campaign
    from regbench.campaign.choosing import choose

    request = asked.request(shard, budget, retry_failed=retry_failed, choose_again=choose_again)
    wanted = asked.wanted(
        asked.names(benchmarks, every=every, file=file, datasets=bool(dataset or data), methods=bool(method)),
        asked.Filters(dataset, method, k, seed),
        asked.changes(settings, epochs),
        asked.OwnData(
            data,
            target,
            {
                "sep": sep,
                "decimal": decimal,
                "header": header,
                "drop": drop,
                "group": group,
                "keep_index": keep_index,
                "preprocess": preprocess,
            },
        ),
        file=file,
        db=db,
    )
    chosen = choose(wanted)
    slots, cluster = asked.place(devices, workers, engine, address)
    campaign = Campaign(db, slots, request, cluster=cluster)
    if slurm is not None:
        return _script(context, campaign, chosen, slurm, json=json)
    found = [plan for _, plan in campaign.plans(chosen)]
    if json:
        return emit_json("plan", [plans.as_data(plan) for plan in found])
    for plan in found:
        emit(plans.as_text(plan))
    return None


def _script(
    context: typer.Context, campaign: "Campaign", chosen: "Sequence[Benchmark]", count: int, *, json: bool
) -> None:
    """Print a script for Slurm."""
    from dataclasses import asdict

    from regbench.campaign import batch

    if campaign.request.shard:
        raise UsageError("--slurm makes the shards itself: leave out --shard")
    found = batch.array(campaign, chosen, count)
    told = [duration(seconds) for seconds in (found.low_s, found.likely_s, found.high_s)]
    text = batch.script(found, db=campaign.db, program=program(), options=list(_given(context)), told=told)
    if json:
        return emit_json("plan", {**asdict(found), "limit_s": found.limit_s, "script": text})
    return emit(text.rstrip("\n"))


def _given(context: typer.Context) -> Iterator[str]:
    """The words of this command line that `run` takes too, in its own spelling."""
    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if name in OF_THE_SCRIPT or source is None or source.name not in {"COMMANDLINE", "ENVIRONMENT"}:
            continue
        value: Any = context.params[name]
        if parameter.param_type_name == "argument":
            yield from map(str, value)
        elif value is True:
            yield parameter.opts[0]
        elif value:
            for each in value if isinstance(value, list | tuple) else [value]:
                yield from (parameter.opts[0], str(each))
