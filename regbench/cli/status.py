"""`regbench status`: how far the benchmarks are."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.campaign.places import stored_benchmark
from regbench.cli import options
from regbench.cli.output import amount, columns, emit, emit_json, paint, say
from regbench.cli.reading import reading

if TYPE_CHECKING:
    from regbench.runner.failures import Rule
    from regbench.store import Failure, Standing

SHOWN = 10  # failures of a class; --json gives all
NEWLINE = "\n"  # what follows it is the traceback
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
        return emit_json("status", [_as_data(each) for each in standings])
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


def _as_data(standing: "Standing") -> dict[str, Any]:
    """A standing for JSON, with what follows from each failure."""
    said = asdict(standing)
    for failure in said["failures"]:
        rule = _rule(failure["failure_class"])
        failure |= {"retried": rule.automatic, "rule": rule.words}
    return said


def _explain(standings: "Sequence[Standing]") -> None:
    """Why jobs failed, class by class with what follows from it, or are blocked."""
    by_class: dict[str, list[tuple[str, Failure]]] = {}
    for each in standings:
        for failure in each.failures:
            by_class.setdefault(failure.failure_class, []).append((each.dataset, failure))
    for name, failures in by_class.items():
        emit(f"{paint('failed', 'red')}: {amount(len(failures), 'job')}, {name}: {_rule(name).words}")
        for dataset, failure in failures[:SHOWN]:
            emit(f"  {dataset}, {failure.label}: {failure.error.partition(NEWLINE)[0]}")
        if len(failures) > SHOWN:
            emit(f"  ... and {len(failures) - SHOWN:,} more; `regbench status --json` has all of them")
    for name, sweeps in dict.fromkeys((each.benchmark, each.waits_for) for each in standings if each.unchosen):
        count = sum(each.unchosen for each in standings if each.benchmark == name)
        emit(f"{paint('pending', 'yellow')}: {name}, {amount(count, 'job')} to be chosen by {' and '.join(sweeps)}")
    for why in dict.fromkeys(why for each in standings for why in each.blocked_by):
        emit(f"{paint('blocked', 'yellow')}: {why}")


def _rule(failure_class: str) -> "Rule":
    from regbench.runner.failures import rule

    return rule(failure_class)
