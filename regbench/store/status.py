"""The progress of benchmarks, from jobs and runs alone; no metric is read."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, select

from regbench.store.adoptions import Codes
from regbench.store.models import BenchmarkJobRow, BenchmarkRow, JobRow, RunRow
from regbench.store.sql import chunks, now
from regbench.store.values import Failure, Standing


def status(connection: Connection, benchmark: str | None, code: Mapping[str, str] | None) -> list[Standing]:
    """One standing per benchmark and dataset: benchmarks by last run, datasets in the order of their jobs."""
    jobs = (
        select(
            BenchmarkJobRow.benchmark,
            JobRow.id,
            JobRow.key,
            JobRow.dataset,
            BenchmarkJobRow.variant,
            JobRow.k,
            JobRow.seed,
            JobRow.epochs,
            JobRow.blocked,
            JobRow.lease_until,
        )
        .join(JobRow, JobRow.id == BenchmarkJobRow.job_id)
        .join(BenchmarkRow, BenchmarkRow.name == BenchmarkJobRow.benchmark)
        .order_by(BenchmarkRow.last_run.desc(), BenchmarkJobRow.benchmark, BenchmarkJobRow.position, JobRow.key)
    )
    if benchmark is not None:
        jobs = jobs.where(BenchmarkJobRow.benchmark == benchmark)
    runs = _runs(connection, benchmark, code)
    moment = now(connection)
    tallies: dict[tuple[str, str], _Tally] = defaultdict(_Tally)
    for job in connection.execute(jobs):
        tallies[job.benchmark, job.dataset].add(job, runs.get(job.id, _Runs()), moment)
    for name, dataset, jobs_in_all, sweeps in expected(connection, benchmark):
        tallies[name, dataset].expect(jobs_in_all, sweeps)
    rank = {name: place for place, name in enumerate(dict.fromkeys(name for name, _ in tallies))}
    return [tally.standing(*place) for place, tally in sorted(tallies.items(), key=lambda item: rank[item[0][0]])]


def trained(connection: Connection, code: Mapping[str, str]) -> dict[str, int]:
    """Epochs trained by finished and running runs of the wanted code (key -> digest), by key."""
    found: dict[str, int] = {}
    codes = Codes.of(connection)
    for some in chunks(sorted(code)):
        runs = (
            select(JobRow.key, RunRow.code_digest, RunRow.epochs)
            .join(RunRow, RunRow.job_id == JobRow.id)
            .where(JobRow.key.in_(some), RunRow.status.in_(("finished", "running")))
        )
        for key, digest, epochs in connection.execute(runs):
            if codes.same(code[key], digest):
                found[key] = max(epochs, found.get(key, 0))
    return found


@dataclass
class _Runs:
    """A summary of the runs of one job."""

    finished: bool = False
    epochs: int = 0  # of the running run
    failure: tuple[str, str] | None = None  # class and message, if the last ended run failed


@dataclass
class _Tally:
    count: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    epochs_done: int = 0
    epochs_total: int = 0
    unchosen: int = 0
    silent: int = 0  # running jobs whose lease has run out
    waits_for: tuple[str, ...] = ()
    failures: list[Failure] = field(default_factory=list)
    blocked_by: dict[str, None] = field(default_factory=dict)

    def add(self, job: Row, runs: _Runs, moment: float) -> None:
        self.epochs_total += job.epochs
        self.count["jobs"] += 1
        if runs.finished:
            self.count["done"] += 1
            self.epochs_done += job.epochs
        elif job.lease_until is not None:
            self.count["running"] += 1
            self.silent += job.lease_until < moment
            self.epochs_done += min(runs.epochs, job.epochs)
        elif runs.failure:
            self.count["failed"] += 1
            self.failures.append(Failure(job.key, label(job.variant, job.k, job.seed), *runs.failure))
        elif job.blocked:
            self.count["blocked"] += 1
            self.blocked_by[job.blocked] = None
        else:
            self.count["pending"] += 1

    def expect(self, jobs: int, sweeps: tuple[str, ...]) -> None:
        """Count the jobs that do not exist yet, because their values are still to be chosen."""
        self.unchosen = max(0, jobs - self.count["jobs"])
        self.waits_for = sweeps if self.unchosen else ()
        self.count["jobs"] += self.unchosen
        self.count["pending"] += self.unchosen

    def standing(self, benchmark: str, dataset: str) -> Standing:
        states = ("jobs", "done", "running", "failed", "blocked", "pending")
        return Standing(
            benchmark=benchmark,
            dataset=dataset,
            **{state: self.count[state] for state in states},
            epochs_done=self.epochs_done,
            epochs_total=self.epochs_total,
            unchosen=self.unchosen,
            waits_for=self.waits_for,
            failures=tuple(self.failures),
            blocked_by=tuple(self.blocked_by),
            silent=self.silent,
        )


def label(variant: str, k: int | None, seed: int) -> str:
    """The name of a job in messages.

    >>> label("soft_binning", 25, 0), label("lsq", None, 3)
    ('soft_binning k=25 seed=0', 'lsq seed=3')
    """
    return f"{variant} seed={seed}" if k is None else f"{variant} k={k} seed={seed}"


def expected(connection: Connection, benchmark: str | None) -> Iterator[tuple[str, str, int, tuple[str, ...]]]:
    """Benchmark, dataset, number of jobs and sweeps, for the benchmarks that take values from sweeps."""
    query = select(BenchmarkRow.name, BenchmarkRow.config).order_by(BenchmarkRow.last_run.desc(), BenchmarkRow.name)
    for name, config in connection.execute(query):
        if benchmark in {None, name}:
            jobs = config.get("expected", {})
            for dataset in config["datasets"] if jobs else ():
                yield name, dataset, jobs[dataset], tuple(config["choose"]["from"])


def _runs(connection: Connection, benchmark: str | None, code: Mapping[str, str] | None) -> dict[int, _Runs]:
    query = select(
        JobRow.key, RunRow.job_id, RunRow.code_digest, RunRow.status, RunRow.epochs, RunRow.failure_class, RunRow.error
    ).join(JobRow, JobRow.id == RunRow.job_id)
    if benchmark is not None:
        inside = select(BenchmarkJobRow.job_id).where(BenchmarkJobRow.benchmark == benchmark)
        query = query.where(RunRow.job_id.in_(inside))
    found: dict[int, _Runs] = defaultdict(_Runs)
    codes = Codes.of(connection)
    for run in connection.execute(query.order_by(RunRow.started, RunRow.uuid)):
        if code is not None and not codes.same(code.get(run.key, ""), run.code_digest):
            continue
        known = found[run.job_id]
        if run.status == "running":
            known.epochs = run.epochs
        elif run.status == "finished":
            known.finished = True
        elif run.status == "failed":
            known.failure = (run.failure_class or "", run.error or "")
    return found
