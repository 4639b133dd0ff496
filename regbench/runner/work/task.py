"""The input and the result of a worker: plain values that can be sent to another process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regbench.job import Job
from regbench.roots import Added


@dataclass(frozen=True)
class Task:
    """A pack for a worker, with all that it needs."""

    jobs: tuple[Job, ...]
    store_url: str
    code: Mapping[str, str]  # job key -> digest
    name: str  # name of the pack
    added: Added = field(default_factory=Added)  # the user's additions to the catalog
    deaths: int = 0  # of workers on these jobs
    attempt: int = 1  # number of this attempt; failures of the machine are retried


@dataclass(frozen=True)
class Result:
    """The outcome of the jobs of a task; jobs in none of the lists belong to another process or were done already."""

    finished: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message
    again: tuple[tuple[Job, ...], ...] = ()  # smaller packs to retry
    interrupted: bool = False
    device_fault: str = ""  # an error of the device, after which its process should end
    seconds: float = 0.0


@dataclass(frozen=True)
class Retrained:
    """A job that was trained once more, alone: what would have been stored, without times.

    values: by name and epoch; what is measured once, as errors on unseen rows are, stands at the best epoch.
    environment: as runs store it.
    """

    values: Mapping[str, Mapping[int, float]]
    device: str
    environment: Mapping[str, Any]
    seconds: float


def joined(results: Sequence[Result], seconds: float) -> Result:
    """Combine the results of the groups of a task."""
    return Result(
        finished=tuple(key for result in results for key in result.finished),
        diverged=tuple(key for result in results for key in result.diverged),
        failed={key: why for result in results for key, why in result.failed.items()},
        again=tuple(jobs for result in results for jobs in result.again),
        interrupted=any(result.interrupted for result in results),
        device_fault=next((result.device_fault for result in results if result.device_fault), ""),
        seconds=seconds,
    )
