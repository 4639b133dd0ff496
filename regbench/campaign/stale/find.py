"""Find the finished jobs that no run of the present code, or of code shown to compute the same, has finished."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regbench.job import Job
from regbench.kinds import code_digest
from regbench.kinds.imported import is_imported
from regbench.runner.present import Present

if TYPE_CHECKING:
    from regbench.store import Adoption, Execution, Store
    from regbench.store.adoptions import Codes


@dataclass(frozen=True)
class Base:
    """A version of the code: its digest, its commit, whether files differed from it, and versions of libraries."""

    code: str
    commit: str | None
    dirty: bool
    libraries: Mapping[str, str]


@dataclass(frozen=True)
class Outgrown:
    """Finished jobs of one method that one version of the code has finished last, and the present one never.

    row: the method with its parts, without settings.
    old, new: digests of the code; no new one if the present code cannot train them.
    commit, dirty: where the newest of their runs was executed from.
    base: the version that `stale --why` compares with the present one: the newest that was shown to compute the same.
    why: what the present catalog lacks; empty if only the code differs.
    """

    row: str
    backbone: str
    old: str
    new: str | None
    commit: str | None
    dirty: bool
    base: Base
    why: str
    jobs: tuple[Job, ...]

    @property
    def datasets(self) -> list[str]:
        """The datasets of the jobs, sorted."""
        return sorted({job.dataset for job in self.jobs})

    def data(self) -> dict[str, Any]:
        """The group as plain data."""
        return {
            "method": self.row,
            "backbone": self.backbone,
            "code": self.old,
            "present_code": self.new,
            "commit": self.commit,
            "dirty": self.dirty,
            "compared_commit": self.base.commit,
            "why": self.why or None,
            "datasets": self.datasets,
            "jobs": [job.key for job in self.jobs],
        }


@dataclass(frozen=True)
class Stale:
    """The finished jobs by whether the present code has outgrown them, and the number adopted from other code."""

    groups: tuple[Outgrown, ...]
    current: int
    adopted: int

    @property
    def jobs(self) -> int:
        """The number of jobs that are outgrown."""
        return sum(len(group.jobs) for group in self.groups)


def find(store: "Store", benchmark: str | None = None, *, methods: Collection[str] = ()) -> Stale:
    """Sort the finished jobs of a benchmark, or of all, by method, code and reason."""
    codes, here, adoptions = store.codes(), Present.now(), store.adoptions()
    groups: dict[tuple[str, str, str, str | None, str], list[tuple[Job, Execution]]] = defaultdict(list)
    current = adopted = 0
    for runs in _by_job(store.executions(benchmark, status="finished")):
        job = Job.from_config(runs[0].config)
        if is_imported(job) or (methods and job.method not in methods):
            continue
        new = None if here.lacks_code(job) else code_digest(job)
        why = here.lacks_code(job) or _other_data(here, job) or ""
        same = [run for run in runs if new and codes.same(new, run.code_digest)]
        if same and not why:
            current += 1
            adopted += all(run.code_digest != new for run in same)
        else:
            last = (same or runs)[0]
            groups[_row(job), job.backbone, last.code_digest, new, why].append((job, last))
    found = [_group(*place, some, adoptions, codes) for place, some in groups.items()]
    return Stale(tuple(sorted(found, key=lambda group: (group.row, group.backbone, group.old))), current, adopted)


def stale_runs(store: "Store", benchmark: str | None = None) -> list[int]:
    """The finished runs of other code than the present one, also of jobs that this one has finished since.

    Runs that the present code could not repeat are left out: nothing could bring them back.
    """
    codes, here = store.codes(), Present.now()
    found = []
    for runs in _by_job(store.executions(benchmark, status="finished")):
        job = Job.from_config(runs[0].config)
        if not (here.lacks_code(job) or here.lacks_data(job)):
            found += _of_other_code(runs, code_digest(job), codes)
    return found


def _of_other_code(runs: "Iterable[Execution]", present: str, codes: "Codes") -> list[int]:
    return [run.run_id for run in runs if not codes.same(present, run.code_digest)]


def _by_job(runs: "Iterable[Execution]") -> "Iterable[list[Execution]]":
    """The runs of each job, newest first."""
    found: dict[str, list[Execution]] = defaultdict(list)
    for run in runs:
        found[run.key].append(run)
    return found.values()


def _other_data(here: Present, job: Job) -> str | None:
    """What is wrong with the data; a table of the user's own that is not named here may be as it was."""
    return here.lacks_data(job) if job.dataset in here.digests else None


def _row(job: Job) -> str:
    return "+".join([job.method, *(part.name for part in job.parts)])


def _group(
    row: str,
    backbone: str,
    old: str,
    new: str | None,
    why: str,
    some: "list[tuple[Job, Execution]]",
    adoptions: "Sequence[Adoption]",
    codes: "Codes",
) -> Outgrown:
    newest = max((run for _, run in some), key=lambda run: (run.started, run.run_id))
    own = Base(old, newest.commit, newest.dirty, newest.environment.get("libraries", {}))
    return Outgrown(
        row=row,
        backbone=backbone,
        old=old,
        new=new,
        commit=newest.commit,
        dirty=newest.dirty,
        base=_newest_alike(old, adoptions, codes) or own,
        why=why,
        jobs=tuple(job for job, _ in some),
    )


def _newest_alike(code: str, adoptions: "Sequence[Adoption]", codes: "Codes") -> Base | None:
    """The code for which it was shown last that it computes the same, if its commit is known."""
    for adoption in reversed(adoptions):
        told = adoption.evidence
        if codes.same(code, adoption.new) and told.get("commit"):
            return Base(adoption.new, told["commit"], bool(told.get("dirty")), told.get("libraries", {}))
    return None
