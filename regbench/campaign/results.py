"""The results of a campaign, and the errors they amount to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from regbench.addresses import without_password
from regbench.campaign.places import database, option, stored_benchmark
from regbench.errors import DataUnavailable, InfrastructureError, Interrupted, JobsFailed, RegbenchError
from regbench.runner import Plan, Summary

if TYPE_CHECKING:
    from pandas import DataFrame


class Done(NamedTuple):
    """A trained benchmark: its last plan and the summary of its runs."""

    plan: Plan
    summary: Summary

    def after(self, before: "Done | None") -> "Done":
        """Combine this round with the rounds before it."""
        if before is None:
            return self
        done = before.plan.inventory.done & {job.key for job in self.plan.jobs}
        one, other = before.summary, self.summary
        summary = replace(
            other,
            finished=one.finished + other.finished,
            diverged=[*one.diverged, *other.diverged],
            failed={**one.failed, **other.failed},
            seconds=one.seconds + other.seconds,
        )
        return Done(replace(self.plan, inventory=replace(self.plan.inventory, done=done)), summary)


@dataclass(frozen=True)
class Results:
    """The trained benchmarks in order, each after the sweeps that it chose from."""

    db: str
    benchmarks: tuple[Done, ...]

    @property
    def names(self) -> list[str]:
        return [done.plan.benchmark for done in self.benchmarks]

    @property
    def finished(self) -> int:
        """The number of jobs that were finished now."""
        return sum(done.summary.finished for done in self.benchmarks)

    @property
    def failed(self) -> dict[str, tuple[str, str]]:
        """Key of a failed job -> failure class and message."""
        return {key: why for done in self.benchmarks for key, why in done.summary.failed.items()}

    @property
    def interrupted(self) -> bool:
        return any(done.summary.interrupted for done in self.benchmarks)

    @property
    def is_measured(self) -> bool:
        """Whether any job is finished, now or before."""
        return any(summary.finished or plan.inventory.done for plan, summary in self.benchmarks)

    def cells(self, benchmark: str | None = None) -> "DataFrame":
        """One row per job of a benchmark, by default the last one: its errors; null if the job is not finished."""
        with database(self.db) as store:
            return store.cells(stored_benchmark(store, benchmark or self.names[-1]))

    def __repr__(self) -> str:
        said = [
            f"{plan.benchmark}: {summary.finished:,} of {len(plan.jobs):,} jobs finished now, "
            f"{len(plan.inventory.done):,} done before, {len(summary.failed):,} failed"
            for plan, summary in self.benchmarks
        ]
        return f"<Results in {without_password(self.db)}; {'; '.join(said)}>"

    def check_interruption(self) -> None:
        """Raise `Interrupted` if the campaign was interrupted."""
        if self.interrupted:
            raise Interrupted(
                f"interrupted; finished results are kept in {without_password(self.db)}, "
                "and the same command continues from there"
            )

    def check_failures(self) -> None:
        """Raise an error if jobs failed."""
        if failures := [why for done in self.benchmarks for why in done.summary.failed.values()]:
            raise verdict(failures, option(self.db))

    def check_obstacles(self) -> None:
        """Raise an error if datasets are unavailable, or if libraries are missing and there are no results."""
        uninstalled = dict.fromkeys(why for done in self.benchmarks for why in done.plan.inventory.uninstalled.values())
        blocked = {dataset for done in self.benchmarks for dataset in done.plan.inventory.blocked}
        if uninstalled and not self.is_measured:
            raise InfrastructureError("; ".join(uninstalled))
        if blocked:
            rest = "; all other jobs have run" if self.is_measured else ""
            raise DataUnavailable(f"no data for {', '.join(sorted(blocked))}{rest}")


def jobs(count: int) -> str:
    """A number of jobs as text.

    >>> jobs(1), jobs(1200)
    ('1 job', '1,200 jobs')
    """
    return f"{count:,} job{'' if count == 1 else 's'}"


def verdict(failures: Sequence[tuple[str, str]], database_option: str = "") -> RegbenchError:
    """The error for failures (class, message); an infrastructure error if the machine is to blame for all of them.

    >>> verdict([("infrastructure", "the disk is full")]).exit_code, verdict([("user code", "no such thing")]).exit_code
    (7, 3)
    """
    count = jobs(len(failures))
    if all(kind == "infrastructure" for kind, _ in failures):
        return InfrastructureError(f"{count} could not be trained: {failures[0][1]}")
    return JobsFailed(f"{count} failed; see `regbench status{database_option}`, then run again with --retry-failed")
