"""Export results to Parquet files and import them: lossless, between any databases, and repeatable.

Row ids are local to a database, so the files use keys: a job by its key, a run by its uuid, an environment and a
dataset by their digests. An import leaves existing rows unchanged. Runs still running are not exported.

A distilled export holds only the numbers of finished runs that tables and figures read, at full precision; about.json
next to the files says so.
"""

import contextlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, and_, false, or_, select

import regbench
from regbench.errors import UsageError
from regbench.store import explanation, predicted
from regbench.store.adoptions import Codes, concerning
from regbench.store.deciding import decides
from regbench.store.frames import known_benchmark
from regbench.store.models import (
    AdoptionRow,
    Base,
    BenchmarkJobRow,
    BenchmarkRow,
    ChoiceRow,
    DatasetRow,
    EnvironmentRow,
    JobRow,
    MetricRow,
    ParameterRow,
    PredictionRow,
    RecordedRow,
    RunRow,
)
from regbench.store.parquet import Sheet, renamed, write
from regbench.store.part import WHOLE, Part, ends
from regbench.store.sheets import NOT_MOVED
from regbench.store.store import Store
from regbench.store.trouble import reachable

ABOUT = "about.json"


@dataclass(frozen=True)
class Moved:
    """The number of rows of each kind that were written or new, and a message for everything left unchanged."""

    rows: Mapping[str, int]
    left_alone: tuple[str, ...] = ()


def export(
    store: Store, folder: str | Path, benchmark: str | None = None, part: Part = WHOLE, *, replace: bool = False
) -> Moved:
    """Write a benchmark, or everything, to `folder`: jobs.parquet, runs.parquet, metrics.parquet, ...

    Raises:
        UsageError: an earlier export there has more than this one, and `replace` is not set.
    """
    target = Path(folder)
    blamed = reachable(f"folder {target}", remedy="free some space there, or give another folder")
    with blamed, store.reading() as connection:
        if benchmark is not None:
            known_benchmark(connection, benchmark)
        target.mkdir(parents=True, exist_ok=True)
        queries = _queries(connection, benchmark, part)
        if not replace and (target / ABOUT).exists():
            _refuse_loss(
                target, set(connection.execute(queries["runs"].with_only_columns(RunRow.uuid)).scalars()), part
            )
        rows = {
            name: write(connection, query, target / f"{name}.parquet", left_out=part.left_out)
            for name, query in queries.items()
        }
        for name in OPTIONAL:
            if not rows[name]:
                (target / f"{name}.parquet").unlink()
        if part.predictions:
            runs = queries["predictions"].with_only_columns(PredictionRow.run_id).order_by(None)
            with renamed(target / predicted.FILE) as file:
                predicted.write(connection, runs, file)
        else:
            (target / predicted.FILE).unlink(missing_ok=True)
        _say_what_it_is(target / ABOUT, rows, part)
        with renamed(target / "README.md") as file:
            file.write_text(explanation.TEXT, encoding="utf-8")
        return Moved(rows)


def _refuse_loss(target: Path, runs: set[str], part: Part) -> None:
    """Refuse to write over an export that has runs or epochs which the new one would not have."""
    with Sheet(target / "runs.parquet", RunRow) as sheet:
        lost = {row["uuid"] for row in sheet.rows()} - runs
    remedy = "give another folder, or write over it with --replace"
    if lost:
        raise UsageError(f"{target}: holds an export with {len(lost):,} runs that this one lacks; {remedy}")
    if part.left_out and not _about(target)["distilled"]:
        raise UsageError(f"{target}: holds a whole export, and this one is distilled; {remedy}")


def rows_said(folder: Path) -> Mapping[str, int]:
    """The number of rows of each file as about.json has it; empty without about.json."""
    return _about(folder)["rows"] if (folder / ABOUT).exists() else {}


def _about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        return {**about, "distilled": bool(about["distilled"]), "rows": dict(about["rows"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path}: damaged, or not of an export; export it again with --replace") from error


def export_adoptions(store: Store, folder: str | Path) -> Moved:
    """Add to an export what this store has adopted of the code that its runs were made with; the rest stays."""
    target = Path(folder)
    about = _about(target)
    with contextlib.ExitStack() as opened, store.reading() as connection:
        runs = opened.enter_context(Sheet(target / "runs.parquet", RunRow))
        made_with = sorted({row["code_digest"] for batch in runs.batches() for row in batch})
        opened.enter_context(reachable(f"folder {target}", remedy="free some space there, or give another folder"))
        count = write(connection, _adoptions(connection, made_with), target / "adoptions.parquet")
    _write_about(target / ABOUT, {**about, "rows": {**about["rows"], "adoptions": count}})
    return Moved({"adoptions": count})


def _queries(connection: Connection, benchmark: str | None, part: Part) -> dict[str, Select]:
    """The query for each file, in an order in which the files can be imported."""
    jobs = select(BenchmarkJobRow.job_id)
    jobs = jobs.where(BenchmarkJobRow.benchmark == benchmark) if benchmark else select(JobRow.id)
    named = BenchmarkRow.name == benchmark if benchmark else BenchmarkRow.name.is_not(None)
    moves = RunRow.status != "running" if part.failures else RunRow.status == "finished"
    ended = select(RunRow.id).where(RunRow.job_id.in_(jobs), moves)
    predicted_by, recorded_by = (
        ended if whole else ended.where(false()) for whole in (part.predictions, part.recorded)
    )
    digests = select(JobRow.digest).where(JobRow.id.in_(jobs))
    used = select(RunRow.environment_id).where(RunRow.id.in_(ended))
    of_run = RunRow.uuid.label("run")
    return {
        "datasets": _plain(DatasetRow).where(DatasetRow.digest.in_(digests)).order_by(DatasetRow.digest)
        if benchmark
        else _plain(DatasetRow).order_by(DatasetRow.digest),
        "environments": _plain(EnvironmentRow).where(EnvironmentRow.id.in_(used)).order_by(EnvironmentRow.digest),
        "jobs": _plain(JobRow).where(JobRow.id.in_(jobs)).order_by(JobRow.id),
        "benchmarks": _plain(BenchmarkRow).where(named).order_by(BenchmarkRow.name),
        "benchmark_jobs": _plain(BenchmarkJobRow, JobRow.key.label("job"))
        .join(JobRow, JobRow.id == BenchmarkJobRow.job_id)
        .join(BenchmarkRow, BenchmarkRow.name == BenchmarkJobRow.benchmark)
        .where(named)
        .order_by(BenchmarkJobRow.benchmark, BenchmarkJobRow.position, JobRow.key, BenchmarkJobRow.variant),
        "runs": _plain(RunRow, JobRow.key.label("job"), EnvironmentRow.digest.label("environment"))
        .join(JobRow, JobRow.id == RunRow.job_id)
        .join(EnvironmentRow, EnvironmentRow.id == RunRow.environment_id)
        .where(RunRow.id.in_(ended))
        .order_by(RunRow.id),
        "metrics": _of_part(_plain(MetricRow, of_run), ended, part)
        .join(RunRow, RunRow.id == MetricRow.run_id)
        .where(RunRow.id.in_(ended))
        .order_by(MetricRow.run_id, MetricRow.name, MetricRow.epoch),
        "predictions": _plain(PredictionRow, of_run)
        .join(RunRow, RunRow.id == PredictionRow.run_id)
        .where(RunRow.id.in_(predicted_by))
        .order_by(PredictionRow.run_id, PredictionRow.split),
        "parameters": _plain(ParameterRow, of_run)
        .join(RunRow, RunRow.id == ParameterRow.run_id)
        .where(RunRow.id.in_(ended))
        .order_by(ParameterRow.run_id, ParameterRow.name),
        "recorded": _plain(RecordedRow, of_run)
        .join(RunRow, RunRow.id == RecordedRow.run_id)
        .where(RunRow.id.in_(recorded_by))
        .order_by(RecordedRow.run_id, RecordedRow.epoch, RecordedRow.name),
        "choices": _plain(ChoiceRow)
        .where(ChoiceRow.benchmark == benchmark if benchmark else ChoiceRow.benchmark.is_not(None))
        .order_by(ChoiceRow.benchmark, ChoiceRow.dataset, ChoiceRow.variant, ChoiceRow.k),
        "adoptions": _adoptions(connection, _digests(connection, ended)),
    }


TABLES: dict[str, type[Base]] = {
    "datasets": DatasetRow,
    "environments": EnvironmentRow,
    "jobs": JobRow,
    "benchmarks": BenchmarkRow,
    "benchmark_jobs": BenchmarkJobRow,
    "runs": RunRow,
    "metrics": MetricRow,
    "predictions": PredictionRow,
    "parameters": ParameterRow,
    "recorded": RecordedRow,
    "choices": ChoiceRow,
    "adoptions": AdoptionRow,
}
LARGE = {"metrics", "predictions", "parameters", "recorded"}
OPTIONAL = {"recorded"}  # files that an export has only where they have rows
SINCE = {
    "parameters": "0003",
    "choices": "0004",
    "adoptions": "0005",
}  # the first version of the tables whose exports have the file


def _adoptions(connection: Connection, digests: Sequence[str]) -> Select:
    """What was adopted of code with these digests."""
    concerned = _plain(AdoptionRow).where(concerning(Codes.of(connection), digests))
    return concerned.order_by(AdoptionRow.made, AdoptionRow.old, AdoptionRow.new)


def _digests(connection: Connection, runs: Select) -> list[str]:
    """The code digests of these runs."""
    return list(connection.execute(select(RunRow.code_digest).where(RunRow.id.in_(runs)).distinct()).scalars())


def _plain(table: type[Base], *keys: Any) -> Select:
    """The columns of a table without row ids and leases, preceded by `keys`, which replace the ids."""
    return select(*keys, *[column for column in table.__table__.columns if column.name not in NOT_MOVED])


def _of_part(metrics: Select, runs: Select, part: Part) -> Select:
    """Restrict a query of metrics to the names and epochs of a part."""
    if part.names is not None:
        metrics = metrics.where(or_(MetricRow.name.in_(sorted(part.names)), MetricRow.name.in_(select(decides()))))
    if part.every_epoch:
        return metrics
    chosen = ends(runs)
    return metrics.join(chosen, and_(chosen.c.run_id == MetricRow.run_id, chosen.c.epoch == MetricRow.epoch))


def _say_what_it_is(path: Path, rows: Mapping[str, int], part: Part) -> None:
    """Write about.json: what the files of the folder hold, and what was left out."""
    about = {
        "schema": "regbench-export/1",
        "regbench": regbench.__version__,
        "distilled": bool(part.left_out),
        "left_out": part.left_out,
        "precision": "full: every number is the one in the database, to its last bit",
        "rows": dict(rows),
    }
    _write_about(path, about)


def _write_about(path: Path, about: Mapping[str, Any]) -> None:
    with renamed(path) as file:
        file.write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
