"""Take benchmarks and runs away: first what would go, then, if asked to, a copy aside and the removal."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regbench.campaign.stale import stale_runs
from regbench.errors import UsageError, WrongValueError
from regbench.variants import read_part

if TYPE_CHECKING:
    from regbench.store import Removal, Store

FAILED, STALE = "failed", "finished"  # the status that a run has, for either to be removed


@dataclass(frozen=True)
class Asked:
    """What is to be taken away: a benchmark with its jobs, or only failed or stale runs, of a benchmark or of all."""

    benchmark: str | None
    failed: bool
    stale: bool

    def __post_init__(self) -> None:
        """Refuse to take everything away."""
        if not (self.benchmark or self.failed or self.stale):
            raise UsageError("what is to be removed? name a benchmark, or give --failed or --stale")

    @property
    def whole(self) -> bool:
        """Whether the benchmark itself goes."""
        return not (self.failed or self.stale)


@dataclass(frozen=True)
class Removed:
    """The outcome: what goes or went, whether it is gone, and the copy of the database from before."""

    removal: "Removal"
    done: bool
    copy: Path | None

    def data(self) -> dict[str, Any]:
        """The outcome as plain data."""
        return {
            "benchmark": self.removal.benchmark,
            "removed": self.done,
            "rows": dict(self.removal.rows),
            "copy": None if self.copy is None else str(self.copy),
            "shared_jobs": self.removal.shared,
            "chosen_by": list(self.removal.chosen_by),
        }


def remove(store: "Store", asked: Asked, *, really: bool) -> Removed:
    """Say what would be removed; if `really`, copy the database aside and remove it, unless there is nothing.

    Raises:
        InfrastructureError: jobs of the benchmark are being trained.
    """
    if asked.whole:
        planned = store.would_remove(asked.benchmark)
        if not really:
            return Removed(planned, done=False, copy=None)
        copy = _copy(store, "rm")
        return Removed(store.remove(asked.benchmark), done=True, copy=copy)
    runs, statuses = _runs(store, asked)
    planned = replace(store.would_remove(runs=runs, statuses=statuses), benchmark=asked.benchmark)
    if not (really and planned.rows):
        return Removed(planned, done=False, copy=None)
    copy = _copy(store, "rm")
    found = replace(store.remove(runs=runs, statuses=statuses), benchmark=asked.benchmark)
    return Removed(found, done=True, copy=copy)


def rename(store: "Store", old: str, new: str) -> int:
    """Rename a stored benchmark; returns the number of its jobs.

    Raises:
        UsageError: the new name is taken, or no name of a benchmark.
    """
    try:
        part = read_part(new)
    except WrongValueError as error:
        raise UsageError(str(error)) from None
    if new != new.strip() or not new.isprintable() or part.name.startswith("-"):
        raise UsageError(f"{new!r} cannot be the name of a benchmark; write letters, digits, dashes and underscores")
    if new == old:
        raise UsageError(f"the benchmark is called '{old}' already")
    return store.rename_benchmark(old, new)


def _runs(store: "Store", asked: Asked) -> tuple[list[int], list[str]]:
    """The runs that are to go, and the statuses that they must still have then."""
    found: list[int] = []
    statuses = []
    if asked.failed:
        found += [run.run_id for run in store.executions(asked.benchmark, status=FAILED)]
        statuses.append(FAILED)
    if asked.stale:
        found += stale_runs(store, asked.benchmark)
        statuses.append(STALE)
    return found, statuses


def _copy(store: "Store", why: str) -> Path | None:
    """A copy of the database that no earlier removal has made."""
    return store.copy_aside(f"{why}-{datetime.now(UTC):%Y%m%d-%H%M%S-%f}")
