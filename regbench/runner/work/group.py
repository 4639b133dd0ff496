"""Jobs that a worker has claimed and trains together."""

from collections.abc import Sequence
from dataclasses import dataclass

from regbench.job import Job
from regbench.runner.work.record import Record
from regbench.runner.work.task import Result
from regbench.store import Claim, Store


@dataclass(frozen=True)
class Group:
    """Claimed jobs of one task that continue from the same epoch."""

    store: Store
    jobs: tuple[Job, ...]
    claims: Sequence[Claim]
    numerics: str  # digest of what its numbers depend on besides the code

    @property
    def runs(self) -> list[int]:
        return [claim.run_id for claim in self.claims]

    def finish(self, record: Record, seconds: float) -> Result:
        """Write the results of all runs; `seconds` is the wall time divided by their number."""
        results = record.results(seconds)
        refused = self.store.finish(results, claims=self.claims, last=record.take())
        kept = [(job, end) for job, end in zip(self.jobs, results, strict=True) if end.run_id not in refused]
        return Result(
            finished=tuple(job.key for job, _ in kept),
            diverged=tuple(job.key for job, end in kept if end.diverged_at is not None),
        )
