"""Opening a database: an SQLite file used by many processes, or a PostgreSQL server."""

import re
import sqlite3
import time
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from regbench.addresses import FORM, path_of, without_password
from regbench.errors import InfrastructureError, UsageError
from regbench.job import canonical
from regbench.paths import named
from regbench.store import scratch

BUSY_S = 30.0
OPTION = re.compile(r"[\w%+-]+=")
SEE = "see https://www.postgresql.org/docs/current/libpq-connect.html"
NUMBERS = {
    *("connect_timeout", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval"),
    *("port", "tcp_user_timeout"),
}  # options of an address that are whole numbers


def locate(place: str | Path) -> URL:
    """The SQLAlchemy URL of a path (an SQLite file) or of a URL; raises `UsageError` for other URLs."""
    path = named(place, "database ") if isinstance(place, Path) else path_of(place)
    if path is not None:
        return URL.create("sqlite", database=str(path.absolute()))
    place = str(place)
    try:
        url = make_url(place)
    except (ArgumentError, ValueError):  # ValueError: a port that is not a number
        url = None
    if url and url.drivername == "sqlite" and url.database and url.database != ":memory:":
        if url.query:
            raise UsageError(f"database {without_password(place)}: the address of an SQLite file takes no options")
        return url.set(database=str(named(url.database, "database ").absolute()))
    if url and url.get_backend_name() == "postgresql":
        return _server(url, place)
    raise UsageError(f"database {without_password(place)}: give the path of an SQLite file or {FORM}")


def _server(url: URL, place: str) -> URL:
    """A server's address; options that its driver does not know, and signs that split a password, are refused."""
    said = f"database {without_password(place)}"
    split = f"{said}: in the user's name and the password write %40 for an @, %2F for a / and %3F for a ?"
    rest = place.partition("://")[2]
    before, _, options = (rest if url.username is None else rest.partition("@")[2]).partition("?")
    if "@" in before or not all(OPTION.match(option) for option in options.split("&") if option):
        raise UsageError(split)
    url = url.set(drivername="postgresql+psycopg")
    try:
        from psycopg import conninfo, errors
    except ModuleNotFoundError:
        return url  # `connect` says what is missing
    for option, value in url.query.items():
        try:
            conninfo.make_conninfo("", **{option: str(value)})
        except errors.Error:
            raise UsageError(split if "@" in options else f"{said}: there is no option {option!r}; {SEE}") from None
        if option in NUMBERS and not re.fullmatch(r"-?\d{1,9}", str(value).strip()):
            raise UsageError(f"{said}: option {option!r} must be a whole number; {SEE}")
    return url


def connect(url: URL, *, read_only: bool, existing: bool = False) -> Engine:
    """An engine; its transactions are for reading, unless opened with the execution option `writing`.

    With `existing` no file is made.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, read_only=read_only, existing=existing)
    try:
        return create_engine(url, json_serializer=canonical, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise InfrastructureError(
            f"database {without_password(url.render_as_string())}: PostgreSQL needs the package psycopg; "
            "pip install 'regbench[postgres]'"
        ) from error


def _sqlite(url: URL, *, read_only: bool, existing: bool) -> Engine:
    path, made = Path(url.database or ""), False

    def open_file() -> sqlite3.Connection:
        nonlocal made
        if read_only:
            return open_to_read(path)
        connection = _open_to_write(path, create=not (made or existing))
        made = True
        return connection

    engine = create_engine(url, creator=open_file, json_serializer=canonical)
    event.listen(engine, "begin", _begin)
    return engine


def open_to_read(path: Path) -> sqlite3.Connection:
    """A read-only connection; works in a read-only folder too, and on a file that is only replaced as a whole."""
    if scratch.is_snapshot(path):
        return _open(path, "mode=ro&immutable=1")
    try:
        return _open(path, "mode=ro")
    except sqlite3.OperationalError as error:
        log = path.with_name(path.name + "-wal")
        cannot = error.sqlite_errorname.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY"))
        if not cannot or not path.is_file() or (log.exists() and log.stat().st_size):
            raise
        return _open(
            path, "mode=ro&immutable=1"
        )  # the folder has no room for shared memory, so no process can be writing


def _open_to_write(path: Path, *, create: bool) -> sqlite3.Connection:
    """A connection for writing; a file that has vanished since the first one is not made again, because it is empty."""
    connection = _open(path, "mode=rwc" if create else "mode=rw")
    try:
        connection.execute("PRAGMA foreign_keys=ON")
        _write_ahead(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path, mode: str) -> sqlite3.Connection:
    """A connection that has read the first page; otherwise SQLite opens the file later, and errors come later."""
    connection = sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute(f"PRAGMA busy_timeout={int(BUSY_S * 1000)}")
        connection.execute("PRAGMA schema_version").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log: readers do not block the writer.

    A crash of the process loses nothing; a crash of the machine loses at most the last transactions.
    """
    deadline = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:  # the first switch of a new file ignores busy_timeout
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL")


def _begin(connection: Connection) -> None:
    """Take the write lock at the start: upgrading a read transaction to write can fail whatever the timeout."""
    writing = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def file_of(url: URL) -> Path | None:
    """The SQLite file; None for a server."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return None
    return Path(url.database)


def folder_beside(url: URL, name: str = "checkpoints") -> Path | None:
    """The folder for large checkpoints, or another, beside the real SQLite file; None for a server."""
    path = file_of(url)
    if path is None:
        return None
    path = path.resolve()  # a symbolic link to the file has the same checkpoints
    return path.with_name(f"{path.name}.{name}")
