"""A lock file beside a database on a network file system: it names who works on it, and keeps other nodes out.

The file is made in one step that fails if it is there, which network file systems keep too. It is taken over only from
an owner that is gone for certain: a process of this machine that has ended, an earlier start of this very batch job, or
a batch job that the scheduler no longer knows.
"""

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from regbench.errors import InfrastructureError
from regbench.store.owners import is_dead, this_owner, told

BATCH = {  # variable with the number of a batch job -> the scheduler
    "SLURM_JOB_ID": "Slurm",
    "PBS_JOBID": "PBS",
    "LSB_JOBID": "LSF",
    "JOB_ID": "Grid Engine",
}
ASK_S = 10.0  # how long the scheduler may take to answer
READ_S = 2.0  # how long a lock may be empty because it is being written


@dataclass(frozen=True)
class Holder:
    """Who works on a database: process, batch job and how often that was started again, since when, and where."""

    owner: str
    batch: str = ""
    job: str = ""
    restarts: int = 0
    since: float = 0.0
    folder: str = ""  # in scratch

    @classmethod
    def this(cls, environment: Mapping[str, str] = os.environ, *, folder: str = "") -> Self:
        """This process."""
        batch, job = next(((name, environment[key]) for key, name in BATCH.items() if environment.get(key)), ("", ""))
        restarts = environment.get("SLURM_RESTART_COUNT", "0") if batch == "Slurm" else "0"
        times = int(restarts) if restarts.isdecimal() else 0
        return cls(this_owner(), batch, job, times, round(time.time(), 3), folder)

    def __str__(self) -> str:
        host, process = told(self.owner)
        of_batch = f", {self.batch} job {self.job}" if self.job else ""
        return f"process {process} on {host or 'a machine not named'}{of_batch}"

    def is_gone(self, environment: Mapping[str, str] = os.environ) -> bool:
        """Whether it has ended for certain."""
        if is_dead(self.owner):
            return True
        if self.batch != "Slurm":
            return False
        here = Holder.this(environment)
        if here.batch == "Slurm" and here.job == self.job:
            return here.restarts > self.restarts  # a job runs in one place at a time
        return not _known_to_slurm(self.job)


def path_of(database: Path) -> Path:
    """The lock of a database."""
    return database.with_name(f"{database.name}.lock")


def acquire(database: Path, folder: Path) -> Holder:
    """Lock a database for this process, which works in `folder`, or where a killed process of this machine did.

    Raises:
        InfrastructureError: another one has it; the message names it and says how to remove a lock that is left over.
    """
    lock, mine = path_of(database), Holder.this(folder=str(folder))
    lock.parent.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        if _make(lock, mine):
            return mine
        other = holder(lock)
        if other is None or not other.is_gone():
            break
        if is_dead(other.owner) and other.folder and Path(other.folder).is_dir():
            mine = replace(mine, folder=other.folder)
        with contextlib.suppress(FileNotFoundError):  # another process may take it over at the same time
            gone = lock.with_name(f"{lock.name}.{os.getpid()}.gone")
            lock.rename(gone)
            taken = holder(gone)
            if taken != other:  # one that was made meanwhile by a process which was faster
                gone.rename(lock)
            gone.unlink(missing_ok=True)
    other = holder(lock)
    since = f" since {time.strftime('%Y-%m-%d %H:%M', time.localtime(other.since))}" if other else ""
    sign = _age(lock)
    raise InfrastructureError(
        f"database {database}: {other or 'another process'} has been working on it{since}{sign}; wait for it, or give "
        f"another file with --db FILE and merge later; if it is gone for certain, remove {lock}"
    )


def is_held(database: Path, mine: Holder) -> bool:
    """Whether this process still has the lock."""
    return holder(path_of(database)) == mine


def show_life(database: Path) -> None:
    """Give the lock the present time, so that others see that its owner lives."""
    with contextlib.suppress(OSError):
        os.utime(path_of(database))


def release(database: Path, mine: Holder) -> None:
    """Remove the lock, if it is still ours."""
    if is_held(database, mine):
        path_of(database).unlink(missing_ok=True)


def holder(lock: Path) -> Holder | None:
    """Who has a lock; None if there is none, or nobody can be read from it."""
    deadline = time.monotonic() + READ_S
    while True:
        try:
            text = lock.read_text(encoding="utf-8")
            return Holder(**json.loads(text))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError):
            if time.monotonic() > deadline:
                return None
            time.sleep(0.05)


def _make(lock: Path, mine: Holder) -> bool:
    try:
        file = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    with os.fdopen(file, "w", encoding="utf-8") as opened:
        json.dump(asdict(mine), opened)
        opened.flush()
        os.fsync(opened.fileno())
    return True


def _age(lock: Path) -> str:
    """When its owner last showed that it lives, if that is long ago."""
    try:
        minutes = (time.time() - lock.stat().st_mtime) / 60
    except OSError:
        return ""
    return f" (last sign of life {minutes:.0f} minutes ago)" if minutes > 3 else ""


def _known_to_slurm(job: str) -> bool:
    """Whether a batch job may still run; also true where nobody can tell."""
    if shutil.which("squeue") is None:
        return True
    try:
        command = ["squeue", "--noheader", "--format=%T", f"--jobs={job}"]
        said = subprocess.run(command, check=False, capture_output=True, text=True, timeout=ASK_S)
    except (OSError, subprocess.TimeoutExpired):
        return True
    if said.returncode:
        return "invalid job id" not in said.stderr.lower()
    return bool(said.stdout.strip())
