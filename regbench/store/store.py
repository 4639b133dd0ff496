"""The store: results in one SQLite file, or on a PostgreSQL server, as benchmarks, jobs, runs and their numbers.

Each method is one transaction. Writers and readers may be many processes; nobody waits for a reader.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from sqlalchemy import Connection, Engine

from regbench.job import Job
from regbench.store import adoptions, choices, engine, leases, runs, status, upgrade
from regbench.store import checkpoints as states
from regbench.store import jobs as grid
from regbench.store.trouble import explained, reachable
from regbench.store.values import (
    Adoption,
    Checkpoint,
    Choice,
    Claim,
    EpochRows,
    Finished,
    FinishedRun,
    Member,
    Resumable,
    Score,
    Standing,
    Trained,
)

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class Store:
    """Every read and write of results; `Store.open` gives one."""

    def __init__(self, connections: Engine, *, read_only: bool) -> None:
        self._engine = connections
        self.read_only = read_only
        self.place = upgrade.where(connections.url)
        self._folder = engine.folder_beside(connections.url)

    @classmethod
    def open(cls, url: str | Path, *, read_only: bool = False) -> Store:
        """The store at a path or SQLAlchemy URL; made, or upgraded after copying it aside, unless only read."""
        located = engine.locate(url)
        connections = engine.connect(located, read_only=read_only)
        try:
            place = upgrade.where(located)
            with explained(place), reachable(f"database {place}"):
                if located.get_backend_name() == "sqlite":
                    engine.refuse_network(Path(located.database or ""))
                if read_only:
                    upgrade.require_current(connections)
                else:
                    upgrade.bring_up_to_date(connections)
        except BaseException:
            connections.dispose()
            raise
        return cls(connections, read_only=read_only)

    @property
    def url(self) -> str:
        """The address by which another process opens the same store."""
        return self._engine.url.render_as_string(hide_password=False)

    def close(self) -> None:
        """Let go of the file or the server."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What is to be done

    def add_benchmark(self, name: str, config: Mapping[str, Any], jobs: Sequence[Member | tuple[Job, str]]) -> None:
        """Add jobs, each with its row's label, to a benchmark; it counts as run now.

        With the same `config` jobs are only ever added, so that a filtered run takes none away; with another one the
        benchmark's list starts anew. Runs are kept whatever happens.
        """
        with self.writing() as connection:
            members = [each if isinstance(each, Member) else Member(*each) for each in jobs]
            grid.add_benchmark(connection, name, config, members)

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
        """Remember a dataset as it was used; one of the same digest is left as it is."""
        columns = {
            "digest": digest,
            "name": name,
            "sizes": [int(each) for each in sizes],
            "inputs": inputs if isinstance(inputs, int) else [int(each) for each in inputs],
            "target_low": [float(each) for each in target_low],
            "target_high": [float(each) for each in target_high],
            "source": source,
            "licence": licence,
        }
        with self.writing() as connection:
            grid.add_dataset(connection, **columns)

    def done(self, code: Mapping[str, str]) -> set[str]:
        """Of these jobs (key -> wanted code digest), the keys of those with a finished run of that code."""
        with self.reading() as connection:
            return grid.done(connection, code)

    def outgrown(self, code: Mapping[str, str]) -> dict[str, str | None]:
        """Of these jobs, those that only runs of other code have finished, each with that code's commit, if known."""
        with self.reading() as connection:
            return grid.outgrown(connection, code)

    def failed(self, code: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """Class and message by key of the jobs whose last run of the wanted code has failed."""
        with self.reading() as connection:
            return grid.failed(connection, code)

    def trained(self, code: Mapping[str, str]) -> dict[str, int]:
        """Of these jobs (key -> wanted code digest), the epochs that runs of that code have trained so far."""
        with self.reading() as connection:
            return status.trained(connection, code)

    def target_ranges(self) -> dict[str, tuple[list[float], list[float]]]:
        """Lowest and highest training target (M,) of each dataset, by its digest: what its targets were scaled by."""
        with self.reading() as connection:
            return grid.target_ranges(connection)

    def block(self, reasons: Mapping[str, str]) -> None:
        """Say of every job of a dataset or method why it cannot run (its name -> why)."""
        with self.writing() as connection:
            grid.block(connection, reasons)

    # What other code has trained

    def trained_by(self) -> list[Trained]:
        """Every job with a finished run, once for each version of the code that finished one."""
        with self.reading() as connection:
            return adoptions.trained(connection)

    def adopt(self, found: Sequence[Adoption]) -> None:
        """Remember that code computes the same: from now on runs of the one count as runs of the other."""
        with self.writing() as connection:
            adoptions.add(connection, found)

    def adoptions(self) -> list[Adoption]:
        """Every adoption, the first made first."""
        with self.reading() as connection:
            return adoptions.known(connection)

    def codes(self) -> adoptions.Codes:
        """Which digests of code stand for the same numbers."""
        with self.reading() as connection:
            return adoptions.Codes.of(connection)

    # What was chosen

    def scores(self, code: Mapping[str, str], by: str) -> dict[str, Score]:
        """A validation metric at the best epoch of the jobs (key -> wanted code digest) that are done, by key."""
        with self.reading() as connection:
            return choices.scores(connection, code, by)

    def chosen(self, benchmark: str) -> dict[tuple[str, str, int | None], Choice]:
        """The choices of a benchmark, by cell: dataset, row, k."""
        with self.reading() as connection:
            return choices.chosen(connection, benchmark)

    def choose(self, benchmark: str, made: Sequence[Choice], *, again: bool = False) -> None:
        """Keep the choices that were made for a stored benchmark; one that is there already stays, unless `again`."""
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

    # Who works on what

    def claim(
        self,
        code: Mapping[str, str],
        *,
        owner: str,
        lease_s: float,
        environment: Mapping[str, Any],
        device: str,
    ) -> list[Claim]:
        """Take the jobs (key -> code digest) that are neither done nor leased to a live other, and open a run for each.

        All at once or not at all. A run that a dead owner left behind is marked interrupted.
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

    def renew(self, claims: Sequence[Claim], *, lease_s: float) -> set[int]:
        """Lengthen the leases that are still ours; gives their run ids."""
        with self.writing() as connection:
            return leases.renew(connection, claims, lease_s=lease_s)

    def owners(self) -> set[str]:
        """Everybody who holds a lease, run out or not."""
        with self.reading() as connection:
            return leases.owners(connection)

    def release(self, dead: Collection[str]) -> None:
        """Take every lease from owners known to be dead, without waiting for it to run out."""
        with self.writing() as connection:
            leases.release(connection, dead)

    # What workers write

    def write(
        self, epochs: Sequence[EpochRows], *, claims: Sequence[Claim], checkpoints: Sequence[Checkpoint] = ()
    ) -> set[int]:
        """Store what was measured, and in the same transaction the state that explains it.

        Gives the runs that were refused, because somebody else has taken their job.
        """
        with explained(self.place):
            staged = states.stage(self._folder, checkpoints)
        tokens = leases.tokens_of(claims)
        with self.writing() as connection:
            refused = runs.write(connection, epochs, tokens, {each.run_id for each in checkpoints})
            unneeded = states.save(connection, staged, {each.run_id for each in checkpoints} - refused)
        states.remove(self._folder, unneeded)
        return refused

    def checkpoint(self, run_id: int) -> bytes:
        """The state after the last epoch that was written with one."""
        with self.reading() as connection:
            return states.load(connection, self._folder, run_id)

    def resumable(self, code: Mapping[str, str]) -> dict[str, Resumable]:
        """Of these jobs (key -> wanted code digest), those whose last run was interrupted and can go on, by key."""
        with self.reading() as connection:
            return states.resumable(connection, code)

    def packs(self, names: Collection[str]) -> dict[str, list[str]]:
        """The keys of the jobs of these packs, in the order in which they were trained."""
        with self.reading() as connection:
            return states.composition(connection, names)

    def note_resumption(self, run_ids: Collection[int], *, epoch: int, exact: bool, why: str = "") -> None:
        """Remember that runs went on after an epoch, and whether just as if they had never stopped."""
        with self.writing() as connection:
            states.note_resumption(connection, run_ids, {"epoch": epoch, "exact": exact, "why": why})

    def finish(
        self, results: Sequence[Finished], *, claims: Sequence[Claim], last: Sequence[EpochRows] = ()
    ) -> set[int]:
        """Mark runs finished, with their last epochs, predictions and parameters; gives the runs that were refused."""
        with self.writing() as connection:
            refused = runs.finish(connection, results, last, leases.tokens_of(claims))
            ended = {each.run_id for each in results} - refused
            unneeded = states.drop(connection, states.of_same_jobs(connection, ended))
        states.remove(self._folder, unneeded)
        return refused

    def fail(self, claims: Sequence[Claim], *, failure_class: str, error: str) -> None:
        """Mark the runs of claims that are still ours failed, and why; their jobs may be claimed again."""
        with self.writing() as connection:
            runs.end(connection, leases.tokens_of(claims), status="failed", failure_class=failure_class, error=error)

    def interrupt(self, claims: Sequence[Claim]) -> None:
        """Mark the runs of claims that are still ours interrupted; their jobs may be claimed again."""
        with self.writing() as connection:
            runs.end(connection, leases.tokens_of(claims), status="interrupted")

    # What others read

    def cells(
        self, benchmark: str | None = None, *, select: str = "best-val", metrics: Collection[str] = ()
    ) -> pd.DataFrame:
        """One row per job of a benchmark (default: the last one run), at its best validation epoch or its `last`.

        A job without an accepted run is a row without numbers. The accepted run is the newest finished one; where
        the jobs of one cell (dataset, variant, k, protocol) were run by several versions of the code, that of the
        newest run counts, and `frame.attrs["left_out"]` says which jobs this leaves out. `metrics` are further ones to
        have columns of, such as "r2": val_r2 and test_r2, null where they were not recorded.
        """
        from regbench.store import frames

        with self.reading() as connection:
            return frames.cells(connection, benchmark, select_epoch=select, metrics=metrics)

    def curves(
        self,
        benchmark: str | None = None,
        *,
        names: Collection[str] | None = None,
        datasets: Collection[str] | None = None,
    ) -> pd.DataFrame:
        """Every number of every epoch of the accepted runs, long: run_id ... epoch, name, value."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.curves(connection, benchmark, names=names, datasets=datasets)

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
        """What the method of a run had learnt at its best epoch, by name, float64; empty where it learns nothing."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.parameters(connection, run_id)

    def status(self, benchmark: str | None = None, *, code: Mapping[str, str] | None = None) -> list[Standing]:
        """How far each benchmark is on each dataset; with `code` (key -> digest) only runs of that code count."""
        with self.reading() as connection:
            return status.status(connection, benchmark, code)

    def config(self, benchmark: str) -> dict[str, Any]:
        """The entry of the file that a benchmark was last run with, as plain data; empty where it is not here."""
        with self.reading() as connection:
            return grid.config(connection, benchmark)

    def benchmarks(self) -> pd.DataFrame:
        """Every benchmark, the one run last first: name, jobs, done, created, last_run."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.benchmarks(connection)

    def last_benchmark(self) -> str | None:
        """The benchmark that was run last; None in an empty store."""
        from regbench.store import frames

        with self.reading() as connection:
            return frames.last_benchmark(connection)

    def history(self) -> pd.DataFrame:
        """What finished runs of the newest code took: medians of `seconds_per_epoch` and a job's `setup_seconds`.

        One row by dataset, method, backbone, its options, device and processor; `runs` says of how many.
        """
        from regbench.store import frames

        with self.reading() as connection:
            return frames.history(connection)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the store; for the modules beside this one."""
        with explained(self.place), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; for the modules beside this one."""
        assert not self.read_only, "this store was opened for reading only"
        with (
            explained(self.place),
            self._engine.connect().execution_options(writing=True) as connection,
            connection.begin(),
        ):
            yield connection
