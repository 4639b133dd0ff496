"""`regbench plan`: show what a run would do."""

from typing import Annotated

import typer

from regbench.cli import asked, options, plans
from regbench.cli.output import emit, emit_json


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

    Examples:
      regbench plan smoke
      regbench plan bridges-fixed --k 25 --epochs 20
      regbench plan bridges-fixed --budget 30m
      regbench plan bridges-fixed --shard 1/3
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
    found = [plan for _, plan in campaign.plans(chosen)]
    if json:
        return emit_json("plan", [plans.as_data(plan) for plan in found])
    for plan in found:
        emit(plans.as_text(plan))
    return None
