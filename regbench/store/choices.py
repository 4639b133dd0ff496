"""The scores of sweeps, and the choices made from them, which are replaced only on request."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, select
from sqlalchemy.orm import aliased

from regbench.store.adoptions import Codes
from regbench.store.deciding import decides, from_best
from regbench.store.models import BenchmarkJobRow, ChoiceRow, JobRow, MetricRow, RunRow
from regbench.store.sql import chunks, insert_new, now
from regbench.store.values import Choice, Score


def scores(connection: Connection, code: Mapping[str, str], by: str) -> dict[str, Score]:
    """The metric `by` at the best epoch of the newest finished run of the wanted code, by job key."""
    curve, metric = aliased(MetricRow), aliased(MetricRow)
    best = (
        select(curve.epoch)
        .where(curve.run_id == RunRow.id, curve.name == decides(), curve.value.is_not(None))
        .order_by(from_best(curve), curve.epoch)
        .limit(1)
        .scalar_subquery()
    )
    at_best = (metric.run_id == RunRow.id) & (metric.name == by) & (metric.epoch == best)
    query = (
        select(JobRow.key, RunRow.code_digest, RunRow.diverged_at, metric.value)
        .join(RunRow, RunRow.job_id == JobRow.id)
        .outerjoin(metric, at_best)
        .where(RunRow.status == "finished")
        .order_by(RunRow.finished, RunRow.id)
    )
    found: dict[str, Score] = {}
    codes = Codes.of(connection)
    for keys in chunks(code):
        for key, digest, diverged_at, value in connection.execute(query.where(JobRow.key.in_(keys))):
            if codes.same(code[key], digest):
                found[key] = Score(value, diverged_at is not None or value is None)
    return found


def chosen(connection: Connection, benchmark: str) -> dict[tuple[str, str, int | None], Choice]:
    """The choices of a benchmark by cell."""
    rows = connection.execute(select(ChoiceRow.__table__).where(ChoiceRow.benchmark == benchmark)).mappings()
    found = [_choice(dict(row)) for row in rows]
    return {choice.cell: choice for choice in found}


def tried(connection: Connection, benchmark: str) -> dict[tuple[str, str, int], int]:
    """The number of configurations tried by dataset, row and k (0 for a method that ignores it)."""
    query = select(ChoiceRow.dataset, ChoiceRow.variant, ChoiceRow.k, ChoiceRow.tried)
    rows = connection.execute(query.where(ChoiceRow.benchmark == benchmark))
    return {(dataset, variant, k): count for dataset, variant, k, count in rows}


def keep(connection: Connection, benchmark: str, made: Sequence[Choice], *, again: bool) -> None:
    """Store choices; `again` replaces stored ones, whose jobs are then removed from the benchmark."""
    before = chosen(connection, benchmark)
    for choice in made if again else ():
        if choice.cell in before:
            _forget(connection, benchmark, choice, other=before[choice.cell].values != choice.values)
    moment = now(connection)
    insert_new(connection, ChoiceRow, [{**_row(choice), "benchmark": benchmark, "made": moment} for choice in made])


def _forget(connection: Connection, benchmark: str, choice: Choice, *, other: bool) -> None:
    """Delete a choice and, if its values change (`other`), remove its jobs from the benchmark."""
    of_cell = (ChoiceRow.dataset == choice.dataset, ChoiceRow.variant == choice.variant, ChoiceRow.k == (choice.k or 0))
    connection.execute(delete(ChoiceRow).where(ChoiceRow.benchmark == benchmark, *of_cell))
    if other:
        k = JobRow.k.is_(None) if choice.k is None else JobRow.k == choice.k
        jobs = select(JobRow.id).where(JobRow.dataset == choice.dataset, k)
        connection.execute(
            delete(BenchmarkJobRow).where(
                BenchmarkJobRow.benchmark == benchmark,
                BenchmarkJobRow.row == choice.variant,
                BenchmarkJobRow.job_id.in_(jobs),
            )
        )


def _row(choice: Choice) -> dict[str, Any]:
    return {
        "dataset": choice.dataset,
        "variant": choice.variant,
        "k": choice.k or 0,
        "chosen": dict(choice.values),
        "source": choice.source,
        "carried_from_k": choice.carried_from_k,
        "by": choice.by,
        "jobs": list(choice.jobs),
        "winner": list(choice.winner),
        "metric": choice.metric,
        "default_metric": choice.default_metric,
        "tried": choice.tried,
        "diverged": choice.diverged,
        "on_edge": list(choice.on_edge),
    }


def _choice(row: dict[str, Any]) -> Choice:
    told = {name: tuple(value) if isinstance(value, list) else value for name, value in row.items()}
    for name in ("benchmark", "made"):
        told.pop(name)
    values = told.pop("chosen")
    return Choice(**{**told, "k": row["k"] or None, "values": values})
