"""Try a user's method, loss or regularizer: train only its row, and compare it with runs that are here already.

What it is compared with are runs of the same benchmark: of the database, and where it has none, published ones of the
very same jobs, so that data, split, seeds, protocol and network are equal.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

from regbench import catalog, config, variants
from regbench.campaign.choosing import Wanted, choose
from regbench.campaign.kept import kept_rows
from regbench.campaign.places import database, is_there, published
from regbench.campaign.plugins import Defined
from regbench.config import Benchmark
from regbench.errors import NothingMeasured, UsageError

if TYPE_CHECKING:
    from pandas import DataFrame

    from regbench.analysis import Comparison

BENCHMARK = "bridges-fixed"  # its published runs have every usual method on seven tables
AGAINST = ("lsq", "soft_binning")  # of these, what the benchmark has
METRIC, UNSEEN, CRPS = "rmse", "unseen/rmse", "crps"


@dataclass(frozen=True)
class Trial:
    """What is tried, and what it is compared with.

    label: its row, such as `my_loss` or `lsq+my_term`.
    benchmark: the variant of the benchmark that has this row too; only the row's jobs pass its filters.
    against: the rows that it is compared with, as they are labelled.
    k: the bins of rows that have some.
    """

    label: str
    benchmark: Benchmark
    against: tuple[str, ...]
    k: int


@dataclass(frozen=True)
class Verdict:
    """How the row compares, on every metric that both sides have.

    comparisons, crps, unseen: one comparison per row that it was compared with, of RMSE, of CRPS, and of RMSE on rows
        whose inputs no training row has; the last two are empty where nothing is to be said.
    cells: of the row and the others, on the same datasets and seeds.
    sources: where the runs of the others are from.
    """

    trial: Trial
    comparisons: tuple["Comparison", ...]
    cells: "DataFrame" = field(repr=False)
    crps: tuple["Comparison", ...] = ()
    unseen: tuple["Comparison", ...] = ()
    sources: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """The verdict as plain data."""
        return {
            "benchmark": self.trial.benchmark.name,
            "row": self.trial.label,
            "against": self.trial.against,
            "comparisons": [each.data() for each in self.comparisons],
            "crps": [each.data() for each in self.crps],
            "unseen": [each.data() for each in self.unseen],
            "sources": self.sources,
        }


def trial(
    defined: Defined, wanted: Wanted, *, base: str = "lsq", settings: str = "", against: Sequence[str] = ()
) -> Trial:
    """The benchmark with only the jobs of the user's row, and the rows to compare it with.

    Args:
        defined: what the user's file defines.
        wanted: the benchmark and filters of its jobs; without a name, the first paper's benchmark without its images.
        base: the method that a part is added to.
        settings: of the row in brackets, such as `[scale=0.5]`.
        against: rows of the benchmark; by default the usual ones that it has.

    Raises:
        UsageError: a name that is not known, or that the benchmark does not have.
    """
    label = config.parse_variant(f"{defined.label(base)}{settings}").label
    name = next(iter(wanted.names), BENCHMARK)
    (found,) = choose(replace(wanted, names=[name], methods=[label]))
    if found.sweep or found.choose:
        raise UsageError(f"{found.name} takes values from a sweep, and a row is tried at its defaults: try {BENCHMARK}")
    if not wanted.names and not wanted.datasets:
        found = config.filter_jobs(found, datasets=_tables(found))
    k = _bins(found)
    found = config.filter_jobs(found, k=[k]) if k and any(job.k for job in found.jobs) else found
    return Trial(label, found, _against(found, label, against, name), k)


def _tables(benchmark: Benchmark) -> list[str]:
    """The datasets of a benchmark that are no images."""
    names = dict.fromkeys(job.dataset for job in benchmark.jobs)
    return [name for name in names if not isinstance(catalog.entry("datasets", name).arguments["inputs"], tuple)]


def _bins(benchmark: Benchmark) -> int:
    """The usual number of bins if the benchmark has it, else its largest; 0 if nothing in it has bins."""
    known = {job.k for job in benchmark.whole if job.k}
    return variants.DEFAULT_K if variants.DEFAULT_K in known else max(known, default=0)


def _against(benchmark: Benchmark, label: str, asked: Sequence[str], name: str) -> tuple[str, ...]:
    """The labels of the rows to compare with; each must be in the benchmark."""
    known = {benchmark.label(job) for job in benchmark.whole} - {label}
    if not asked:
        usual = tuple(row for row in AGAINST if row in known) or tuple(sorted(known)[:1])
        if not usual:
            raise UsageError(f"{name} has no other row that {label} could be compared with")
        return usual
    labels = tuple(dict.fromkeys(config.parse_variant(row).label for row in asked))
    for row in labels:
        if row not in known:
            raise UsageError(f"--against {row}: {name} has {', '.join(sorted(known)) or 'no other row'}")
    return labels


def check_others(of: Trial, db: str, beside: str | None) -> None:
    """Refuse a trial that could be compared with nothing, before anything is trained; arguments as for `judge`."""
    mine = {(job.dataset, job.seed) for job in of.benchmark.jobs}
    others = [job for job in of.benchmark.whole if of.benchmark.label(job) in of.against and job.k in (None, of.k)]
    keys = [job.key for job in others if (job.dataset, job.seed) in mine]
    if is_there(db):
        with database(db) as store:
            if store.executions(jobs=keys, status="finished"):
                return
    from regbench import store as stores

    place = _place(beside)
    if place is None or not stores.holding(place, keys):
        raise NothingMeasured(_nothing(of, place))


def judge(of: Trial, db: str, beside: str | None, warn: Callable[[str], None] = lambda _: None) -> Verdict:
    """Compare the row with the others.

    Args:
        of: what was tried.
        db: the result database.
        beside: a folder of exports, "published" for those that a checkout of regbench has, or None for none.
        warn: called with a line on each export that cannot be read.

    Raises:
        NothingMeasured: the row, or all others, have no finished run.
    """
    from regbench import analysis
    from regbench.analysis import same_jobs

    with database(db) as store:
        cells = store.cells(of.benchmark.name, metrics=[UNSEEN])
        jobs = same_jobs.beside(cells, [of.label, *of.against], of.label, k=of.k or None)
        if jobs.empty:
            raise NothingMeasured(f"no run of {of.label} is finished; a larger --budget may train one")
        lacking, place = same_jobs.lacking(jobs), _place(beside)
        found = _elsewhere(place, lacking, warn) if place and lacking else []
        rows = same_jobs.finished(same_jobs.filled(jobs, found))
        rows.attrs["left_out"] = []
        here = [name for name in of.against if (rows["variant"] == name).any()]
        if not here:
            raise NothingMeasured(_nothing(of, place))
        kept = kept_rows(store)

        def own(job: Any) -> Any:
            return None if job["run_id"] < 0 else kept(job)

        def compared(frame: "DataFrame", metric: str) -> tuple["Comparison", ...]:
            column = f"test_{metric}"
            frame = frame[frame[column].notna() | frame["diverged"]] if metric != METRIC else frame
            both = [name for name in here if set(frame["variant"]) >= {of.label, name}]
            options: dict[str, Any] = {"metric": metric, "kept": own, "k": [of.k] if of.k else []}
            return tuple(analysis.compare(frame, of.label, name, **options) for name in both)

        scored = bool(rows.loc[rows["variant"] == of.label, "test_crps"].notna().any())
        return Verdict(
            trial=of,
            comparisons=compared(rows, METRIC),
            cells=rows,
            crps=compared(same_jobs.with_point_scores(rows), CRPS) if scored else (),
            unseen=compared(rows, UNSEEN),
            sources=_sources(of, here, rows),
        )


def _place(beside: str | None) -> Path | None:
    """The folder of published runs; None if none is wanted, or regbench came without."""
    if beside is None:
        return None
    try:
        return published(beside)
    except NothingMeasured:
        return None


def _elsewhere(place: Path, keys: Sequence[str], warn: Callable[[str], None]) -> list[tuple[str, Any]]:
    """The cells of all benchmarks in the exports that hold any of these jobs, by place."""
    from regbench import store

    found, lacking = [], set(keys)
    for folder, held in store.holding(place, keys).items():
        if not held & lacking:
            continue
        with store.opened(folder, store.DISTILLED) as (opened, left_alone):
            for line in left_alone:
                warn(f"left alone: {line}")
            names = [str(name) for name in opened.benchmarks()["name"]]
            cells = [opened.cells(name, metrics=[UNSEEN]) for name in names]
        found += [(str(folder), each) for each in cells]
        lacking -= {str(key) for each in cells for key in each.loc[each["run_id"].notna(), "job_key"]}
    return found


def _nothing(of: Trial, place: Path | None) -> str:
    rows, part = " and ".join(of.against), variants.read_part(of.benchmark.name)
    name = quote(variants.write(part.name, [pair for pair in part.settings if pair[0] != "method"]))
    where = f"neither in the database nor in {place}" if place else "not in the database"
    return (
        f"{of.label} could be compared with nothing: runs of {rows} on the same jobs are {where}; "
        f"`regbench run {name} --method {of.against[0]}` trains them, or --with DIR names a folder of exports"
    )


def _sources(of: Trial, here: Sequence[str], rows: "DataFrame") -> tuple[str, ...]:
    """A line on where the runs of each other row are from, and one on rows that have none."""
    from regbench.analysis.same_jobs import ELSEWHERE

    said = []
    for name in here:
        places = rows.loc[rows["variant"] == name, ELSEWHERE].value_counts()
        parts = [f"{count} from {place or 'this database'}" for place, count in places.items()]
        said.append(f"runs of {name}: {', '.join(parts)}")
    lacking = [name for name in of.against if name not in here]
    return (*said, *([f"no run of {', '.join(lacking)} on the same jobs, here or published"] if lacking else []))
