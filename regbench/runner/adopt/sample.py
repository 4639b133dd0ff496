"""Choose the jobs to train with both codes: the cheapest one for each pair of digests and kind of dataset.

With a regularizer it is two jobs, of two seeds or two weights, as runs train them: older code rounds the products of
one alone differently.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from regbench import catalog, data
from regbench.errors import DataUnavailable
from regbench.job import Job, Pack
from regbench.kinds import code_digest, is_ours, of
from regbench.runner.plan.cost import epoch_cost
from regbench.runner.present import Present
from regbench.store import Trained
from regbench.store.adoptions import Codes


@dataclass(frozen=True)
class Pair:
    """The digests of the code that trained some jobs and of the present code of these jobs."""

    old: str
    new: str


def outgrown(trained: Iterable[Trained], codes: Codes, methods: Collection[str] = ()) -> dict[Pair, list[Job]]:
    """The jobs that only other code has finished, by that code and the present one.

    Jobs are left out if the present code cannot train them: if the catalog no longer has their method with the same
    settings, or one of its parts, or no longer has the same dataset.
    """
    here = Present.now()
    found: dict[Pair, list[Job]] = defaultdict(list)
    current = set()
    for record in trained:
        job = record.job
        if not is_ours(job.method) or here.lacks_code(job) or here.lacks_data(job):  # our code computes no command
            continue
        if methods and job.method not in methods:
            continue
        present = code_digest(job)
        if codes.same(present, record.code):
            current.add(job)
        else:
            found[Pair(record.code, present)].append(job)
    left = {pair: [job for job in jobs if job not in current] for pair, jobs in found.items()}
    return {pair: jobs for pair, jobs in left.items() if jobs}


def sample(jobs: Mapping[Pair, Sequence[Job]]) -> dict[Pair, list[Job]]:
    """For each pair and each kind of dataset, the cheapest job whose dataset is available here.

    Jobs of different methods and seeds then share packs, as they do in a run.

    Raises:
        DataUnavailable: no dataset of a kind is available here.
    """
    here: dict[str, bool] = {}
    found: dict[Pair, list[Job]] = {}
    for pair, its_jobs in jobs.items():
        kinds: dict[object, list[Job]] = defaultdict(list)
        for job in sorted(its_jobs, key=lambda job: (job.protocol.epochs * epoch_cost(job), job.key)):
            kinds[kind_of_code(job)].append(job)
        found[pair] = [job for alike in kinds.values() for job in _with_company(_cheapest(alike, here), alike)]
    return found


def packs(jobs: Iterable[Job]) -> list[list[Job]]:
    """Group jobs that are executed together."""
    groups: dict[object, list[Job]] = defaultdict(list)
    for job in dict.fromkeys(jobs):
        groups[Pack.group(job) if of(job.method).is_packed else job.key].append(job)
    return list(groups.values())


def kind_of_code(job: Job) -> tuple[object, ...]:
    """The properties that determine which code is used: images or columns, targets, protocol, settings of parts."""
    about = catalog.entry("datasets", job.dataset).arguments
    protocol = job.protocol
    return (
        *(isinstance(about["inputs"], tuple), bool(about.get("targets"))),
        *(protocol.split, protocol.optimizer, protocol.schedule, protocol.inputs, protocol.targets),
        *(bool(protocol.evaluate_every), bool(protocol.init_std), bool(protocol.clip)),
        *(bool(protocol.patience), bool(protocol.label_noise)),
        *((part.name, part.static) for part in job.parts),
    )


def _with_company(job: Job, jobs: Iterable[Job]) -> list[Job]:
    """The job, and if it has parts another one that a run computes at once with it, where there is one."""
    if not job.parts:
        return [job]
    head = (Pack.group(job), Pack.head(job))
    others = (other for other in jobs if other != job and (Pack.group(other), Pack.head(other)) == head)
    return [job, *islice(others, 1)]


def _cheapest(jobs: Sequence[Job], here: dict[str, bool]) -> Job:
    """The first job whose dataset is available here; `here` stores which datasets are."""
    for job in jobs:
        if job.dataset not in here:
            here[job.dataset] = data.is_here(catalog.load("datasets", job.dataset), job.dataset)
        if here[job.dataset]:
            return job
    wanted = ", ".join(dict.fromkeys(job.dataset for job in jobs))
    raise DataUnavailable(
        f"one of {wanted} is needed to compare the two codes: `regbench data fetch {jobs[0].dataset}`"
    )
