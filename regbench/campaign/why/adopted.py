"""How the code that computed a result relates to the present code: the same, shown to compute the same, or outgrown."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from regbench.job import Job
from regbench.kinds import code_digest
from regbench.runner.present import Present

if TYPE_CHECKING:
    from regbench.store import Adoption, Execution, Store


@dataclass(frozen=True)
class Adopted:
    """A digest of code that computed some seeds of a cell, and what is known about it.

    commits: those its runs were executed from, with whether files differed from them.
    present: the digest of the present code; None if it cannot train the job.
    evidence: the adoptions that lead from this digest to the present one; empty if it is the present one, or outgrown.
    alike: digests of other code that was shown to compute the same.
    """

    digest: str
    seeds: tuple[int, ...]
    commits: tuple[tuple[str | None, bool], ...]
    present: str | None
    evidence: tuple[Mapping[str, Any], ...]
    alike: tuple[str, ...]

    @property
    def standing(self) -> str:
        """`present`, `adopted` or `outgrown`."""
        if self.digest == self.present:
            return "present"
        return "adopted" if self.evidence else "outgrown"


def adopted(store: "Store", runs: "Iterable[Execution]") -> tuple[Adopted, ...]:
    """What is known about the code of each of these runs of one cell."""
    by_code: dict[str, list[Execution]] = {}
    for run in runs:
        by_code.setdefault(run.code_digest, []).append(run)
    known, codes, here = store.adoptions(), store.codes(), Present.now()
    found = []
    for digest, some in by_code.items():
        job = Job.from_config(some[0].config)
        present = None if here.lacks_code(job) else code_digest(job)
        evidence = path(known, digest, present) if present else ()
        commits = tuple(dict.fromkeys((run.commit, run.dirty) for run in some))
        seeds = tuple(run.seed for run in some)
        said = tuple(
            {"old": step.old, "new": step.new, "commit": step.commit, "evidence": step.evidence} for step in evidence
        )
        alike = tuple(other for other in codes.alike(digest) if other != digest)
        found.append(Adopted(digest, seeds, commits, present, said, alike))
    return tuple(found)


def path(known: "Sequence[Adoption]", start: str, end: str) -> "tuple[Adoption, ...]":
    """The shortest chain of adoptions, which hold in both directions, from one digest to another; empty if none."""
    before: dict[str, tuple[str, Adoption]] = {}
    waiting = deque([start])
    while waiting:
        digest = waiting.popleft()
        for step in known:
            if digest in (step.old, step.new):
                other = step.new if digest == step.old else step.old
                if other != start and other not in before:
                    before[other] = (digest, step)
                    waiting.append(other)
    chain = []
    while end != start and end in before:
        end, step = before[end]
        chain.append(step)
    return tuple(reversed(chain))
