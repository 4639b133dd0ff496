"""An SQLite file that is deleted or moved while it is open: notice it, and put it back from an open connection.

The open connections keep a file without a name, and what is written to it is lost with the last of them.
"""

import contextlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from regbench.errors import InfrastructureError, PassingError
from regbench.store.patience import to_stderr

Identity = tuple[int, int]  # device and inode


def identity(path: Path) -> Identity | None:
    """What distinguishes the file from another one of its name; None if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def log(path: Path) -> Path:
    """The write-ahead log of a database."""
    return path.with_name(f"{path.name}-wal")


def put_back(engine: Engine, path: Path, stale: Identity | None) -> None:
    """Make the file again from an open connection, unless another process has done so; then use the new file.

    stale: the log of the file that is gone; SQLite would mix one that is left over into the new file.
    """
    try:
        raw = engine.raw_connection()
    except (DBAPIError, sqlite3.Error) as error:  # another thread has the open connection
        raise PassingError(f"database {path}: it was deleted or moved while the run went on") from error
    try:
        ours = raw.driver_connection
        assert isinstance(ours, sqlite3.Connection)
        with contextlib.suppress(sqlite3.Error):  # a file that was moved should be whole where it is now
            ours.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        if stale and identity(log(path)) == stale:
            for name in (log(path), path.with_name(f"{path.name}-shm")):
                name.unlink(missing_ok=True)
        if not path.exists():
            _make_again(ours, path)
        if not _holds_all(path, ours):
            rescued = path.with_name(f"{path.name}.rescued-{os.getpid()}")
            _copy(ours, rescued)
            raise InfrastructureError(
                f"database {path}: another file took its place while the run went on; what was written is in {rescued}"
            )
    except (sqlite3.Error, OSError) as error:
        raise InfrastructureError(
            f"database {path}: it was deleted or moved while the run went on, and cannot be put back ({error}); "
            "what was written since is lost"
        ) from error
    finally:
        raw.close()
        engine.dispose()  # its connections are to the file without a name


def _make_again(ours: sqlite3.Connection, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    _copy(ours, part)
    try:
        path.hardlink_to(part)  # fails where another process was faster
    except FileExistsError:
        return
    finally:
        part.unlink()
    to_stderr(f"database {path}: it was deleted or moved while the run went on; it was put back, nothing is lost")


def _copy(ours: sqlite3.Connection, to: Path) -> None:
    to.unlink(missing_ok=True)
    with closing(sqlite3.connect(to)) as copy:
        ours.backup(copy)


def _holds_all(path: Path, ours: sqlite3.Connection) -> bool:
    """Whether the file has the newest run that we know of."""
    newest = ours.execute("SELECT uuid FROM run ORDER BY id DESC LIMIT 1").fetchone()
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as theirs:
        try:
            return newest is None or bool(theirs.execute("SELECT 1 FROM run WHERE uuid = ?", newest).fetchone())
        except sqlite3.OperationalError:  # it has no such table
            return False
