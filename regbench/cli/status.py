"""`regbench status`: the progress of the benchmarks."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from regbench.campaign.places import stored_benchmark
from regbench.cli import completing, options
from regbench.cli.output import amount, columns, emit, emit_json, paint, say
from regbench.cli.reading import reading

if TYPE_CHECKING:
    from regbench.runner.failures import Rule
    from regbench.store import Failure, Standing

SHOWN = 10  # failures shown per class; --json has all
NEWLINE = "\n"  # separates an error message from its traceback
STATES = ("jobs", "done", "running", "failed", "blocked", "pending")


def status(
    benchmark: Annotated[
        str | None,
        typer.Argument(help="Only this one; all by default.", autocompletion=completing.benchmarks),
    ] = None,
    db: options.Databases = options.DATABASES,
    json: options.Json = False,
) -> None:
    """Show what is done, running, failed and blocked, and why.

    One line per benchmark and dataset. Can be used during a run; it does not change the database.

    Examples:
      regbench status
      regbench status bridges-fixed --json
      regbench status --db 'results/shard-*.db'
    """
    from regbench.store import Part

    part = Part(every_epoch=False, names=(), predictions=False, recorded=False) if len(db) > 1 else None
    with reading(db, part=part) as store:
        standings = store.status(stored_benchmark(store, benchmark))
    if json:
        return emit_json("status", [_as_data(standing) for standing in standings])
    if not standings:
        say("no benchmark yet; start with `regbench run smoke`")
        return None
    rows = [
        [standing.benchmark, standing.dataset, *(getattr(standing, state) for state in STATES), _percent(standing)]
        for standing in standings
    ]
    emit(columns(rows, header=["benchmark", "dataset", *STATES, "epochs"]))
    _explain(standings)
    return None


def _percent(standing: "Standing") -> str:
    return f"{standing.epochs_done / standing.epochs_total:.0%}" if standing.epochs_total else "-"


def _as_data(standing: "Standing") -> dict[str, Any]:
    """A standing for JSON, with the rule that applies to each failure."""
    said = asdict(standing)
    for failure in said["failures"]:
        rule = _rule(failure["failure_class"])
        failure |= {"retried": rule.automatic, "rule": rule.words}
    return said


def _explain(standings: "Sequence[Standing]") -> None:
    """Print why jobs failed, by failure class with its rule, and why jobs are pending or blocked."""
    by_class: dict[str, list[tuple[str, Failure]]] = {}
    for standing in standings:
        for failure in standing.failures:
            by_class.setdefault(failure.failure_class, []).append((standing.dataset, failure))
    for name, failures in by_class.items():
        emit(f"{paint('failed', 'red')}: {amount(len(failures), 'job')}, {name}: {_rule(name).words}")
        for dataset, failure in failures[:SHOWN]:
            emit(f"  {dataset}, {failure.label}: {failure.error.partition(NEWLINE)[0]}")
        if len(failures) > SHOWN:
            emit(f"  ... and {len(failures) - SHOWN:,} more; `regbench status --json` has all of them")
    if silent := sum(standing.silent for standing in standings):
        emit(
            f"{paint('silent', 'yellow')}: {amount(silent, 'running job')} whose worker hangs or is dead; "
            "its run ends it, or the next run takes them over"
        )
    waiting = [standing for standing in standings if standing.unchosen]
    for name, sweeps in dict.fromkeys((standing.benchmark, standing.waits_for) for standing in waiting):
        count = sum(standing.unchosen for standing in waiting if standing.benchmark == name)
        emit(f"{paint('pending', 'yellow')}: {name}, {amount(count, 'job')} to be chosen by {' and '.join(sweeps)}")
    for why in dict.fromkeys(why for standing in standings for why in standing.blocked_by):
        emit(f"{paint('blocked', 'yellow')}: {why}")


def _rule(failure_class: str) -> "Rule":
    from regbench.runner.failures import rule

    return rule(failure_class)
