"""What a worker is given and what it gives back: plain values, because they cross to another process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from regbench.job import Job
from regbench.roots import Added


@dataclass(frozen=True)
class Task:
    """A pack for a worker, and all it must know."""

    jobs: tuple[Job, ...]
    store_url: str
    code: Mapping[str, str]  # job key -> digest
    name: str  # of the pack
    added: Added = field(default_factory=Added)  # to the catalog, by the user
    deaths: int = 0  # workers that died on these jobs
    attempt: int = 1  # in this run, after failures that the machine is to blame for


@dataclass(frozen=True)
class Result:
    """What became of the jobs of a task; jobs in none of the lists were somebody else's or already done."""

    finished: tuple[str, ...] = ()
    diverged: tuple[str, ...] = ()
    failed: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # key -> class and message
    again: tuple[tuple[Job, ...], ...] = ()  # smaller packs to try instead
    interrupted: bool = False
    device_fault: str = ""  # what was said that speaks against the device, and against going on in this process
    seconds: float = 0.0


def joined(results: Sequence[Result], seconds: float) -> Result:
    """The results of a task's groups as one."""
    return Result(
        finished=tuple(key for each in results for key in each.finished),
        diverged=tuple(key for each in results for key in each.diverged),
        failed={key: why for each in results for key, why in each.failed.items()},
        again=tuple(jobs for each in results for jobs in each.again),
        interrupted=any(each.interrupted for each in results),
        device_fault=next((each.device_fault for each in results if each.device_fault), ""),
        seconds=seconds,
    )
