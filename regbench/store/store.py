"""The store: results in one SQLite file, or on a PostgreSQL server, as benchmarks, jobs, runs and their numbers.

Each method is one transaction. Many processes may read and write; readers never block anyone.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Engine

from regbench.addresses import without_password
from regbench.errors import PassingError
from regbench.job import Job
from regbench.store import (
    adoptions,
    choices,
    damage,
    deciding,
    engine,
    leases,
    live,
    removal,
    runs,
    scratch,
    secrets,
    status,
    upgrade,
    vanished,
)
from regbench.store import checkpoints as states
from regbench.store import executions as executed
from regbench.store import jobs as grid
from regbench.store.patience import IMPATIENT, Patience, patient
from regbench.store.trouble import explained, reachable
from regbench.store.values import (
    Adoption,
    Checkpoint,
    Choice,
    Claim,
    EpochRows,
    Execution,
    Finished,
    FinishedRun,
    Member,
    Removal,
    Resumable,
    Score,
    Snapshot,
    Standing,
    StoredDataset,
    Trained,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from regbench.store.witnesses import Pair


class Store:
    """A database of results; open one with `Store.open`."""

    def __init__(self, connections: Engine, *, read_only: bool) -> None:
        self._engine = connections
        self.read_only = read_only
        self.patience = IMPATIENT  # of the methods that a run calls
        self.place = upgrade.where(connections.url)
        self._file = None if read_only else engine.file_of(connections.url)
        self._know_file()
        self._folder = engine.folder_beside(connections.url)
        if not read_only:
            states.sweep(self._folder)

    @classmethod
    def open(
        cls, url: str | Path, *, read_only: bool = False, patience: Patience = IMPATIENT, existing: bool = False
    ) -> Store:
        """Open the store at a path or SQLAlchemy URL; unless `read_only`, it is created, or upgraded after a backup.

        patience: how long the opening and the methods that a run calls wait for a database that is locked or away.
        existing: whether the store must be there; one that is not counts as away.
        """
        opened = patience.call(lambda: cls._open(url, read_only=read_only, existing=existing))
        opened.patience = patience
        return opened

    @classmethod
    def _open(cls, url: str | Path, *, read_only: bool, existing: bool) -> Store:
        named = located = secrets.known(engine.locate(url))
        if (path := engine.file_of(named)) is not None:
            located = scratch.to_read(named) if read_only else scratch.to_write(named)
        if existing and (path := engine.file_of(located)) and not path.exists():
            raise PassingError(f"database {path}: it was deleted or moved while the run went on")
        connections = engine.connect(located, read_only=read_only, existing=existing)
        try:
            place = upgrade.where(located)
            with explained(place), reachable(f"database {place}"):
                if read_only:
                    upgrade.require_current(connections)
                else:
                    upgrade.bring_up_to_date(connections)
        except BaseException:
            connections.dispose()
            raise
        opened = cls(connections, read_only=read_only)
        opened.place = upgrade.where(named)
        if path is not None and not read_only:
            scratch.send_first(path)
        return opened

    @property
    def url(self) -> str:
        """The address, without its password, with which a process that this one starts can open the same store."""
        return secrets.public(self._engine.url)

    @property
    def is_file(self) -> bool:
        """Whether this is an SQLite file, not a server."""
        return engine.file_of(self._engine.url) is not None

    def folder(self, name: str) -> Path | None:
        """A folder beside the SQLite file, which need not exist: `regbench.db.NAME`; None for a server."""
        return engine.folder_beside(self._engine.url, name)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the store; an unexpected error is a damaged file's fault if the file is damaged: `damage.explain`."""
        self.close()
        damage.explain(error, engine.file_of(self._engine.url), self.place)

    # Benchmarks and jobs

    @patient
    def add_benchmark(self, name: str, config: Mapping[str, Any], jobs: Sequence[Member | tuple[Job, str]]) -> None:
        """Add jobs, each with its row's label, to a benchmark, which becomes the last one run.

        With an unchanged `config`, jobs are only added, so that a filtered run removes none; with a different one, the
        previous list is dropped first. Runs are always kept.
        """
        with self.writing() as connection:
            members = [job if isinstance(job, Member) else Member(*job) for job in jobs]
            grid.add_benchmark(connection, name, config, members)

    @patient
    def note(self, benchmark: str, key: str, value: Any) -> None:
        """Add plain data on its runs to the configuration of a stored benchmark, or replace them; later runs keep them.

        Such as "sequential": at which looks seeds were added.
        """
        with self.writing() as connection:
            grid.note(connection, benchmark, key, value)

    @patient
    def add_dataset(
        self,
        *,
        digest: str,
        name: str,
        sizes: Sequence[int],
        inputs: int | Sequence[int],
        target_low: Iterable[float],
        target_high: Iterable[float],
        source: str | None = None,
        licence: str | None = None,
    ) -> None:
        """Store a dataset as it was used; one with the same digest is left unchanged."""
        columns = {
            "digest": digest,
            "name": name,
            "sizes": [int(size) for size in sizes],
            "inputs": inputs if isinstance(inputs, int) else [int(size) for size in inputs],
            "target_low": [float(low) for low in target_low],
            "target_high": [float(high) for high in target_high],
            "source": source,
            "licence": licence,
        }
        with self.writing() as connection:
            grid.add_dataset(connection, **columns)

    @patient
    def done(self, code: Mapping[str, str]) -> set[str]:
        """Of these jobs (key -> wanted code digest), the keys of those with a finished run of that code."""
        with self.reading() as connection:
            return grid.done(connection, code)

    def outgrown(self, code: Mapping[str, str]) -> dict[str, str | None]:
        """Of these jobs, those that only other code has finished, each with that code's commit (None if unknown)."""
        with self.reading() as connection:
            return grid.outgrown(connection, code)

    @patient
    def failed(self, code: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Failure class and message, by key, of the jobs whose last run of the wanted code has failed."""
        with self.reading() as connection:
            return grid.failed(connection, code)

    @patient
    def trained(self, code: Mapping[str, str]) -> dict[str, int]:
        """Of these jobs (key -> wanted code digest), the epochs that runs of that code have trained so far."""
        with self.reading() as connection:
            return status.trained(connection, code)

    def target_ranges(self) -> dict[str, tuple[list[float], list[float]]]:
        """Lowest and highest training target (M,) of each dataset, by digest; its targets are scaled with them."""
        with self.reading() as connection:
            return grid.target_ranges(connection)

    def reported_metrics(self) -> list[tuple[str, str]]:
        """The deciding metrics of users' programs that are none of ours, and whether `high` or `low` is better."""
        with self.reading() as connection:
            return deciding.reported(connection)

    def dataset_sources(self) -> dict[str, str]:
        """The source that gave each dataset, by name; of a user's own table, the path of its file."""
        with self.reading() as connection:
            return grid.dataset_sources(connection)

    @patient
    def block(self, reasons: Mapping[str, str]) -> None:
        """Store why the jobs of datasets or methods cannot run (name -> reason)."""
        with self.writing() as connection:
            grid.block(connection, reasons)

    # Adoptions of results of other code

    def trained_by(self) -> list[Trained]:
        """Every job with a finished run, once per code version that finished it."""
        with self.reading() as connection:
            return adoptions.trained(connection)

    def adopt(self, found: Sequence[Adoption]) -> None:
        """Store that pairs of code compute the same; from now on, runs of one count as runs of the other."""
        with self.writing() as connection:
            adoptions.add(connection, found)

    def adoptions(self) -> list[Adoption]:
        """Every adoption, oldest first."""
        with self.reading() as connection:
            return adoptions.known(connection)

    def codes(self) -> adoptions.Codes:
        """The code digests, grouped by what they compute."""
        with self.reading() as connection:
            return adoptions.Codes.of(connection)

    # Choices from sweeps

    def scores(self, code: Mapping[str, str], by: str) -> dict[str, Score]:
        """A validation metric at the best epoch of the jobs (key -> wanted code digest) that are done, by key."""
        with self.reading() as connection:
            return choices.scores(connection, code, by)

    def chosen(self, benchmark: str) -> dict[tuple[str, str, int | None], Choice]:
        """The choices of a benchmark, by cell: dataset, row, k."""
        with self.reading() as connection:
            return choices.chosen(connection, benchmark)

    def choose(self, benchmark: str, made: Sequence[Choice], *, again: bool = False) -> None:
        """Store choices for a stored benchmark; existing ones are kept, unless `again`."""
        with self.writing() as connection:
            choices.keep(connection, benchmark, made, again=again)

    def choices(self, benchmark: str | None = None) -> pd.DataFrame:
        """One row for each cell of a benchmark (default: the last one run) whose values were chosen, as first chosen.

        Columns: benchmark, dataset, method, variant, k, values (field -> value), source (the sweep), carried_from_k,
        by (the metric), metric, default_metric (null where the defaults were not tried), tried, diverged, on_edge (a
        list of fields, empty where the optimum lies inside), jobs and winner (keys), made (UTC). Where everything
        diverged `winner` is empty and `values` are the row's defaults.
        """
        from regbench.store import frames

        with self.reading() as connection:
            return frames.choices(connection, benchmark)

    # Leases

    @patient
    def claim(
        self,
        code: Mapping[str, str],
        *,
        owner: str,
        lease_s: float,
        environment: Mapping[str, Any],
        device: str,
    ) -> list[Claim]:
        """Lease the jobs (key -> code digest) that are neither done nor leased by another owner; open a run for each.

        This is atomic. Runs left behind by an owner whose lease has expired are marked interrupted.
        """
        with self.writing() as connection:
            return leases.claim(
                connection,
                code,
                owner=owner,
                lease_s=lease_s,
                environment=environment,
                device=device,
            )

    @patient
    def renew(self, claims: Sequence[Claim], *, lease_s: float) -> set[int]:
        """Extend the leases that are still held; returns their run ids."""
        with self.writing() as connection:
            return leases.renew(connection, claims, lease_s=lease_s)

    @patient
    def owners(self) -> set[str]:
        """All owners of leases, including expired ones."""
        with self.reading() as connection:
            return leases.owners(connection)

    @patient
    def release(self, dead: Collection[str]) -> None:
        """End every lease of owners known to be dead, without waiting for it to expire."""
        with self.writing() as connection:
            leases.release(connection, dead)

    # Writes of workers

    @patient
    def write(
        self, epochs: Sequence[EpochRows], *, claims: Sequence[Claim], checkpoints: Sequence[Checkpoint] = ()
    ) -> set[int]:
        """Store the numbers and arrays of epochs and, in the same transaction, the matching checkpoints.

        Returns the runs that were refused because another worker has taken over their job.
        """
        with explained(self.place):
            staged = states.stage(self._folder, checkpoints)
        arrays = runs.stage(epochs)
        tokens = leases.tokens_of(claims)
        with self.writing() as connection:
            saved = {checkpoint.run_id for checkpoint in checkpoints}
            refused = runs.write(connection, epochs, arrays, tokens, saved)
            unneeded = states.save(connection, staged, saved - refused)
        states.remove(self._folder, unneeded)
        return refused

    @patient
    def checkpoint(self, run_id: int) -> bytes:
        """The last checkpoint of a run."""
        with self.reading() as connection:
            return states.load(connection, self._folder, run_id)

    @patient
    def begin_again(self, claims: Sequence[Claim]) -> None:
        """Drop the checkpoints of claims that are still held, so that the next attempt starts at the first epoch."""
        with self.writing() as connection:
            unneeded = states.drop(connection, list(leases.hold(connection, leases.tokens_of(claims))))
        states.remove(self._folder, unneeded)

    @patient
    def resumable(self, code: Mapping[str, str]) -> dict[str, Resumable]:
        """Of these jobs (key -> wanted code digest), those whose last run was interrupted with a checkpoint, by key."""
        with self.reading() as connection:
            return states.resumable(connection, code)

    @patient
    def packs(self, names: Collection[str]) -> dict[str, list[str]]:
        """The job keys of these packs, in the order in which they were trained."""
        with self.reading() as connection:
            return states.composition(connection, names)

    @patient
    def note_resumption(self, run_ids: Collection[int], *, epoch: int, exact: bool, why: str = "") -> None:
        """Store that runs were resumed after an epoch, and whether bit for bit as without the interruption."""
        with self.writing() as connection:
            states.note_resumption(connection, run_ids, {"epoch": epoch, "exact": exact, "why": why})

    @patient
    def finish(
        self, results: Sequence[Finished], *, claims: Sequence[Claim], last: Sequence[EpochRows] = ()
    ) -> set[int]:
        """Mark runs finished, store last epochs, predictions and parameters; returns the refused runs."""
        arrays = runs.stage(last)
        with self.writing() as connection:
            refused = runs.finish(connection, results, last, arrays, leases.tokens_of(claims))
            ended = {result.run_id for result in results} - refused
            unneeded = states.drop(connection, states.of_same_jobs(connection, ended))
        states.remove(self._folder, unneeded)
        return refused

    @patient
    def fail(self, claims: Sequence[Claim], *, failure_class: str, error: str) -> None:
        """Mark the runs of claims that are still held as failed; their jobs can be claimed again."""
        with self.writing() as connection:
            said = {"failure_class": failure_class, "error": without_password(error)}
            runs.end(connection, leases.tokens_of(claims), status="failed", **said)

    @patient
    def interrupt(self, claims: Sequence[Claim]) -> None:
        """Mark the runs of claims that are still held as interrupted; their jobs can be claimed again."""
        with self.writing() as connection:
            runs.end(connection, leases.tokens_of(claims), status="interrupted")

    # Reading results

    def cells(
        self,
        benchmark: str | None = None,
        *,
        select: str = "best-val",
        metrics: Collection[str] = (),
        names: Collection[str] = (),
    ) -> pd.DataFrame:
        """One row per job of a benchmark (default: the last one run), at its best validation epoch or its `last`.

        A job without an accepted run is a row without numbers. The accepted run is the newest finished one; where
        the jobs of one cell (dataset, variant, k, protocol) were run by several versions of the code, that of the
        newest run counts, and `frame.attrs["left_out"]` says which jobs this leaves out. `metrics` are further ones to
        have columns of, such as "r2": val_r2 and test_r2, null where they were not recorded; `names` are further
        stored numbers, such as "encoder/rmse": encoder_rmse. Errors are in units of the target scaled to [0, 1]; where
        `targets` is "raw", of the target itself. `tried` is the number of configurations from which a sweep chose the
        values of a job's cell, null where none did.
        """
        from regbench.store import frames

        with self.reading() as connection:
            return frames.cells(connection, benchmark, select_epoch=select, metrics=metrics, names=names)

    def conditions(self, benchmark: str) -> dict[str, tuple[dict[str, Any], frozenset[str]]]:
        """Protocol and network of each job of a benchmark, and the fields of them that a sweep chose; by job key."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.conditions(connection, benchmark)

    def best_by_test(self, benchmark: str, metric: str) -> dict[int, float]:
        """The lowest value of a metric over all epochs, by id of the accepted run that has every epoch."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.best_by_test(connection, benchmark, metric)

    def curves(
        self,
        benchmark: str | None = None,
        *,
        names: Collection[str] | None = None,
        datasets: Collection[str] | None = None,
        most_epochs: int | None = None,
    ) -> pd.DataFrame:
        """Every number of every epoch of the accepted runs, long: run_id ... epoch, name, value.

        With `most_epochs` about that many epochs of each run are read, evenly spaced, and `epochs` says how many.
        """
        from regbench.store import frames

        with self.reading() as connection:
            return frames.curves(connection, benchmark, names=names, datasets=datasets, most_epochs=most_epochs)

    def finished_run(self, key: str, code: str) -> FinishedRun:
        """The newest finished run of a job by one version of the code, with all its numbers."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.finished_run(connection, key, code)

    def predictions(self, run_id: int) -> dict[str, np.ndarray]:
        """The kept predictions (N, M) of a run by split, float32 in scaled units."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.predictions(connection, run_id)

    def parameters(self, run_id: int) -> dict[str, np.ndarray]:
        """The method parameters of a run at its best epoch, by name, float64; empty if the method has none."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.parameters(connection, run_id)

    def recorded(self, run_id: int) -> dict[int, dict[str, np.ndarray]]:
        """The arrays that a run recorded, float32, by epoch and name; empty if its protocol names no epoch for them.

        After the epochs of `keep_features`, of the first test rows: `features` (N, H), `targets` (N, M) and
        `predictions` (N, M), the last two in the units of the protocol; after these and the epochs of `keep_weights`,
        `weight` (K, H) of the last layer.
        """
        from regbench.store import frames

        with self.reading() as connection:
            return frames.recorded(connection, run_id)

    def status(self, benchmark: str | None = None, *, code: Mapping[str, str] | None = None) -> list[Standing]:
        """The progress of each benchmark on each dataset; with `code` (key -> digest) only runs of that code count."""
        with self.reading() as connection:
            return status.status(connection, benchmark, code)

    def watch(self, benchmark: str | None = None) -> Snapshot:
        """What is trained at this moment of a benchmark; by default, of all that are, and of the one run last."""
        with self.reading() as connection:
            return live.watch(connection, benchmark)

    def config(self, benchmark: str) -> dict[str, Any]:
        """The configuration a benchmark was last run with, as plain data; empty if the benchmark is unknown."""
        with self.reading() as connection:
            return grid.config(connection, benchmark)

    def benchmarks(self) -> pd.DataFrame:
        """Every benchmark, last run first: name, jobs, done, created, last_run."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.benchmarks(connection)

    def last_benchmark(self) -> str | None:
        """The benchmark that was run last; None in an empty store."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.last_benchmark(connection)

    def history(self) -> pd.DataFrame:
        """The times of finished runs of the newest code: medians of `seconds_per_epoch` and of a job's `setup_seconds`.

        One row per dataset, method, backbone, options, device and processor; `runs` is the number of runs.
        """
        from regbench.store import frames

        with self.reading() as connection:
            return frames.history(connection)

    def executions(
        self, benchmark: str | None = None, *, jobs: Collection[str] | None = None, status: str | None = None
    ) -> list[Execution]:
        """Every run, newest first: of a benchmark, of jobs (their keys), or with a status; by default all."""
        with self.reading() as connection:
            return executed.executions(connection, benchmark, jobs=jobs, status=status)

    def runs(self, benchmark: str | None = None, *, status: str | None = None) -> pd.DataFrame:
        """One row per run, newest first, whatever became of it: of a benchmark (default: all), or with a status.

        Columns: uuid, started and finished (UTC), the job's dataset ... backbone and key, status, attempt, epochs
        (trained), seconds, diverged_at (an epoch), failure_class, error, commit, dirty, code_digest, device, host,
        packed (jobs trained together; null if unknown), resumed (how often), and benchmarks (a list of names).
        """
        with self.reading() as connection:
            return executed.frame(connection, benchmark, status)

    def witnesses(self, jobs: Collection[str] | None = None) -> list[Pair]:
        """Every two finished runs of one job by the same code, and how their numbers differ; of all jobs, or some."""
        from regbench.store import witnesses

        with self.reading() as connection:
            return witnesses.pairs(connection, jobs)

    def configs(self, keys: Collection[str]) -> dict[str, Any]:
        """The configuration of stored jobs as plain data, by key."""
        with self.reading() as connection:
            return executed.configs(connection, keys)

    def dataset(self, digest: str) -> StoredDataset | None:
        """The dataset with this digest as it was used; None if it is not stored."""
        with self.reading() as connection:
            return executed.dataset(connection, digest)

    # Removal

    def would_remove(
        self, benchmark: str | None = None, *, runs: Collection[int] = (), statuses: Collection[str] = ()
    ) -> Removal:
        """What `remove` with the same arguments would take away."""
        with self.reading() as connection:
            return self._remove(connection, benchmark, runs, statuses, dry=True)[0]

    def remove(
        self, benchmark: str | None = None, *, runs: Collection[int] = (), statuses: Collection[str] = ()
    ) -> Removal:
        """Take away a benchmark with the jobs that only it has; or, without one, runs that have one of these statuses.

        Raises:
            InfrastructureError: jobs of the benchmark are being trained.
        """
        with self.writing() as connection:
            found, files = self._remove(connection, benchmark, runs, statuses, dry=False)
        states.remove(self._folder, files)
        return found

    @staticmethod
    def _remove(
        connection: Connection, benchmark: str | None, ids: Collection[int], statuses: Collection[str], *, dry: bool
    ) -> tuple[Removal, list[str]]:
        if benchmark is not None:
            return removal.remove_benchmark(connection, benchmark, dry=dry)
        return removal.remove_runs(connection, ids, statuses, dry=dry)

    def rename_benchmark(self, old: str, new: str) -> int:
        """Rename a stored benchmark, also where others took values from it; returns the number of its jobs."""
        with self.writing() as connection:
            return removal.rename(connection, old, new)

    def copy_aside(self, why: str) -> Path | None:
        """Make a copy of the SQLite file next to it, `regbench.db.WHY.bak`; None for a server, which has its own."""
        path = engine.file_of(self._engine.url)
        if path is None:
            return None
        with explained(self.place):
            return upgrade.copy_aside(path, why)

    @staticmethod
    def secure() -> None:
        """Send what is stored so far to a file on a network file system, if this process works on one in scratch."""
        scratch.send()

    def check(self) -> None:
        """Put back an SQLite file that was deleted or moved since it was opened."""
        if self._file and self._identity != vanished.identity(self._file):
            vanished.put_back(self._engine, self._file, self._log)
            with contextlib.closing(self._engine.raw_connection()):  # makes the log
                self._know_file()

    def _know_file(self) -> None:
        self._identity = vanished.identity(self._file) if self._file else None
        self._log = vanished.identity(vanished.log(self._file)) if self._file else None

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction with a consistent snapshot of the store; for the modules of this package."""
        self.check()
        with explained(self.place), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; for the modules of this package."""
        assert not self.read_only, "this store was opened for reading only"
        self.check()
        with (
            explained(self.place),
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            yield connection
        if self._file and self._identity != vanished.identity(self._file):
            theirs = self._file.exists()  # put back by another process, without what was just written
            self.check()
            if theirs:
                raise PassingError(f"database {self.place}: it was put back while this was written")
