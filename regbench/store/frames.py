"""Data frames for reports and plans: cells, curves, predictions, and times of past runs."""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from regbench import variants
from regbench.errors import NothingMeasured, UsageError, did_you_mean
from regbench.kinds.imported import IMPORTED
from regbench.store.adoptions import Codes
from regbench.store.choices import tried
from regbench.store.deciding import decides, from_best, rises
from regbench.store.models import (
    BenchmarkJobRow,
    BenchmarkRow,
    ChoiceRow,
    EnvironmentRow,
    JobRow,
    MetricRow,
    ParameterRow,
    PredictionRow,
    RecordedRow,
    RunRow,
)
from regbench.store.runs import unpacked
from regbench.store.values import FinishedRun

SELECTIONS = ("best-val", "last")
METRICS = ("val/rmse", "val/mae", "test/rmse", "test/mae", "test/crps", "test/nll")  # in every frame of cells
EVERY_EPOCH = "val/rmse"  # a metric that every epoch of a run has
CELL = (
    JobRow.dataset,
    JobRow.digest,
    JobRow.variant,
    JobRow.k,
    JobRow.backbone,
    JobRow.protocol,
)  # runs in one cell share one code
ONCE = ("stage1/seconds",)  # stored with one epoch of a run only
INTEGERS = ("k", "seed", "run_id", "best_epoch", "epochs")


def cells(
    connection: Connection,
    benchmark: str | None,
    *,
    select_epoch: str = "best-val",
    metrics: Collection[str] = (),
    names: Collection[str] = (),
) -> pd.DataFrame:
    """One row per job of the benchmark, with metrics of its accepted run at the chosen epoch."""
    if select_epoch not in SELECTIONS:
        raise UsageError(f"no selection of epochs called '{select_epoch}'{did_you_mean(select_epoch, SELECTIONS)}")
    name = known_benchmark(connection, benchmark)
    wanted = list(
        dict.fromkeys([*METRICS, *(f"{part}/{metric}" for metric in metrics for part in ("val", "test")), *names])
    )
    frame = _typed(_cells(connection, name, select_epoch, wanted), wanted)
    frame["tried"] = _tried(connection, name, frame)
    frame.attrs["benchmark"] = name
    frame.attrs["left_out"] = [*_left_out(connection, name), *_imported(connection, name)]
    frame.attrs["decides"] = _deciding(connection, name)
    return frame


def _tried(connection: Connection, benchmark: str, frame: pd.DataFrame) -> pd.Series:
    """How many configurations were tried for each job's cell; null where no sweep chose its values."""
    counts = tried(connection, benchmark)
    cells = zip(frame["dataset"], frame["row"], frame["k"].fillna(0), strict=True) if counts else ()
    found = [counts.get((dataset, row, int(k))) for dataset, row, k in cells] or [None] * len(frame)
    return pd.Series(found, index=frame.index, dtype="Int64")


def best_by_test(connection: Connection, benchmark: str, metric: str) -> dict[int, float]:
    """The lowest value over all epochs that each accepted run has of a metric, such as "test/rmse"; by id of the run.

    A run of which not every epoch is stored, such as one from a distilled export, has none.
    """
    accepted = _accepted(connection, known_benchmark(connection, benchmark)).cte("accepted")
    query = (
        select(MetricRow.run_id, func.min(MetricRow.value))
        .join(accepted, accepted.c.id == MetricRow.run_id)
        .join(RunRow, RunRow.id == MetricRow.run_id)
        .where(MetricRow.name == metric, MetricRow.epoch > 0)
        .group_by(MetricRow.run_id, RunRow.epochs)
        .having(func.count() == RunRow.epochs)
    )
    return {run: float(value) for run, value in connection.execute(query) if value is not None}


def conditions(connection: Connection, benchmark: str) -> dict[str, tuple[dict[str, Any], frozenset[str]]]:
    """How each job of a benchmark is trained: its protocol and network, and which of that a sweep chose; by job key."""
    query = (
        select(JobRow.key, JobRow.config, BenchmarkJobRow.swept)
        .join(BenchmarkJobRow, BenchmarkJobRow.job_id == JobRow.id)
        .where(BenchmarkJobRow.benchmark == known_benchmark(connection, benchmark))
    )
    return {
        key: (
            {**config["protocol"], "backbone": config["backbone"], **config.get("options", {})},
            frozenset(swept or ()),
        )
        for key, config, swept in connection.execute(query)
    }


def _deciding(connection: Connection, benchmark: str) -> tuple[str, ...]:
    """The validation metrics by which epochs of the benchmark's jobs are chosen."""
    jobs = select(BenchmarkJobRow.job_id).where(BenchmarkJobRow.benchmark == benchmark)
    return tuple(sorted(connection.execute(select(decides()).distinct().where(JobRow.id.in_(jobs))).scalars()))


def curves(
    connection: Connection,
    benchmark: str | None,
    *,
    names: Collection[str] | None,
    datasets: Collection[str] | None,
    most_epochs: int | None = None,
) -> pd.DataFrame:
    """All metrics of all epochs of the accepted runs, one row per value; `epochs` is a run's number of epochs.

    With `most_epochs` only about that many epochs of each run are read, evenly spaced: the first, every so many, and
    the last. `epochs` then is how many these are.
    """
    name = known_benchmark(connection, benchmark)
    accepted = _accepted(connection, name).cte("accepted")
    runs = (
        select(
            accepted.c.id.label("run_id"),
            JobRow.dataset,
            JobRow.method,
            BenchmarkJobRow.variant,
            BenchmarkJobRow.row,
            BenchmarkJobRow.swept,
            JobRow.k,
            JobRow.config,
            JobRow.seed,
            JobRow.digest,
            RunRow.epochs,
        )
        .join(JobRow, JobRow.id == accepted.c.job_id)
        .join(RunRow, RunRow.id == accepted.c.id)
        .join(BenchmarkJobRow, BenchmarkJobRow.job_id == JobRow.id)
        .where(BenchmarkJobRow.benchmark == name)
        .order_by(accepted.c.id, BenchmarkJobRow.position)
    )
    numbers = (
        select(MetricRow.run_id, MetricRow.epoch, MetricRow.name, MetricRow.value)
        .join(accepted, MetricRow.run_id == accepted.c.id)
        .join(JobRow, JobRow.id == accepted.c.job_id)
        .order_by(MetricRow.run_id, MetricRow.name, MetricRow.epoch)
    )
    if names is not None:
        numbers = numbers.where(MetricRow.name.in_(sorted(names)))
    if datasets is not None:
        numbers = numbers.where(JobRow.dataset.in_(sorted(datasets)))
    if most_epochs is not None:
        step = _step(most_epochs)
        numbers = numbers.join(RunRow, RunRow.id == accepted.c.id).where(
            or_((MetricRow.epoch - 1) % step == 0, MetricRow.epoch == RunRow.epochs)
        )
    described = _frame(connection, runs).astype({"k": "Int64"})
    if most_epochs is not None:
        described["epochs"] = [_thinned(epochs, most_epochs) for epochs in described["epochs"].tolist()]
    described["settings"] = _settings(described)
    described["targets"] = _targets(described)
    described = described.drop(columns=["config", "row", "swept"])
    return described.merge(_frame(connection, numbers).astype({"value": "float64"}), on="run_id")


def _step(most: int) -> ColumnElement[int]:
    """Every how many epochs of a run one is read, so that at most that many are, and perhaps the last one more."""
    return case((RunRow.epochs > most, (RunRow.epochs + (most - 1)) // most), else_=1)


def _thinned(epochs: int, most: int) -> int:
    """How many epochs of a run of `epochs` are read by `_step`.

    >>> _thinned(100, 200), _thinned(1000, 200), _thinned(301, 100), _thinned(0, 200)
    (100, 201, 76, 0)
    """
    step = -(-epochs // most) if epochs > most else 1
    read = -(-epochs // step)
    return read + (epochs > 0 and (epochs - 1) % step != 0)


def predictions(connection: Connection, run_id: int) -> dict[str, np.ndarray]:
    """The stored predictions (N, M) of a run by split, float32 in scaled units."""
    rows = connection.execute(select(PredictionRow).where(PredictionRow.run_id == run_id))
    return {row.split: unpacked(row.data, (row.rows, row.targets)) for row in rows}


def parameters(connection: Connection, run_id: int) -> dict[str, np.ndarray]:
    """The stored parameters of a run's method by name, float64."""
    rows = connection.execute(select(ParameterRow).where(ParameterRow.run_id == run_id).order_by(ParameterRow.name))
    return {row.name: np.frombuffer(row.data, dtype="<f8").astype(np.float64).reshape(row.shape) for row in rows}


def recorded(connection: Connection, run_id: int) -> dict[int, dict[str, np.ndarray]]:
    """The arrays that a run recorded, by epoch and name, float32."""
    query = select(RecordedRow).where(RecordedRow.run_id == run_id).order_by(RecordedRow.epoch, RecordedRow.name)
    found: dict[int, dict[str, np.ndarray]] = {}
    for row in connection.execute(query):
        found.setdefault(row.epoch, {})[row.name] = unpacked(row.data, row.shape)
    return found


def finished_run(connection: Connection, key: str, code: str) -> FinishedRun:
    """The newest finished run of a job with this code or code shown to compute the same."""
    newest = (
        select(RunRow.id, RunRow.device, RunRow.resumed, RunRow.epochs, RunRow.code_digest, EnvironmentRow.config)
        .join(JobRow, JobRow.id == RunRow.job_id)
        .join(EnvironmentRow, EnvironmentRow.id == RunRow.environment_id)
        .where(JobRow.key == key, RunRow.code_digest.in_(Codes.of(connection).alike(code)), RunRow.status == "finished")
        .order_by(RunRow.finished.desc(), RunRow.uuid.desc())  # not by id, which depends on the order of a merge
        .limit(1)
    )
    run, device, resumed, epochs, digest, environment = connection.execute(newest).one()
    rows = select(MetricRow.name, MetricRow.epoch, MetricRow.value).where(MetricRow.run_id == run)
    curves: dict[str, list[tuple[int, float]]] = {}
    for name, epoch, value in connection.execute(rows.order_by(MetricRow.epoch)):
        curves.setdefault(name, []).append((epoch, np.nan if value is None else value))
    return FinishedRun(
        run_id=run,
        environment=environment,
        device=device,
        exact=all(resumption["exact"] for resumption in resumed or []),
        curves={name: np.array([value for _, value in curve]) for name, curve in curves.items()},
        numbers={name: np.array([epoch for epoch, _ in curve]) for name, curve in curves.items()},
        epochs=epochs,
        code=digest,
        commit=environment.get("commit"),
    )


def benchmarks(connection: Connection) -> pd.DataFrame:
    """All benchmarks, the one run last first: name, jobs, done, created, last_run (UTC)."""
    finished = select(RunRow.job_id).where(RunRow.status == "finished").distinct().subquery()
    query = (
        select(
            BenchmarkRow.name,
            func.count(BenchmarkJobRow.job_id).label("jobs"),
            func.count(finished.c.job_id).label("done"),
            BenchmarkRow.created,
            BenchmarkRow.last_run,
        )
        .outerjoin(BenchmarkJobRow, BenchmarkJobRow.benchmark == BenchmarkRow.name)
        .outerjoin(finished, finished.c.job_id == BenchmarkJobRow.job_id)
        .group_by(BenchmarkRow.name, BenchmarkRow.created, BenchmarkRow.last_run)
        .order_by(BenchmarkRow.last_run.desc(), BenchmarkRow.name)
    )
    frame = _frame(connection, query)
    for column in ("created", "last_run"):
        frame[column] = pd.to_datetime(frame[column].astype("float64"), unit="s", utc=True)
    return frame


def last_benchmark(connection: Connection) -> str | None:
    """The benchmark that was run last."""
    return connection.execute(select(BenchmarkRow.name).order_by(BenchmarkRow.last_run.desc()).limit(1)).scalar()


def choices(connection: Connection, benchmark: str | None) -> pd.DataFrame:
    """The choices of a benchmark, one row per cell."""
    name = known_benchmark(connection, benchmark)
    query = select(ChoiceRow).where(ChoiceRow.benchmark == name).order_by(ChoiceRow.made)
    frame = _frame(connection, query.with_only_columns(*ChoiceRow.__table__.columns))
    frame = frame.rename(columns={"chosen": "values"})
    frame.insert(2, "method", [variants.read(variant)[0].name for variant in frame["variant"]])
    frame["k"] = frame["k"].astype("Int64").where(frame["k"] != 0)
    frame["made"] = pd.to_datetime(frame["made"].astype("float64"), unit="s", utc=True)
    frame.attrs["benchmark"] = name
    whole = dict.fromkeys(("carried_from_k", "tried", "diverged"), "Int64")
    return frame.astype({**whole, "metric": "float64", "default_metric": "float64"})


def history(connection: Connection) -> pd.DataFrame:
    """Seconds per epoch of finished runs, by dataset, method, backbone and machine, for each method's newest code.

    An epoch counts as the mean of the middle and the last one; `setup_seconds` is the rest of a run's time.
    """
    columns = ["dataset", "method", "backbone", "device", "options", "processor"]
    middle, last = aliased(MetricRow), aliased(MetricRow)
    query = (
        select(
            JobRow.dataset,
            JobRow.method,
            JobRow.backbone,
            RunRow.device,
            JobRow.config["options"].as_string().label("options"),
            EnvironmentRow.config["processor"].as_string().label("processor"),
            RunRow.code_digest,
            RunRow.seconds,
            RunRow.epochs,
            ((middle.value + last.value) / 2).label("epoch"),
        )
        .join(JobRow, JobRow.id == RunRow.job_id)
        .join(EnvironmentRow, EnvironmentRow.id == RunRow.environment_id)
        .outerjoin(middle, _seconds_of(middle, (RunRow.epochs + 2) // 2))
        .outerjoin(last, _seconds_of(last, RunRow.epochs))
        .where(RunRow.status == "finished", RunRow.seconds.is_not(None), RunRow.epochs > 0)
        .order_by(RunRow.finished, RunRow.id)
    )
    frame = _frame(connection, query).astype({"seconds": "float64", "epoch": "float64"})
    frame = frame.fillna({"processor": "", "options": "{}"})
    code = frame["code_digest"].map(Codes.of(connection).name)
    frame = frame[code == code.groupby([frame[name] for name in ("dataset", "method", "backbone")]).transform("last")]
    epoch = frame["epoch"].fillna(frame["seconds"] / frame["epochs"])
    setup = (frame["seconds"] - frame["epochs"] * epoch).clip(lower=0)
    grouped = frame.assign(epoch=epoch, setup=setup).groupby(columns, sort=True)
    return grouped.agg(
        runs=("epoch", "size"), seconds_per_epoch=("epoch", "median"), setup_seconds=("setup", "median")
    ).reset_index()


def _seconds_of(metric: type[MetricRow], epoch: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return and_(metric.run_id == RunRow.id, metric.epoch == epoch, metric.name == "seconds")


def known_benchmark(connection: Connection, name: str | None) -> str:
    """The benchmark of that name, or the one run last; an error if there is none."""
    names = list(connection.execute(select(BenchmarkRow.name).order_by(BenchmarkRow.last_run.desc())).scalars())
    if not names:
        raise NothingMeasured("the database holds no benchmark yet; start with `regbench run smoke`")
    if name is not None and name not in names:
        raise UsageError(f"no benchmark called '{name}' in the database{did_you_mean(name, names)}")
    return name or names[0]


def _frame(connection: Connection, query: Select) -> pd.DataFrame:
    """The result of a query, built by columns, which is four times as fast as by rows."""
    result = connection.execute(query)
    columns = list(zip(*result.all(), strict=True)) or [()] * len(result.keys())
    return pd.DataFrame(dict(zip(result.keys(), columns, strict=True)))


def _finished(connection: Connection, benchmark: str) -> Select:
    """The finished runs of a benchmark, with their code and the code of the newest run in their cell.

    Codes that were shown to compute the same count as one.
    """
    newest_first = (RunRow.finished.desc(), RunRow.uuid.desc())  # an id depends on the order of a merge
    code = Codes.of(connection).column(RunRow.code_digest)
    return (
        select(
            RunRow.id,
            RunRow.job_id,
            code.label("code"),
            RunRow.finished,
            RunRow.uuid,
            func.first_value(code).over(partition_by=CELL, order_by=newest_first).label("winner"),
        )
        .join(JobRow, JobRow.id == RunRow.job_id)
        .join(BenchmarkJobRow, BenchmarkJobRow.job_id == JobRow.id)
        .where(BenchmarkJobRow.benchmark == benchmark, RunRow.status == "finished")
    )


def _accepted(connection: Connection, benchmark: str) -> Select:
    """The accepted run of each job: the newest finished one with the code of its cell's newest run."""
    finished = _finished(connection, benchmark).cte("finished")
    place = func.row_number().over(
        partition_by=finished.c.job_id, order_by=(finished.c.finished.desc(), finished.c.uuid.desc())
    )
    ranked = (
        select(finished.c.id, finished.c.job_id, place.label("place"))
        .where(finished.c.code == finished.c.winner)
        .cte("ranked")
    )
    return select(ranked.c.id, ranked.c.job_id).where(ranked.c.place == 1)


def _cells(connection: Connection, benchmark: str, select_epoch: str, metrics: Collection[str]) -> pd.DataFrame:
    """The jobs of a benchmark in their order, and beside each what its accepted run gave; None if it has no run."""
    jobs = (
        select(
            BenchmarkJobRow.job_id,
            BenchmarkJobRow.benchmark,
            JobRow.dataset,
            JobRow.method,
            BenchmarkJobRow.variant,
            BenchmarkJobRow.row,
            BenchmarkJobRow.swept,
            JobRow.k,
            JobRow.config,
            JobRow.backbone,
            JobRow.protocol,
            JobRow.seed,
            JobRow.key.label("job_key"),
            JobRow.digest,
        )
        .join(JobRow, JobRow.id == BenchmarkJobRow.job_id)
        .where(BenchmarkJobRow.benchmark == benchmark)
        .order_by(BenchmarkJobRow.position, JobRow.key, BenchmarkJobRow.variant)  # after a merge, places may be shared
    )
    frame = _frame(connection, jobs)
    result = connection.execute(_at_chosen_epoch(connection, benchmark, select_epoch, metrics))
    columns = list(result.keys())[1:]
    given = {job: values for job, *values in result}
    nothing = [None] * len(columns)
    runs = [given.get(job, nothing) for job in frame.pop("job_id")]
    return frame.assign(**{name: [values[place] for values in runs] for place, name in enumerate(columns)})


def _at_chosen_epoch(connection: Connection, benchmark: str, select_epoch: str, metrics: Collection[str]) -> Select:
    """A row per accepted run: its job, the epoch that counts, and the metrics of that epoch.

    The chosen epochs are materialised: without, SQLite looks for each of them again in every join.
    """
    accepted = _accepted(connection, benchmark).cte("accepted")
    deciding = (
        select(accepted.c.id, accepted.c.job_id, decides().label("name"), rises().label("rises"))
        .join(JobRow, JobRow.id == accepted.c.job_id)
        .cte("deciding")
    )
    curve = select(MetricRow.epoch).where(MetricRow.run_id == deciding.c.id, MetricRow.name == deciding.c.name)
    finite = curve.where(MetricRow.value.is_not(None)).limit(1)
    lowest, highest, last = (  # separate orders, for SQLite knows no column of the query around it in an ORDER BY
        finite.order_by(*order).scalar_subquery()
        for order in (
            (from_best(), MetricRow.epoch),
            (MetricRow.value.desc(), MetricRow.epoch),
            (MetricRow.epoch.desc(),),
        )
    )
    chosen_epoch = case((deciding.c.rises, highest), else_=lowest) if select_epoch == "best-val" else last
    only = case((~curve.exists(), RunRow.epochs))  # a program, or an import, may have no validation rows
    chosen = (
        select(deciding.c.id, deciding.c.job_id, func.coalesce(chosen_epoch, only).label("epoch"))
        .join(RunRow, RunRow.id == deciding.c.id)
        .cte("chosen")
        .prefix_with("MATERIALIZED")  # spelt alike by SQLite and PostgreSQL
    )
    query = select(
        chosen.c.job_id,
        chosen.c.id.label("run_id"),
        chosen.c.epoch.label("best_epoch"),
        RunRow.epochs,
        RunRow.seconds,
        RunRow.diverged_at.is_not(None).label("diverged"),
        RunRow.code_digest,
    ).join(RunRow, RunRow.id == chosen.c.id)
    for name in metrics:
        metric = aliased(MetricRow)
        same = and_(metric.run_id == chosen.c.id, metric.name == name)
        there = same if name in ONCE else and_(same, metric.epoch == chosen.c.epoch)
        query = query.outerjoin(metric, there).add_columns(metric.value.label(name.replace("/", "_", 1)))
    return query


def _typed(frame: pd.DataFrame, metrics: Collection[str]) -> pd.DataFrame:
    """Set the types of columns: missing integers are <NA>, missing metrics NaN, hyper-parameters dictionaries."""
    frame["hparams"] = [config["hparams"] for config in frame["config"]]
    frame["swept"] = frame["swept"].map(lambda values: values or {})
    frame["settings"] = _settings(frame)
    frame["targets"] = _targets(frame)
    frame["split"] = [config["protocol"]["split"] for config in frame["config"]]
    frame["diverged"] = frame["diverged"].fillna(value=False).astype(bool)
    columns = [name.replace("/", "_", 1) for name in metrics]
    frame = frame.astype({**dict.fromkeys(INTEGERS, "Int64"), **dict.fromkeys([*columns, "seconds"], "float64")})
    first = [
        "benchmark",
        "dataset",
        "method",
        "variant",
        "k",
        "settings",
        "hparams",
        "backbone",
        "protocol",
        "targets",
        "split",
        "seed",
    ]
    then = ["job_key", "run_id", "best_epoch", "epochs", *columns, "seconds", "diverged", "code_digest", "digest"]
    then += ["row", "swept"]
    return frame[[*first, *then]]


def _settings(frame: pd.DataFrame) -> pd.Series:
    """The hyper-parameters that distinguish the rows of a table; chosen values are left out."""
    jobs = zip(frame["config"], frame["swept"], frame["variant"], frame["row"], strict=True)
    chosen = [(swept or {}) if variant == row else {} for _, swept, variant, row in jobs]
    found = [
        {name: value for name, value in config["hparams"].items() if name not in values}
        for config, values in zip(frame["config"], chosen, strict=True)
    ]
    return pd.Series(found, index=frame.index, dtype=object)


def _targets(frame: pd.DataFrame) -> list[str]:
    """How each row's protocol has its targets, and so its errors: "scaled" to [0, 1], or "raw"."""
    return [config["protocol"].get("targets", "scaled") for config in frame["config"]]


def _left_out(connection: Connection, benchmark: str) -> list[str]:
    """One line for each cell in which some jobs have no run with the code of the newest run."""
    finished = _finished(connection, benchmark).cte("finished")
    job = (JobRow.dataset, BenchmarkJobRow.variant, JobRow.k, JobRow.seed)
    query = (
        select(*job, func.max(finished.c.code), func.max(finished.c.winner))
        .join(finished, finished.c.job_id == JobRow.id)
        .join(BenchmarkJobRow, BenchmarkJobRow.job_id == JobRow.id)
        .where(BenchmarkJobRow.benchmark == benchmark)
        .group_by(JobRow.id, *job)
        .having(func.sum(case((finished.c.code == finished.c.winner, 1), else_=0)) == 0)
        .order_by(*job)
    )
    seeds: dict[tuple[str, str], list[str]] = {}
    for dataset, variant, k, seed, code, winner in connection.execute(query):
        cell = f"{dataset} {variant}" if k is None else f"{dataset} {variant} k={k}"
        why = f"run with other code ({code[:8]}) than the newest of the cell ({winner[:8]})"
        seeds.setdefault((cell, why), []).append(str(seed))
    return [f"{cell} seed {', '.join(numbers)}: {why}" for (cell, why), numbers in seeds.items()]


def _imported(connection: Connection, benchmark: str) -> list[str]:
    """A line that names the rows which were imported, with the files they come from."""
    accepted = _accepted(connection, benchmark).cte("accepted")
    query = (
        select(BenchmarkJobRow.variant, EnvironmentRow.config)
        .join(accepted, accepted.c.job_id == BenchmarkJobRow.job_id)
        .join(RunRow, RunRow.id == accepted.c.id)
        .join(EnvironmentRow, EnvironmentRow.id == RunRow.environment_id)
        .where(BenchmarkJobRow.benchmark == benchmark, RunRow.device == IMPORTED)
    )
    rows: dict[str, set[str]] = {}
    for variant, environment in connection.execute(query):
        origin = environment.get(IMPORTED, {})
        file, when = str(origin.get("file", "?")), str(origin.get("when", "?"))
        rows.setdefault(f"{file.rpartition('/')[2]}, {when.partition('T')[0]}", set()).add(variant)
    said = [f"{', '.join(sorted(names))} ({source})" for source, names in sorted(rows.items())]
    return [f"imported, not trained here: {'; '.join(said)}"] if said else []
