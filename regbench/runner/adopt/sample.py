"""Which jobs are trained with both codes: one for each pair of digests and kind of dataset, the cheapest."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from regbench import catalog, data
from regbench.errors import DataUnavailable
from regbench.job import Job, Pack
from regbench.kinds import code_digest, of
from regbench.runner.plan.cost import epoch_cost
from regbench.store import Trained
from regbench.store.adoptions import Codes


@dataclass(frozen=True)
class Pair:
    """Code that trained jobs, by digest, and the present code of these jobs."""

    old: str
    new: str


def outgrown(trained: Iterable[Trained], codes: Codes, methods: Collection[str] = ()) -> dict[Pair, list[Job]]:
    """The jobs that only other code has finished, by that code and the present one.

    Left out are jobs of methods and datasets that the catalog no longer has, or has with another content.
    """
    known = {*catalog.rows()}
    digests = {name: catalog.entry("datasets", name).arguments["digest"] for name in catalog.names("datasets")}
    found: dict[Pair, list[Job]] = defaultdict(list)
    current = set()
    for each in trained:
        job = each.job
        if job.method not in known or digests.get(job.dataset) != job.digest or (methods and job.method not in methods):
            continue
        present = code_digest(job)
        if codes.same(present, each.code):
            current.add(job)
        else:
            found[Pair(each.code, present)].append(job)
    left = {pair: [job for job in jobs if job not in current] for pair, jobs in found.items()}
    return {pair: jobs for pair, jobs in left.items() if jobs}


def sample(jobs: Mapping[Pair, Sequence[Job]]) -> dict[Pair, list[Job]]:
    """For each pair and each kind of dataset it trained on, the cheapest job whose dataset is here.

    Jobs of different methods and seeds then share packs, as they do in a run.

    Raises:
        DataUnavailable: none of a pair's datasets of one kind is here.
    """
    here: dict[str, bool] = {}
    found: dict[Pair, list[Job]] = {}
    for pair, every in jobs.items():
        kinds: dict[object, list[Job]] = defaultdict(list)
        for job in sorted(every, key=lambda job: (job.protocol.epochs * epoch_cost(job), job.key)):
            kinds[_kind(job)].append(job)
        found[pair] = [_cheapest(some, here) for some in kinds.values()]
    return found


def packs(jobs: Iterable[Job]) -> list[list[Job]]:
    """The jobs as they are executed together."""
    groups: dict[object, list[Job]] = defaultdict(list)
    for job in dict.fromkeys(jobs):
        groups[Pack.group(job) if of(job.method).is_packed else job.key].append(job)
    return list(groups.values())


def _kind(job: Job) -> tuple[object, ...]:
    """What decides which code a dataset goes through: pictures or columns, and how it is split."""
    about = catalog.entry("datasets", job.dataset).arguments
    return (isinstance(about["inputs"], tuple), bool(about.get("targets")), job.protocol.split, job.protocol.optimizer)


def _cheapest(jobs: Sequence[Job], here: dict[str, bool]) -> Job:
    """The first job whose dataset is here; `here` remembers which are."""
    for job in jobs:
        if job.dataset not in here:
            here[job.dataset] = data.is_here(catalog.load("datasets", job.dataset), job.dataset)
        if here[job.dataset]:
            return job
    wanted = ", ".join(dict.fromkeys(job.dataset for job in jobs))
    raise DataUnavailable(
        f"to compare the two codes one of {wanted} is needed: `regbench data fetch {jobs[0].dataset}`"
    )
