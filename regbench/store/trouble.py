"""Database errors as one line that names the problem, the place and the remedy."""

import contextlib
import json
import sqlite3
from collections.abc import Iterator

from sqlalchemy.exc import DBAPIError, OperationalError

from regbench.errors import InfrastructureError, PassingError

ANOTHER = "give another file with --db FILE"
SQLITE = {  # by the start of SQLite's name of the error: https://www.sqlite.org/rescode.html
    "SQLITE_NOTADB": f"it is not a database; {ANOTHER}, or move this one away",
    "SQLITE_BUSY": "another process has kept it locked for half a minute; wait for it or end it, then run again",
    "SQLITE_LOCKED": "another connection keeps it locked; run again when that is done",
    "SQLITE_FULL": "the disk is full; free some space and run again, what was written is kept",
    "SQLITE_READONLY": f"it cannot be written to; make the file and its folder writable, or {ANOTHER}",
    "SQLITE_CANTOPEN": f"it cannot be opened; look whether the folder is there and writable, or {ANOTHER}",
    "SQLITE_PERM": f"it may not be opened; make the file and its folder readable and writable, or {ANOTHER}",
    "SQLITE_AUTH": f"it may not be opened; make the file and its folder readable and writable, or {ANOTHER}",
    "SQLITE_CORRUPT": f"the file is damaged; restore a copy of it, or {ANOTHER}",
    "SQLITE_IOERR": "the disk failed to read or write it, as when a quota is used up; look at free space, quota and "
    "the disk itself, and run again, what was written is kept",
}

# A disk error is most often a quota or a limit on the size of files, for which SQLite has no name of its own.
SQLITE_PASSES = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR")
SERVER_PASSES = ("08", "53", "57P", "55")  # no connection; out of disk, memory or connections; shut down; locked
SERVER = (  # SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
    *("08", "28", "3D", "3F"),  # no connection, no such user, no such database, no such schema
    *("25006", "42501"),  # read-only, no permission
    *("53", "55", "57"),  # out of disk, memory or connections; locked; shut down
)


@contextlib.contextmanager
def explained(place: str) -> Iterator[None]:
    """Turn database errors caused by the machine into an `InfrastructureError`; bugs keep their traceback."""
    try:
        yield
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InfrastructureError(f"database {place}: {SQLITE['SQLITE_CORRUPT']}") from error
    except (DBAPIError, sqlite3.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        of_file = isinstance(cause, sqlite3.Error)
        name = getattr(cause, "sqlite_errorname", "") if of_file else _state(error)
        remedy = _sqlite(name, cause) if of_file else _server(name, cause)
        if remedy is None:
            raise
        passes = name.startswith(SQLITE_PASSES if of_file else SERVER_PASSES)
        raise (PassingError if passes else InfrastructureError)(f"database {place}: {remedy}") from error


@contextlib.contextmanager
def reachable(thing: str, *, remedy: str = ANOTHER) -> Iterator[None]:
    """Turn an error with a file or folder into an `InfrastructureError`."""
    try:
        yield
    except (FileExistsError, NotADirectoryError) as error:
        raise InfrastructureError(f"{thing}: there is a file where a folder should be; {remedy}") from error
    except OSError as error:
        why = " ".join((error.strerror or str(error)).lower().split())
        raise InfrastructureError(f"{thing}: {why}; {remedy}") from error


def _sqlite(name: str, cause: object) -> str | None:
    if "Could not decode" in str(cause):  # bytes that are no text: SQLite itself does not look
        return SQLITE["SQLITE_CORRUPT"]
    return next((remedy for start, remedy in SQLITE.items() if name.startswith(start)), None)


def _state(error: Exception) -> str:
    """SQLSTATE of an error; that of a lost connection if the server was not reached."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return getattr(cause, "sqlstate", None) or ("08000" if isinstance(error, OperationalError) else "")


def _server(state: str, cause: object) -> str | None:
    """The remedy if the server is unreachable, refused or closed the connection; None if it is a bug."""
    if not state.startswith(SERVER):
        return None
    said = " ".join(str(cause).split())
    return f"the server says: {said}; look whether it runs, has room, and knows this user and database"
