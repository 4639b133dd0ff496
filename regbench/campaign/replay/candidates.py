"""The finished jobs of a store that can be trained again, and why others cannot."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from regbench import catalog, kinds
from regbench.analysis import order
from regbench.analysis.aggregate import null, records
from regbench.campaign import tables
from regbench.errors import UsageError
from regbench.job import Job
from regbench.owntables import NAMED
from regbench.runner.present import Present

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.store import Store

CELL = ("dataset", "digest", "variant", "k", "backbone", "protocol")  # what all seeds of a cell share


@dataclass(frozen=True)
class Candidate:
    """A job with a finished run, at its place in a benchmark; `variant` is its label in tables."""

    job: Job
    benchmark: str
    variant: str

    @property
    def kind(self) -> tuple[str, str]:
        """What a sample is spread over."""
        return self.job.dataset, self.job.method


class Cells:
    """The cells of the benchmarks of a store, read when they are needed."""

    def __init__(self, store: "Store") -> None:
        self.store = store
        self._frames: dict[str, DataFrame] = {}

    def of(self, benchmark: str) -> "DataFrame":
        """The cells of one benchmark, with the metrics that decide in it."""
        if benchmark not in self._frames:
            frame = self.store.cells(benchmark)
            decide = [name.removeprefix("val/") for name in frame.attrs["decides"]]
            if any(f"val_{name}" not in frame for name in decide):
                frame = self.store.cells(benchmark, metrics=decide)
            self._frames[benchmark] = frame
        return self._frames[benchmark]

    def finished(self, frame: "DataFrame") -> Iterator[Candidate]:
        """The jobs of some rows of `of` that have an accepted run, each once."""
        rows = records(frame[frame["run_id"].notna()].drop_duplicates("job_key"))
        configs = self.store.configs([row["job_key"] for row in rows])
        for row in rows:
            yield Candidate(Job.from_config(configs[row["job_key"]]), row["benchmark"], row["variant"])

    def others(self, candidate: Candidate) -> "DataFrame":
        """The rows of the other seeds of its cell that have an accepted run."""
        frame = self.of(candidate.benchmark)
        own = (frame["job_key"] == candidate.job.key) & (frame["variant"] == candidate.variant)
        (row,) = records(frame[own].iloc[:1])
        same = frame["run_id"].notna() & (frame["seed"] != row["seed"])
        for name in CELL:
            same &= frame[name].isna() if null(row[name]) is None else (frame[name] == row[name]).fillna(value=False)
        return frame[same].drop_duplicates("seed")


class Obstacles:
    """Why jobs cannot be trained again here."""

    def __init__(self, store: "Store") -> None:
        self._present = Present.now()
        self._sources = store.dataset_sources()
        self._db = store.url
        self._here: dict[str, bool] = {}

    def of(self, job: Job) -> str | None:
        """The obstacle of a job besides its data, in words; None without one."""
        self._know(job.dataset)
        lacking = self._present.lacks_code(job) or self._present.lacks_data(job)
        if lacking:
            return lacking
        missing = _uninstalled(job.method)
        return f"{job.method} needs the package {missing}: {kinds.way_to_install(missing)}" if missing else None

    def has_data(self, job: Job) -> bool:
        """Whether the data of a job are on this machine."""
        from regbench import data

        if job.dataset not in self._here:
            self._here[job.dataset] = data.is_here(catalog.load("datasets", job.dataset), job.dataset)
        return self._here[job.dataset]

    def _know(self, dataset: str) -> None:
        """Add a table of the user's own to the catalog, if its file still has the same numbers."""
        if dataset in self._present.digests or dataset not in self._sources or not NAMED.fullmatch(dataset):
            return
        try:
            tables.again(dataset, self._db)
        except UsageError:
            del self._sources[dataset]
        else:
            self._present = Present.now()


@cache
def _uninstalled(method: str) -> str | None:
    """The first package that a method needs and that is not installed."""
    return next((name for name, version in kinds.libraries(method) if not version), None)


def named(candidate: Candidate) -> str:
    """A job in words: `CA soft_binning k=25 seed=0`."""
    job = candidate.job
    at = "" if null(job.k) is None else f" k={job.k}"
    return f"{order.alias(job.dataset)} {candidate.variant}{at} seed={job.seed}"
