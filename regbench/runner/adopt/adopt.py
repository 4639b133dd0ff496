"""Compare the code of a commit with the present code by training, and store adoptions."""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from regbench.errors import InfrastructureError, Mismatch, UsageError
from regbench.job import Job
from regbench.provenance import environment
from regbench.roots import PACKAGE
from regbench.runner.adopt.sample import Pair, outgrown, packs, sample
from regbench.store import Adoption, Store
from regbench.store.adoptions import Codes

PROBE = Path(__file__).with_name("probe.py")
MACHINE = ("python", "libraries", "system", "machine", "processor")

Curves = Mapping[str, Sequence[str]]
Answers = dict[str, dict[str, Any]]  # key of a job -> its digest and curves


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
    said = _ask([[job] for job in examples.values()], folder, train=False)
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
        before, after = pool.map(lambda place: _ask(together, place, train=True), (folder, PACKAGE.parent))
    return before, after


def _ask(together: Sequence[Sequence[Job]], folder: Path, *, train: bool) -> Answers:
    """Run the probe with the regbench in `folder`."""
    if not together:
        return {}
    with TemporaryDirectory(prefix="regbench-adopt-") as place:
        question, answer = Path(place) / "question.json", Path(place) / "answer.json"
        asked = {"packs": [[job.config() for job in pack] for pack in together], "train": train}
        question.write_text(json.dumps(asked), encoding="utf-8")
        said = subprocess.run(
            [sys.executable, "-P", PROBE, question, answer],
            env={**os.environ, "PYTHONPATH": str(folder)},
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            raise InfrastructureError(f"the code in {folder} could not train the sample: {_last_line(said.stderr)}")
        return {job["key"]: job for job in json.loads(answer.read_text(encoding="utf-8"))}


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]


@contextmanager
def _checked_out(commit: str) -> Iterator[tuple[Path, str]]:
    """A temporary folder with the files of a commit, and the full name of the commit."""
    sha = _git("rev-parse", "--verify", "--quiet", f"{commit}^{{commit}}")
    if not sha:
        raise UsageError(
            f"--from {commit}: no such commit in the repository of {PACKAGE}; adopting needs regbench's own repository"
        )
    with TemporaryDirectory(prefix="regbench-commit-") as place:
        folder = Path(place) / "regbench-at-commit"
        if _git("worktree", "add", "--detach", str(folder), sha) is None:
            raise InfrastructureError(f"git could not check out {commit} into {folder}")
        try:
            yield folder, sha
        finally:
            _git("worktree", "remove", "--force", str(folder))


def _git(*arguments: str) -> str | None:
    done = subprocess.run(["git", "-C", PACKAGE.parent, *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
