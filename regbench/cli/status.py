"""`regbench status`: how far the benchmarks are."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from regbench.cli import options
from regbench.cli.output import columns, emit, emit_json, paint, say
from regbench.cli.reading import reading, stored_benchmark

if TYPE_CHECKING:
    from regbench.store import Standing

SHOWN = 10  # failures; --json gives all
STATES = ("jobs", "done", "running", "failed", "blocked", "pending")


def status(
    benchmark: Annotated[
        str | None,
        typer.Argument(help="Only this one; all by default.", autocompletion=options.complete_benchmarks),
    ] = None,
    db: options.Database = options.DATABASE,
    json: options.Json = False,
) -> None:
    """Show what is done, running, failed and blocked, and why.

    One line for each benchmark and dataset. It only reads, also while a run is under way.

    Examples:
      regbench status
      regbench status bridges-fixed --json
    """
    with reading(db) as store:
        standings = store.status(stored_benchmark(store, benchmark))
    if json:
        return emit_json("status", [asdict(each) for each in standings])
    if not standings:
        say("no benchmark yet; start with `regbench run smoke`")
        return None
    rows = [
        [each.benchmark, each.dataset, *(getattr(each, state) for state in STATES), _percent(each)]
        for each in standings
    ]
    emit(columns(rows, header=["benchmark", "dataset", *STATES, "epochs"]))
    _explain(standings)
    return None


def _percent(standing: "Standing") -> str:
    return f"{standing.epochs_done / standing.epochs_total:.0%}" if standing.epochs_total else "-"


def _explain(standings: "Sequence[Standing]") -> None:
    """Why jobs failed or are blocked."""
    failures = [(each, failure) for each in standings for failure in each.failures]
    for each, failure in failures[:SHOWN]:
        emit(f"{paint('failed', 'red')}: {each.dataset}, {failure.label}: {failure.failure_class}: {failure.error}")
    if len(failures) > SHOWN:
        emit(f"... and {len(failures) - SHOWN} more; `regbench status --json` has all of them")
    for why in dict.fromkeys(why for each in standings for why in each.blocked_by):
        emit(f"{paint('blocked', 'yellow')}: {why}")
