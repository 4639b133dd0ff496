"""What is being trained at this moment: the packs whose leases are held, their curves and their pace.

The numbers read per run have a bound, so that a frame of a long training costs no more than one of a short one.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import fmean, median
from typing import NamedTuple

from sqlalchemy import Connection, Row, func, select

from regbench.store.deciding import decides
from regbench.store.models import BenchmarkJobRow, BenchmarkRow, JobRow, MetricRow, RunRow
from regbench.store.sql import now, rows_in
from regbench.store.status import expected, status
from regbench.store.values import RunningPack, Snapshot, Standing

POINTS = 24  # epochs of a curve that are read, evenly spaced
RECENT = 5  # epochs over which the pace of a pack is measured


def watch(connection: Connection, benchmark: str | None) -> Snapshot:
    """The state of a benchmark; without a name, of those that are being trained and of the one run last.

    A benchmark whose values are still to be chosen is shown with the sweeps it waits for, and they with it.
    """
    asked = _with_sweeps(connection, benchmark) if benchmark else None
    running = _running(connection)
    places = _places(connection, [run.id for run in running], asked)
    inside = [run for run in running if run.id in places]
    standings = _standings(connection, asked, {place.benchmark for place in places.values()})
    packs = _packs(connection, inside, places)
    names = {standing.benchmark for standing in standings}
    return Snapshot(
        standings=tuple(standings),
        packs=tuple(packs),
        pace=_pace(connection, names, {pack.device for pack in packs}),
        moment=now(connection),
    )


def _with_sweeps(connection: Connection, benchmark: str) -> set[str]:
    """The benchmark and the sweeps that it waits for."""
    standings = status(connection, benchmark, None)
    return {benchmark, *(sweep for standing in standings for sweep in standing.waits_for)}


def _standings(connection: Connection, asked: set[str] | None, active: set[str]) -> list[Standing]:
    """The standings to show, by last run of their benchmarks."""
    query = select(BenchmarkRow.name).order_by(BenchmarkRow.last_run.desc(), BenchmarkRow.name)
    known = list(connection.execute(query).scalars())
    shown = asked or {*active, *known[:1]}
    choosing = () if asked else expected(connection, None)
    waiting = {name for name, _, _, sweeps in choosing if shown & {*sweeps}} - shown
    found = {name: status(connection, name, None) for name in known if name in shown | waiting}
    return [
        standing
        for name, standings in found.items()
        if name in shown or any(standing.unchosen for standing in standings)
        for standing in standings
    ]


class _Place(NamedTuple):
    """Where a run is shown: in the benchmark run last of those that its job is in, by its name there."""

    benchmark: str
    variant: str


def _running(connection: Connection) -> Sequence[Row]:
    """The runs that hold the lease of their job, the longest first."""
    query = (
        select(
            RunRow.id,
            RunRow.pack,
            RunRow.device,
            RunRow.epochs,
            JobRow.dataset,
            JobRow.epochs.label("total"),
            JobRow.lease_owner,
            JobRow.lease_until,
            decides().label("metric"),
        )
        .join(JobRow, JobRow.id == RunRow.job_id)
        .where(JobRow.lease_owner.is_not(None), RunRow.status == "running", RunRow.lease_token == JobRow.lease_token)
        .order_by(RunRow.id)
    )
    return connection.execute(query).all()


def _places(connection: Connection, runs: Collection[int], among: Collection[str] | None) -> dict[int, _Place]:
    """The place of each run; runs of jobs that are in none of `among` have none."""
    query = (
        select(RunRow.id, BenchmarkJobRow.benchmark, BenchmarkJobRow.variant)
        .join(BenchmarkJobRow, BenchmarkJobRow.job_id == RunRow.job_id)
        .join(BenchmarkRow, BenchmarkRow.name == BenchmarkJobRow.benchmark)
        .order_by(BenchmarkRow.last_run, BenchmarkRow.name, BenchmarkJobRow.position.desc())
    )
    if among is not None:
        query = query.where(BenchmarkJobRow.benchmark.in_(sorted(among)))
    return {run: _Place(name, variant) for run, name, variant in rows_in(connection, query, RunRow.id, runs)}


def _packs(connection: Connection, running: Iterable[Row], places: Mapping[int, _Place]) -> list[RunningPack]:
    """The running packs, each of one worker, in the order in which they were started."""
    members: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
    for run in running:
        members[run.lease_owner, run.device, run.pack].append(run)
    seconds = _seconds(connection, [run.id for pack in members.values() for run in pack])
    moment = now(connection)
    return [
        RunningPack(
            name=name,
            benchmark=places[runs[0].id].benchmark,
            dataset=runs[0].dataset,
            rows=tuple(dict.fromkeys(places[run.id].variant for run in runs)),
            jobs=len(runs),
            owner=owner,
            device=device,
            silent=min(run.lease_until for run in runs) < moment,
            epoch=min(run.epochs for run in runs),
            epochs=max(run.total for run in runs),
            epochs_left=sum(max(0, run.total - run.epochs) for run in runs),
            metric=runs[0].metric,
            curve=_curve(connection, runs),
            seconds_per_epoch=_mean([seconds[run.id] for run in runs if run.id in seconds]),
        )
        for (owner, device, name), runs in members.items()
    ]


def _curve(connection: Connection, runs: Sequence[Row]) -> tuple[tuple[int, float | None], ...]:
    """Epochs and the median of the deciding metric over the runs of a pack; None where none is finite."""
    metric, wanted = runs[0].metric, _spread(min(run.epochs for run in runs))
    query = select(MetricRow.epoch, MetricRow.value).where(MetricRow.name == metric, MetricRow.epoch.in_(wanted))
    found: dict[int, list[float]] = {}
    same = [run.id for run in runs if run.metric == metric]
    for epoch, value in rows_in(connection, query, MetricRow.run_id, same):
        found.setdefault(epoch, []).extend([] if value is None else [value])
    return tuple((epoch, median(found[epoch]) if found[epoch] else None) for epoch in sorted(found))


def _spread(last: int) -> list[int]:
    """At most `POINTS` epochs from the first to the last one.

    >>> _spread(3), _spread(0), len(_spread(1000)), _spread(1000)[-1]
    ([1, 2, 3], [], 24, 1000)
    """
    if last <= POINTS:
        return list(range(1, last + 1))
    return [1 + round(place * (last - 1) / (POINTS - 1)) for place in range(POINTS)]


def _seconds(connection: Connection, runs: Collection[int]) -> dict[int, float]:
    """Each run's part of the time of an epoch of its pack: the mean over its last epochs."""
    query = (
        select(MetricRow.run_id, func.avg(MetricRow.value))
        .join(RunRow, RunRow.id == MetricRow.run_id)
        .where(MetricRow.name == "seconds", MetricRow.epoch > RunRow.epochs - RECENT)
        .group_by(MetricRow.run_id)
    )
    return {run: value for run, value in rows_in(connection, query, MetricRow.run_id, runs) if value}


def _pace(connection: Connection, benchmarks: Collection[str], devices: Collection[str]) -> dict[str, float]:
    """Seconds per epoch of one model, by dataset, of finished runs of these benchmarks on these devices."""
    inside = select(BenchmarkJobRow.job_id).where(BenchmarkJobRow.benchmark.in_(sorted(benchmarks)))
    query = (
        select(JobRow.dataset, func.sum(RunRow.seconds), func.sum(RunRow.epochs))
        .join(JobRow, JobRow.id == RunRow.job_id)
        .where(
            RunRow.job_id.in_(inside),
            RunRow.status == "finished",
            RunRow.device.in_(sorted(devices)),
            RunRow.seconds.is_not(None),
            RunRow.epochs > 0,
        )
        .group_by(JobRow.dataset)
    )
    found = connection.execute(query) if devices else ()
    return {dataset: seconds / epochs for dataset, seconds, epochs in found if seconds}


def _mean(values: Sequence[float]) -> float | None:
    return fmean(values) if values else None
