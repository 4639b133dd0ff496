"""`regbench run`: train missing jobs."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.cli import asked, completing, deciding, following, options, plans
from regbench.cli.output import amount, columns, duration, emit, emit_json, paint, say, short

if TYPE_CHECKING:
    from regbench.campaign.results import Results
    from regbench.runner import Plan, Summary


def run(
    benchmarks: Annotated[
        list[str] | None,
        typer.Argument(metavar="BENCHMARK", show_default=False, autocompletion=completing.benchmarks),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every benchmark of the file, the cheapest first.")] = False,
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
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="Show the plan and stop.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Retry jobs that failed with this code.")
    ] = False,
    budget: options.Budget = None,
    shard: options.Shard = None,
    choose_again: options.ChooseAgain = False,
    until_decided: options.UntilDecided = None,
    benchmark: Annotated[
        str | None,
        typer.Option(
            "--benchmark",
            "-b",
            metavar="NAME",
            help="The same as BENCHMARK; of --until-decided the last one run by default.",
            autocompletion=completing.benchmarks,
        ),
    ] = None,
    verify_packing: options.VerifyPacking = None,
    devices: options.Devices = None,
    workers: options.Workers = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    db: options.Database = options.DATABASE,
    file: options.BenchmarkFile = None,
    json: options.Json = False,
) -> None:
    """Train the missing jobs; a second run trains nothing.

    Without a name the benchmarks are listed. --epochs and --set make a variant with its own name,
    such as smoke[epochs=20]; --dataset, --method, --k and --seed select jobs; what the
    benchmark lacks of them makes a variant too, such as smoke[seed=2-5]. --dataset and --method
    without a benchmark are one of their own, ad-hoc[dataset=cpu_act,method=lsq].
    Tables of your own make one too, named by file, target and a digest of their numbers; names that
    were printed are accepted: 'smoke[data=house.csv:price@3f2a1c]'. Before training, one line says
    what was understood of each.
    Ctrl-C stops at once; the same command continues from there. A benchmark that chooses values
    from sweeps trains these sweeps first; earlier choices are kept.
    Programs of your own are rows too: `commands: {mine: python train.py --seed {seed}}` in benchmarks.yaml, with
    inputs, gpus and time_limit; each appends JSON lines such as {"epoch": 1, "val/rmse": 0.3, "test/rmse": 0.4} to
    the file in $REGBENCH_METRICS. The README's section "Your own training script" has all of it.
    --until-decided A B adds seeds where they tell most about which of the two is better, until that is decided or the
    budget is used up; the looks at the data are part of the verdict's confidence. Seeds of a variant are kept like any.

    Examples:
      regbench run smoke
      regbench run bridges-fixed --k 25 --seed 0 --seed 1 --epochs 20
      regbench run --all --dry-run
      regbench run bridges-fixed --budget 1h30m
      regbench run smoke --seed 2-27
      regbench run --dataset CA --method lsq --method soft_binning
      regbench run smoke --data house.csv --target price
      regbench run smoke --data sales.txt --target price --sep ';' --decimal comma --drop id
      regbench run smoke --data house.csv --data sales.parquet --target price
      regbench run bridges-fixed --engine ray --address auto
      regbench run bridges-fixed --until-decided soft_binning end2end --budget 20m
    """
    from regbench.campaign.campaign import Campaign
    from regbench.campaign.choosing import choose
    from regbench.cli.events import Listener
    from regbench.config.amounts import read_fraction

    request = asked.request(shard, budget, retry_failed=retry_failed, choose_again=choose_again)
    fraction = read_fraction(verify_packing) if verify_packing else None
    benchmarks = [*(benchmarks or ()), *([benchmark] if benchmark else ())]
    wanted = asked.wanted(
        benchmarks
        if until_decided
        else asked.names(benchmarks, every=every, file=file, datasets=bool(dataset or data), methods=bool(method)),
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
    if until_decided:
        deciding.check(every=every, dry_run=dry_run, verify=fraction is not None)
        return deciding.decide(
            wanted, until_decided, request, lambda: asked.place(devices, workers, engine, address), db=db, json=json
        )
    chosen = choose(wanted)
    with Listener() as listener:
        slots, cluster = asked.place(devices, workers, engine, address)
        campaign = Campaign(db, slots, request, listener, cluster)
        if dry_run:
            return _show_plans([plan for _, plan in campaign.plans(chosen)], json=json)
        campaign.prepare()
        planned = campaign.plans(chosen)
        for _, plan in planned:
            say("\n".join(plans.summary(plan)))
        results = campaign.train(planned)
    _show(results, json=json)
    if fraction and not results.interrupted:
        found = campaign.verify_packing(results, fraction)
        alike = sum(verification.worst == 0 for verification in found)
        say(f"verified: {amount(len(found), 'job')} retrained alone, {alike:,} bit for bit as in their packs")
    return _conclude(results, db, every=every)


def _show_plans(found: "list[Plan]", *, json: bool) -> None:
    if json:
        emit_json("run", [plans.as_data(plan) for plan in found])
    else:
        emit("\n".join(map(plans.as_text, found)))


def _show(results: "Results", *, json: bool) -> None:
    if json:
        emit_json("run", [_as_data(plan, summary) for plan, summary in results.benchmarks])
        return
    for plan, summary in results.benchmarks:
        emit(_as_text(plan, summary))


def _conclude(results: "Results", db: str, *, every: bool) -> None:
    """Suggest the next command, or raise an error if jobs failed."""
    results.check_interruption()
    if results.is_measured:
        from regbench import kinds
        from regbench.campaign.places import option

        last = results.benchmarks[-1].plan
        ratios = ["--normalize", "lsq"] if any(kinds.is_ours(job.method) for job in last.jobs) else []
        what = ["sweep"] if last.is_sweep else ratios
        chosen = ["--benchmark", last.benchmark] if len(results.benchmarks) > 1 else []
        say(f"next: {following.command('report', *what, *chosen)}{option(db)}")
    results.check_failures()
    if not every:
        results.check_obstacles()


def _as_data(plan: "Plan", summary: "Summary") -> dict[str, Any]:
    return {
        **plans.as_data(plan),
        "finished": summary.finished,
        "failed": {key: {"class": kind, "error": error} for key, (kind, error) in summary.failed.items()},
        "diverged": summary.diverged,
        "interrupted": summary.interrupted,
        "seconds_taken": summary.seconds,
    }


def _as_text(plan: "Plan", summary: "Summary") -> str:
    parts = [f"{amount(summary.finished, 'job')} finished", f"{len(plan.inventory.done):,} done before"]
    if plan.inventory.blocked:
        waiting = sum(job.dataset in plan.inventory.blocked for job in plan.jobs)
        parts.append(paint(f"{waiting:,} blocked by missing data", "yellow"))
    if plan.ahead.pending:
        parts.append(paint(f"{len(plan.ahead.pending):,} wait for a choice", "yellow"))
    if waiting := sum(
        job.method in plan.inventory.uninstalled and job.dataset not in plan.inventory.blocked for job in plan.jobs
    ):
        parts.append(paint(f"{waiting:,} blocked by a missing package", "yellow"))
    if summary.failed:
        parts.append(paint(f"{len(summary.failed):,} failed", "red"))
    if summary.diverged:
        parts.append(paint(f"{len(summary.diverged):,} diverged (a result, shown as missing)", "yellow"))
    text = f"{plan.benchmark}: {', '.join(parts)}, in {duration(summary.seconds)}"
    if not summary.failed:
        return text
    rows = [[short(key), kind, error.partition("\n")[0]] for key, (kind, error) in summary.failed.items()]
    return f"{text}\n{columns(rows, header=['job', 'class', 'error'])}"
