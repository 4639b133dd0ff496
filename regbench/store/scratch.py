"""Work on a database that lies on a network file system: in local scratch, with snapshots that go back.

SQLite's write-ahead log needs memory that is shared between processes, which such a file system does not give. So the
first process that writes takes the lock, copies the file to a local folder and works there, and its workers with it. A
consistent snapshot goes back every minute, when a run is interrupted and at the end: made by SQLite, written beside the
file, synced, renamed. The file on the network is never written to in place, so anyone may read it at any time.
"""

import atexit
import contextlib
import glob
import os
import shutil
import signal
import sqlite3
import tempfile
import threading
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from sqlalchemy import URL

from regbench import settings
from regbench.errors import InfrastructureError
from regbench.store import lock, mounts
from regbench.store.patience import to_stderr

EVERY_S = 60.0
PREFIX = "regbench-scratch-"  # of the folders in scratch; what lies in one is local by definition
PLACES = ("SLURM_TMPDIR", "TMPDIR")
BESIDE = ".checkpoints"  # the folder of large checkpoints beside a database


@dataclass
class Scratch:
    """A database that is worked on in scratch by this process."""

    home: Path
    work: Path
    holder: lock.Holder
    process: int = field(default_factory=os.getpid)
    _sent: tuple[int, ...] = ()
    _over: threading.Event = field(default_factory=threading.Event)
    _sending: threading.Lock = field(default_factory=threading.Lock)
    _trouble: str = ""

    def start(self) -> None:
        """Send a snapshot every minute from now on."""
        threading.Thread(target=self._keep_sending, name="snapshots", daemon=True).start()

    def send(self) -> None:
        """Send a snapshot if anything has changed since the last one.

        Raises:
            InfrastructureError: it cannot be written, or another process has taken the lock away.
        """
        with self._sending:
            state = self._state()
            if state == self._sent and self.home.exists():
                return
            if not lock.is_held(self.home, self.holder):
                raise InfrastructureError(
                    f"database {self.home}: its lock was taken away while this process worked on it, so the results "
                    f"stay in {self.work}; `regbench db merge {self.work} --into FILE` brings them together"
                )
            try:
                self._send()
            except (OSError, sqlite3.Error) as error:
                why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                raise InfrastructureError(
                    f"database {self.home}: no snapshot can be written there ({why.lower()}); the results are in "
                    f"{self.work}; make room, and copy that file there"
                ) from error
            self._sent = state

    def finish(self) -> None:
        """Send the last snapshot, give the lock back and remove what is in scratch; it stays if it cannot be sent."""
        self._over.set()
        try:
            self.send()
        finally:
            lock.release(self.home, self.holder)
        shutil.rmtree(self.work.parent, ignore_errors=True)

    def _send(self) -> None:
        snapshot = self.work.with_name("snapshot.db")
        snapshot.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.work, timeout=30)) as source, closing(sqlite3.connect(snapshot)) as copy:
            source.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # a reader needs no log beside it
        kept = self._send_checkpoints(snapshot)
        _send_file(snapshot, self.home)
        for beside in self.work.parent.glob(f"{glob.escape(self.work.name)}.*"):  # copies put aside before a change
            if beside.suffix == ".bak" or ".rescued-" in beside.name:
                _send_file(beside, self.home.with_name(beside.name))
        for old in _beside(self.home).glob("*.bin"):
            if old.name not in kept:
                old.unlink(missing_ok=True)
        snapshot.unlink()

    def _send_checkpoints(self, snapshot: Path) -> set[str]:
        """Send the large checkpoints that a snapshot names, before itself, and return their names."""
        with closing(sqlite3.connect(snapshot)) as connection:
            named = {name for (name,) in connection.execute("SELECT file FROM checkpoint WHERE file IS NOT NULL")}
        for name in named:
            source, to = _beside(self.work) / name, _beside(self.home) / name
            if source.exists() and not to.exists():
                to.parent.mkdir(exist_ok=True)
                with contextlib.suppress(FileNotFoundError):  # a newer one has replaced it
                    _send_file(source, to)
        return named

    def _state(self) -> tuple[int, ...]:
        """What changes whenever the database does."""
        found = []
        for path in (self.work, self.work.with_name(f"{self.work.name}-wal")):
            with contextlib.suppress(OSError):
                about = path.stat()
                found += [about.st_mtime_ns, about.st_size]
        return tuple(found)

    def _keep_sending(self) -> None:
        while not self._over.wait(EVERY_S):
            lock.show_life(self.home)
            try:
                self.send()
            except InfrastructureError as error:  # the end of the command tells it again, if it lasts
                if self._trouble != str(error):
                    to_stderr(f"{error}; trying again every minute")
                self._trouble = str(error)


_held: dict[Path, Scratch] = {}
_lock = threading.Lock()


def wanted(path: Path) -> str | None:
    """Why a database is worked on in scratch: the type of its file system, or the variable; None where it is not."""
    if path.parent.name.startswith(PREFIX) or settings.scratch() is False:
        return None
    return mounts.network(path) or (settings.SCRATCH if settings.scratch() else None)


def to_write(url: URL) -> URL:
    """Where an SQLite file is written to; the first call for a file in a network takes its lock and copies it."""
    path = Path(url.database or "").resolve()
    with _lock:
        found = _mine(path)
        if found is None and (why := wanted(path)):
            found = _held[path] = _begin(path, why)
    return url.set(database=str(found.work)) if found else url


def to_read(url: URL) -> URL:
    """Where an SQLite file is read from: where this process writes it, if it does."""
    found = _mine(Path(url.database or "").resolve())
    return url.set(database=str(found.work)) if found else url


def send_first(path: Path) -> None:
    """Send the first snapshot of a database that is new, so that others see it, and to find out whether it can be."""
    found = _mine(path.resolve())
    if found and not found.home.exists():
        found.send()


def is_snapshot(path: Path) -> bool:
    """Whether a file is only replaced as a whole, and so can be read without a lock."""
    return wanted(path.resolve()) is not None and not _log(path).exists()


def send() -> None:
    """Send snapshots of all databases at once, because this process may not live much longer; trouble is told later."""
    for found in list(_held.values()):
        if found.process == os.getpid():
            with contextlib.suppress(InfrastructureError):
                found.send()


def finish() -> None:
    """End the work in scratch, at the end of a command; raises the first error of a snapshot that cannot be sent."""
    trouble = None
    while _held:
        _, found = _held.popitem()
        if found.process != os.getpid():
            continue
        try:
            found.finish()
        except InfrastructureError as error:
            trouble = trouble or error
    if signal.getsignal(signal.SIGTERM) is _interrupt and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if trouble:
        raise trouble


def _finish_quietly() -> None:
    try:
        finish()
    except InfrastructureError as error:
        to_stderr(f"regbench: {error}")


atexit.register(_finish_quietly)


def _mine(path: Path) -> Scratch | None:
    found = _held.get(path)
    return found if found and found.process == os.getpid() else None


def _begin(path: Path, why: str) -> Scratch:
    holder = lock.acquire(path, _folder(path))
    folder = Path(holder.folder)
    work, left = folder / path.name, folder.is_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists() and not work.exists():
            shutil.copyfile(path, work)
            if _log(path).exists():  # left by a version that worked on it in place
                shutil.copyfile(_log(path), _log(work))
            if _beside(path).is_dir():
                shutil.copytree(_beside(path), _beside(work))
    except BaseException as error:
        lock.release(path, holder)
        if not left:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise InfrastructureError(
                f"database {path}: it cannot be copied to {folder} ({(error.strerror or str(error)).lower()}); set "
                "TMPDIR to a local folder with room for it"
            ) from error
        raise
    _interrupt_on_termination()
    made = Scratch(path, work, holder)
    made.start()
    what = f"set by {why}" if why == settings.SCRATCH else f"it lies on a network file system ({why})"
    if left:
        to_stderr(
            f"database {path}: the process that worked on it was killed; what it left in {folder} is gone on with"
        )
    to_stderr(
        f"database {path}: {what}, so it is worked on in {folder}; a snapshot goes back every minute and at the end: "
        "losing this machine costs at most the last minute"
    )
    return made


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _interrupt_on_termination() -> None:
    """Let SIGTERM interrupt this process like Ctrl-C, so that it comes to its last snapshot."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _interrupt)


def _folder(path: Path) -> Path:
    """A new folder on a local disk."""
    tried = [Path(place) for name in PLACES if (place := os.environ.get(name))] + [Path(tempfile.gettempdir())]
    for place in tried:
        if place.is_dir() and not mounts.network(place) and os.access(place, os.W_OK):
            return place / f"{PREFIX}{path.stem}-{os.getpid()}-{os.urandom(3).hex()}"
    raise InfrastructureError(
        f"database {path}: it lies on a network file system, and no local folder is there to work in (tried "
        f"{', '.join(map(str, dict.fromkeys(tried)))}); set TMPDIR to one, or use --db postgresql+psycopg://..."
    )


def _send_file(source: Path, to: Path) -> None:
    """Copy a file to another disk so that a reader sees the old one or the new one, also after a crash."""
    part = to.with_name(f"{to.name}.part")
    try:
        with source.open("rb") as read, part.open("wb") as write:
            shutil.copyfileobj(read, write, 2**20)
            write.flush()
            os.fsync(write.fileno())
        part.replace(to)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    with contextlib.suppress(OSError):  # some file systems do not sync folders
        folder = os.open(to.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}{BESIDE}")
