"""Jobs that a worker has claimed and trains at once."""

from collections.abc import Sequence
from dataclasses import dataclass

from regbench.job import Job
from regbench.runner.work.record import Record
from regbench.runner.work.task import Result
from regbench.store import Claim, Store


@dataclass(frozen=True)
class Group:
    """Claimed jobs of one task that stand at the same epoch."""

    store: Store
    jobs: tuple[Job, ...]
    claims: Sequence[Claim]
    numerics: str  # what the bits of its numbers depend on besides the code

    @property
    def runs(self) -> list[int]:
        return [claim.run_id for claim in self.claims]

    def finish(self, record: Record, seconds: float) -> Result:
        """Write the ends of all runs; `seconds` is each one's part of the wall time."""
        results = record.results(seconds)
        refused = self.store.finish(results, claims=self.claims, last=record.take())
        kept = [(job, end) for job, end in zip(self.jobs, results, strict=True) if end.run_id not in refused]
        return Result(
            finished=tuple(job.key for job, _ in kept),
            diverged=tuple(job.key for job, end in kept if end.diverged_at is not None),
        )
