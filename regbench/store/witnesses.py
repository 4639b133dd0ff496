"""Several finished runs of one job by the same code: whether they agree, and what the environment changes if not.

Two machines that merge their results, or a run repeated on one, give such runs. Tables show the one that ended last;
the others are its witnesses. A difference between them comes from the environment (libraries, processor, flags),
because the job and the code are the same.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, case, func, or_, select
from sqlalchemy.orm import aliased

from regbench.provenance import NUMERIC
from regbench.store.adoptions import Codes
from regbench.store.deciding import decides_of, highest
from regbench.store.models import EnvironmentRow, JobRow, MetricRow, RunRow
from regbench.store.sql import chunks
from regbench.store.status import label
from regbench.store.values import TIMES

ABOUT = ("host", "python", *NUMERIC)  # what of an environment is told
Curves = dict[str, dict[int, float]]  # name -> epoch -> value


@dataclass(frozen=True)
class Witness:
    """A finished run; `value` is its test metric at the epoch that counts, None where it is not finite or not kept."""

    uuid: str
    host: str | None
    device: str
    finished: float
    best_epoch: int | None
    value: float | None
    environment: Mapping[str, Any]


@dataclass(frozen=True)
class Effect:
    """How two runs differ in one metric: in how many epochs, and by how much at most, absolutely and relatively."""

    epochs: int
    largest: float | None  # None where only one of the two is finite
    relative: float | None


@dataclass(frozen=True)
class Pair:
    """Two finished runs of a job by the same code; `counts`, the one that ended later, is shown rather than `other`.

    numbers: how many numbers both have; times are not among them.
    metric: the test metric whose values the two have.
    effects: by metric, without those that agree to the last bit.
    """

    key: str
    dataset: str
    label: str
    metric: str
    counts: Witness
    other: Witness
    numbers: int
    effects: Mapping[str, Effect]

    @property
    def alike(self) -> bool:
        """Whether all numbers that both have agree to the last bit."""
        return not self.effects

    @property
    def change(self) -> float | None:
        """By how much the metric differs at the epochs that count."""
        if self.counts.value is None or self.other.value is None:
            return None
        return abs(self.counts.value - self.other.value)

    @property
    def unlike(self) -> tuple[tuple[str, str, str], ...]:
        """What differs between the two environments: name, of `counts`, of `other`."""
        one, other = _flat(self.counts), _flat(self.other)
        return tuple(
            (name, one.get(name, "not recorded"), other.get(name, "not recorded"))
            for name in dict.fromkeys((*one, *other))
            if one.get(name) != other.get(name)
        )


def pairs(connection: Connection, jobs: Collection[str] | None = None) -> list[Pair]:
    """Every two finished runs of one job by the same code, or by codes shown to compute the same; of all jobs, or some.

    In the order of dataset, job and time, whatever the order in which they came into the store.
    """
    return [pair for few in ([None] if jobs is None else chunks(sorted(jobs))) for pair in _pairs(connection, few)]


def _pairs(connection: Connection, jobs: Collection[str] | None) -> list[Pair]:
    compared: dict[tuple[int, int], dict[str, Row]] = defaultdict(dict)
    for row in connection.execute(_compared(connection, jobs)):
        compared[row.one, row.two][row.name or ""] = row
    if not compared:
        return []
    ids = {run for pair in compared for run in pair}
    runs = {run.id: run for run in _rows(connection, ids)}
    unlike = [pair for pair, names in compared.items() if any(row.differ for row in names.values())]
    curves = _curves(connection, {run for pair in unlike for run in pair}, runs)
    environments = {run.environment_id: None for run in runs.values()}
    known = {
        row.id: row.config
        for few in chunks(list(environments))
        for row in connection.execute(
            select(EnvironmentRow.id, EnvironmentRow.config).where(EnvironmentRow.id.in_(few))
        )
    }
    made = [_pair(runs[one], runs[two], names, curves, known) for (one, two), names in compared.items()]
    return sorted(made, key=lambda pair: (pair.dataset, pair.label, pair.key, -pair.counts.finished, pair.other.uuid))


def _compared(connection: Connection, jobs: Collection[str] | None) -> Any:
    """For each two runs, the later one first, and each metric of both: epochs of both, and how many of them differ."""
    one, two, mine, theirs = aliased(RunRow), aliased(RunRow), aliased(MetricRow), aliased(MetricRow)
    codes = Codes.of(connection)
    code = codes.column(one.code_digest) == codes.column(two.code_digest)
    later = or_(one.finished > two.finished, and_(one.finished == two.finished, one.uuid > two.uuid))
    query = (
        select(
            one.id.label("one"),
            two.id.label("two"),
            mine.name,
            func.count(theirs.epoch).label("epochs"),
            func.sum(case((mine.value.is_distinct_from(theirs.value), 1), else_=0)).label("differ"),
            func.sum(case((mine.value.is_(None) != theirs.value.is_(None), 1), else_=0)).label("not_finite"),
            func.max(func.abs(mine.value - theirs.value)).label("largest"),
            func.max(func.abs(mine.value - theirs.value) / func.nullif(func.abs(mine.value), 0.0)).label("relative"),
        )
        .select_from(one)
        .join(JobRow, JobRow.id == one.job_id)
        .join(two, and_(two.job_id == one.job_id, later, code))
        .outerjoin(mine, and_(mine.run_id == one.id, mine.name.not_in(TIMES)))
        .outerjoin(theirs, and_(theirs.run_id == two.id, theirs.name == mine.name, theirs.epoch == mine.epoch))
        .where(one.status == "finished", two.status == "finished", or_(mine.name.is_(None), theirs.name.is_not(None)))
        .group_by(one.id, two.id, mine.name)
    )
    return query if jobs is None else query.where(JobRow.key.in_(jobs))


def _rows(connection: Connection, ids: Collection[int]) -> list[Row]:
    columns = (RunRow.id, RunRow.uuid, RunRow.device, RunRow.finished, RunRow.environment_id)
    of_job = (JobRow.key, JobRow.dataset, JobRow.variant, JobRow.k, JobRow.seed, JobRow.config)
    query = select(*columns, *of_job).join(JobRow, JobRow.id == RunRow.job_id)
    return [row for few in chunks(sorted(ids)) for row in connection.execute(query.where(RunRow.id.in_(few)))]


def _curves(connection: Connection, ids: Collection[int], runs: Mapping[int, Row]) -> dict[int, Curves]:
    """The deciding metric of runs, and the same metric of test rows."""
    wanted = {name for run in ids for name in _deciding(runs[run])}
    query = select(MetricRow.run_id, MetricRow.name, MetricRow.epoch, MetricRow.value).where(
        MetricRow.name.in_(sorted(wanted)), MetricRow.value.is_not(None)
    )
    found: dict[int, Curves] = defaultdict(lambda: defaultdict(dict))
    for few in chunks(sorted(ids)):
        for run, name, epoch, value in connection.execute(query.where(MetricRow.run_id.in_(few))):
            found[run][name][epoch] = float(value or 0.0)  # never empty, by the query
    return found


def _deciding(run: Row) -> tuple[str, str]:
    name = decides_of(run.config)
    return name, name.replace("val/", "test/", 1)


def _pair(
    one: Row, two: Row, names: Mapping[str, Row], curves: Mapping[int, Curves], environments: Mapping[int, Any]
) -> Pair:
    effects = {
        name: Effect(
            int(row.differ),
            None if row.not_finite else float(row.largest),
            None if row.not_finite or row.relative is None else float(row.relative),
        )
        for name, row in sorted(names.items())
        if name and row.differ
    }
    return Pair(
        key=one.key,
        dataset=one.dataset,
        label=label(one.variant, one.k, one.seed),
        metric=_deciding(one)[1],
        counts=_witness(one, curves, environments),
        other=_witness(two, curves, environments),
        numbers=sum(row.epochs for name, row in names.items() if name),
        effects=effects,
    )


def _witness(run: Row, curves: Mapping[int, Curves], environments: Mapping[int, Any]) -> Witness:
    deciding, shown = _deciding(run)
    curve = curves.get(run.id, {}).get(deciding, {})
    best = None
    if curve:
        sign = -1 if deciding in highest() else 1
        best = min(curve, key=lambda epoch: (sign * curve[epoch], epoch))
    value = curves[run.id].get(shown, {}).get(best) if best is not None else None
    environment = environments.get(run.environment_id) or {}
    return Witness(run.uuid, environment.get("host"), run.device, run.finished, best, value, environment)


def _flat(run: Witness) -> dict[str, str]:
    """What is told of the environment of a run, by name."""
    found: dict[str, str] = {}
    for name in ABOUT:
        value = run.environment.get(name)
        if isinstance(value, Mapping):
            found |= {str(key): str(each) for key, each in value.items()}
        elif value is not None:
            found[name] = str(value)
    return {**found, "device": run.device}
