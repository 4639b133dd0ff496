"""`regbench runs`: the runs that are stored, newest first."""

from typing import Annotated

import typer

from regbench.campaign.places import stored_benchmark
from regbench.cli import asked, options
from regbench.cli.output import amount, columns, emit, emit_json, say, short, short_commit
from regbench.cli.reading import reading

HEADER = ["started (UTC)", "run", "dataset", "row", "k", "seed", "status", "epochs", "seconds", "commit", "device"]


def runs(
    benchmark: options.Benchmark = None,
    dataset: options.Datasets = None,
    method: options.Methods = None,
    k: options.Ks = None,
    seed: options.Seeds = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            metavar="STATUS",
            help="Only runs that are finished, failed, interrupted, running or diverged.",
        ),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=0, help="At most so many; 0 for all.")] = 20,
    from_: options.Folder = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """List runs, newest first: when, what, how it ended, and by which code on which device.

    A run is one execution of a job; a job may have several. All benchmarks unless one is named.

    Examples:
      regbench runs
      regbench runs --status failed --limit 0
      regbench runs -b bridges-fixed --dataset CA --method soft_binning --k 25
      regbench runs --from results/published/bridges/fixed --json
    """
    from regbench.campaign.history import runs as history
    from regbench.store import Part

    part = Part(every_epoch=False, names=(), predictions=False, recorded=False) if from_ else None
    with reading(db, from_, part) as store:
        found = history(
            store,
            stored_benchmark(store, benchmark),
            status=status,
            datasets=tuple(dataset or ()),
            methods=tuple(method or ()),
            k=asked.numbers(k, "k"),
            seeds=asked.numbers(seed, "seed"),
        )
    shown = found[:limit] if limit else found
    if json:
        return emit_json("runs", {"runs": shown, "total": len(found)})
    rows = [
        [
            f"{run['started']:%Y-%m-%d %H:%M}" if run["started"] is not None else None,
            short(run["uuid"]),
            run["dataset"],
            run["variant"],
            run["k"],
            run["seed"],
            _ending(run),
            run["epochs"],
            None if run["seconds"] is None else round(run["seconds"], 1),
            short_commit(run["commit"], dirty=run["dirty"]),
            run["device"],
        ]
        for run in shown
    ]
    emit(columns(rows, header=HEADER))
    if len(shown) < len(found):
        say(f"{amount(len(found) - len(shown), 'older run')} not shown; --limit 0 shows all")
    return None


def _ending(run: dict) -> str:
    if run["diverged_at"] is not None:
        return f"diverged at epoch {run['diverged_at']}"
    return f"{run['status']}: {run['failure_class']}" if run["failure_class"] else run["status"]
