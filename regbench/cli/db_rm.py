"""`regbench db rm`: take away a benchmark, or failed or stale runs."""

from typing import Annotated

import typer

from regbench.campaign.places import stored_benchmark
from regbench.cli import completing, options
from regbench.cli.output import amount, emit, emit_json, say
from regbench.errors import NothingMeasured

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="[BENCHMARK]",
        help="The benchmark to remove; with --failed or --stale, only such runs of it.",
        autocompletion=completing.stored_benchmarks,
    ),
]


def rm(
    benchmark: Name = None,
    failed: Annotated[bool, typer.Option("--failed", help="Only runs that failed; their jobs stay.")] = False,
    stale: Annotated[
        bool, typer.Option("--stale", help="Only finished runs of code that the present one has outgrown.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Remove it; without, only say what would go.")] = False,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Remove a benchmark, failed runs or stale runs. Without --yes, only say what would go.

    A benchmark goes with the jobs that no other benchmark has, and all of their runs. Before anything is removed, the
    SQLite file is copied aside, as FILE.rm-DATE.bak; on a server, make a copy with `regbench db export` first. A
    benchmark whose jobs are being trained is not removed.

    Examples:
      regbench db rm smoke
      regbench db rm smoke --yes
      regbench db rm --failed --yes
      regbench db rm bridges --stale
    """
    from regbench.campaign import places
    from regbench.campaign.removal import Asked, remove
    from regbench.store import Store

    wanted = Asked(benchmark, failed, stale)
    if not places.is_there(db):
        raise NothingMeasured(f"there is no database {db}; give its place with --db")
    with Store.open(db) if yes else places.database(db) as store:
        found = remove(store, Asked(stored_benchmark(store, benchmark), failed, stale), really=yes)
    if json:
        return emit_json("db rm", found.data())
    rows = ", ".join(amount(count, name) for name, count in found.removal.rows.items())
    what = "benchmark" if wanted.whole else "runs"
    if not rows and not wanted.whole:
        emit("there are no such runs")
        return None
    whose = f"{what} {found.removal.benchmark}" if wanted.whole else rows
    emit(f"{'removed' if found.done else 'would remove'}: {whose}{f' with {rows}' if wanted.whole and rows else ''}")
    if found.removal.shared:
        emit(f"{amount(found.removal.shared, 'job')} of it stay{'s' * (found.removal.shared == 1)} in other benchmarks")
    for name in found.removal.chosen_by:
        emit(f"{name} has taken values from it: its choices stay, the runs behind them do not")
    if found.copy:
        emit(f"the database as it was: {found.copy}")
    if not found.done:
        say("nothing was changed; the same command with --yes does it")
    return None
