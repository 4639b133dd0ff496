"""Compare the code of a commit with the present code by training, and store adoptions."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from regbench.errors import Mismatch, UsageError
from regbench.job import Job
from regbench.provenance import environment
from regbench.roots import PACKAGE, added
from regbench.runner.adopt.ask import Answers, Version, ask
from regbench.runner.adopt.checkout import checked_out, full_name
from regbench.runner.adopt.sample import Pair, outgrown, packs, sample
from regbench.store import Adoption, Store
from regbench.store.adoptions import Codes

MACHINE = ("python", "libraries", "system", "machine", "processor")


@dataclass(frozen=True)
class Adopted:
    """The outcome of `adopt`.

    adoptions: the pairs of digests with their evidence.
    jobs: the number of finished jobs that count as done because of it.
    compared: the number of jobs trained with both codes, and of numbers compared.
    others: the number of jobs finished by code of neither the commit nor the present, by digest.
    """

    adoptions: tuple[Adoption, ...]
    jobs: int
    compared: tuple[int, int]
    others: Mapping[str, int]


def adopt(
    store: Store, commit: str, *, methods: Collection[str] = (), say: Callable[[str], None] = lambda _: None
) -> Adopted:
    """Train a sample with the code of a commit and with the present code; record it if all numbers agree bit for bit.

    Raises:
        UsageError: there is no such commit, or regbench is not in its repository.
        Mismatch: a number differs; nothing is recorded.
    """
    codes = store.codes()
    waiting = outgrown(store.trained_by(), codes, methods)
    with _checked_out(commit) as (folder, sha):
        theirs, others = _of_commit(waiting, codes, folder)
        chosen = sample(theirs)
        together = packs(job for jobs in chosen.values() for job in jobs)
        count = sum(map(len, together))
        if count:
            say(f"training {count} jobs in {len(together)} packs with the code of {sha[:10]} and with the present code")
        before, after = _both(together, folder)
    numbers = {job.key: _agreeing(job, before, after) for pack in together for job in pack}
    found = tuple(Adoption(pair.old, pair.new, sha, _evidence(jobs, numbers)) for pair, jobs in chosen.items())
    if found:
        store.adopt(found)
    return Adopted(found, sum(map(len, theirs.values())), (count, sum(numbers.values())), others)


def _of_commit(
    waiting: Mapping[Pair, list[Job]], codes: Codes, folder: Path
) -> tuple[dict[Pair, list[Job]], dict[str, int]]:
    """The jobs finished by the code in `folder` or by equivalent code, and the number of jobs of other code."""
    examples = {pair: jobs[0] for pair, jobs in waiting.items()}
    said = ask([[job] for job in examples.values()], Version(folder, added()), train=False)
    theirs: dict[Pair, list[Job]] = defaultdict(list)
    others: Counter[str] = Counter()
    for pair, jobs in waiting.items():
        code = said[examples[pair].key]["code"]
        if codes.same(code, pair.old):
            theirs[Pair(code, pair.new)] += jobs
        else:
            others[pair.old] += len(jobs)
    return theirs, others


def _agreeing(job: Job, before: Answers, after: Answers) -> int:
    """The number of values of a job, which must all agree; `Mismatch` otherwise."""
    old, new = before[job.key]["curves"], after[job.key]["curves"]
    for name, curve in old.items():
        if curve != (other := new.get(name, [])):
            unlike = [number for number, pair in enumerate(zip(curve, other, strict=False), 1) if len({*pair}) > 1]
            where = f"{job.dataset} {job.method} k={job.k} seed={job.seed}, {name} of epoch {min(unlike, default=1)}"
            raise Mismatch(
                f"the two codes differ: {where}; nothing was recorded; the jobs of the old code must be trained again"
            )
    return sum(map(len, old.values()))


def _evidence(jobs: Sequence[Job], numbers: Mapping[str, int]) -> dict[str, Any]:
    here = environment()
    return {
        "jobs": [
            {"key": job.key, "dataset": job.dataset, "method": job.method, "k": job.k, "seed": job.seed} for job in jobs
        ],
        "numbers": sum(numbers[job.key] for job in jobs),
        "commit": here["commit"],
        "dirty": here["dirty"],
        **{name: here[name] for name in MACHINE},
    }


def _both(together: list[list[Job]], folder: Path) -> tuple[Answers, Answers]:
    """Train the packs with the code in `folder` and with the present code, at the same time."""
    with ThreadPoolExecutor(2) as pool:
        before, after = pool.map(
            lambda place: ask(together, Version(place, added()), train=True), (folder, PACKAGE.parent)
        )
    return before, after


@contextmanager
def _checked_out(commit: str) -> Iterator[tuple[Path, str]]:
    """A temporary folder with the files of a commit, and the full name of the commit."""
    sha = full_name(PACKAGE.parent, commit)
    if not sha:
        raise UsageError(
            f"--from {commit}: no such commit in the repository of {PACKAGE}; adopting needs regbench's own repository"
        )
    with checked_out(PACKAGE.parent, sha) as folder:
        yield folder, sha
