"""The version of a database's tables, and the upgrade of older ones.

The migrations are files of this package, `migrations/versions/0001_first.py`; the number is the version. To write the
next one, change models.py and call `propose("what it does")`; a test compares the two and reports what is missing. A
new database gets its tables from models.py at once, with the number of the newest migration.
"""

import json
import sqlite3
from contextlib import closing
from glob import escape
from pathlib import Path

from sqlalchemy import URL, Column, Connection, Engine, MetaData, PrimaryKeyConstraint, String, Table, inspect, text

from regbench.addresses import without_password
from regbench.errors import InfrastructureError
from regbench.job import canonical
from regbench.store import environments
from regbench.store.engine import open_to_read
from regbench.store.models import Base
from regbench.store.trouble import ANOTHER

MIGRATIONS = Path(__file__).parent / "migrations"
VERSION_TABLE, VERSION = "regbench_alembic_version", "version_num"
VERSIONS = Table(  # as Alembic makes it
    VERSION_TABLE,
    MetaData(),
    Column(VERSION, String(32), nullable=False),
    PrimaryKeyConstraint(VERSION, name=f"{VERSION_TABLE}_pkc"),
)
COLUMNS = (
    "SELECT t.name, c.name FROM sqlite_master AS t, pragma_table_info(t.name) AS c "
    "WHERE t.type = 'table' AND t.name NOT GLOB 'sqlite_*'"
)
ADVISORY_LOCK = 0x7265676265  # "regbe": PostgreSQL's advisory lock for creating or changing the tables


def versions(migrations: Path = MIGRATIONS) -> list[str]:
    """All versions known to this regbench, oldest first: `["0001"]`."""
    return sorted(path.name[:4] for path in (migrations / "versions").glob("[0-9][0-9][0-9][0-9]_*.py"))


def bring_up_to_date(engine: Engine, *, migrations: Path = MIGRATIONS) -> None:
    """Create the tables of a new database, or upgrade an older one after a backup; other databases are refused."""
    place, known = engine.url, versions(migrations)
    if _is_file(place):
        if not _exists(place):
            Path(place.database or "").parent.mkdir(parents=True, exist_ok=True)
        elif Path(place.database or "").stat().st_size:
            _refuse(place, *_of_file(Path(place.database or "")), known)  # before changing anything in the file
    with engine.connect() as connection:
        if version(connection) == known[-1]:
            _refuse_unlike(place, connection)
            return
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
        found = version(connection)  # again, because another process may have been faster
        _refuse(place, found, list(columns(connection)), known)
        if found == known[-1]:
            return
        if found is None:
            make_tables(connection)
        elif _is_file(place):
            copy_aside(Path(place.database or ""), found)
            _clean_copies(Path(place.database or ""))
        if version(connection) != known[-1]:
            alembic_upgrade(connection, migrations)


def is_older(path: Path) -> bool:
    """Whether an SQLite file has tables of an older version."""
    return _of_file(path)[0] in versions()[:-1]


def _of_file(path: Path) -> tuple[str | None, list[str]]:
    """The version of an SQLite file, and the names of its tables."""
    with closing(open_to_read(path)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        query = f"SELECT * FROM {VERSION_TABLE}"  # noqa: S608 - a constant
        row = connection.execute(query).fetchone() if VERSION_TABLE in names else None
        return row and row[0], names


def require_current(engine: Engine, *, migrations: Path = MIGRATIONS) -> None:
    """For readers: raise `InfrastructureError` if the database is missing, empty, older or newer."""
    place, known = engine.url, versions(migrations)
    if _is_file(place) and not _exists(place):
        raise InfrastructureError(f"database {where(place)}: there is none; `regbench run` makes it, or {ANOTHER}")
    with engine.connect() as connection:
        if (found := version(connection)) == known[-1]:
            _refuse_unlike(place, connection)
            return
        names = list(columns(connection))
    _refuse(place, found, names, known)
    if found is None:
        raise InfrastructureError(f"database {where(place)}: it is empty; `regbench run` fills it, or {ANOTHER}")
    raise InfrastructureError(
        f"database {where(place)}: made by an older regbench (tables {found}, now {known[-1]}); the next "
        "command that writes to it, such as `regbench run`, copies it aside and upgrades it"
    )


def version(connection: Connection) -> str | None:
    """The version of the tables; None if there are no regbench tables."""
    found = columns(connection).get(VERSION_TABLE)
    if found is None:
        return None
    if VERSION not in found:
        return "unknown"
    return connection.execute(text(f"SELECT {VERSION} FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant


def columns(connection: Connection) -> dict[str, set[str]]:
    """The names of all tables and of their columns; of SQLite by one query, because every opening asks for them."""
    if connection.dialect.name != "sqlite":
        found = inspect(connection).get_multi_columns()
        return {name: {column["name"] for column in described} for (_, name), described in found.items()}
    tables: dict[str, set[str]] = {}
    for table, column in connection.exec_driver_sql(COLUMNS):
        tables.setdefault(table, set()).add(column)
    return tables


def where(place: URL) -> str:
    """The name of a database in messages: the path of a file, or a URL without its password."""
    return place.database or "" if _is_file(place) else without_password(place.render_as_string(hide_password=True))


def _is_file(place: URL) -> bool:
    return place.get_backend_name() == "sqlite"


def _exists(place: URL) -> bool:
    path = Path(place.database or "")
    if path.is_dir():
        raise InfrastructureError(f"database {path}: it is a folder; give a file in it, such as {path / 'regbench.db'}")
    return path.exists()


def _refuse_unlike(place: URL, connection: Connection) -> None:
    """Refuse a database that has the version of ours but lacks a table or a column of it."""
    there = columns(connection)
    for name, table in Base.metadata.tables.items():
        has = there.get(name, set())
        if lacking := [column.name for column in table.columns if column.name not in has]:
            what = f"column {lacking[0]} of table {name}" if has else f"table {name}"
            raise InfrastructureError(
                f"database {where(place)}: it lacks {what}, so it is damaged or was changed; restore a copy, "
                f"or {ANOTHER}"
            )


def _refuse(place: URL, found: str | None, tables: list[str], known: list[str]) -> None:
    ours = set(Base.metadata.tables)
    if found is None and (tables if _is_file(place) else ours.intersection(tables)):
        raise InfrastructureError(
            f"database {where(place)}: it holds other tables ({', '.join(sorted(tables)[:3])}), "
            f"not regbench's; {ANOTHER}"
        )
    if found is not None and found not in known:
        raise InfrastructureError(
            f"database {where(place)}: made by a newer regbench (tables {found}, this one knows {known[-1]}); "
            f"update it with pip install -U regbench, or {ANOTHER}"
        )


def copy_aside(path: Path, why: str) -> Path:
    """Make a consistent backup, including the write-ahead log, next to the file: results.db.0001.bak."""
    aside = path.with_name(f"{path.name}.{why}.bak")
    if aside.exists():
        return aside
    return copy(path, aside)


def copy(path: Path, to: Path) -> Path:
    """Make a consistent copy of an SQLite file, including the write-ahead log, that replaces another one whole."""
    unfinished = to.with_name(to.name + ".part")
    with closing(open_to_read(path)) as source, closing(sqlite3.connect(unfinished)) as made:
        source.backup(made)
    unfinished.replace(to)
    return to


def _clean_copies(path: Path) -> None:
    """Remove the passwords that migration 0006 removes from the backups too: they are for undoing, not for keeping."""
    for aside in path.parent.glob(f"{escape(path.name)}.[0-9][0-9][0-9][0-9].bak"):
        with closing(sqlite3.connect(aside)) as copy:
            copy.execute("PRAGMA secure_delete = ON")  # otherwise the old text stays in unused pages
            stored = copy.execute("SELECT id, config FROM environment").fetchall()
            made = [(canonical(environments.row(json.loads(config))["config"]), row) for row, config in stored]
            copy.executemany("UPDATE environment SET config = ?1 WHERE id = ?2 AND config <> ?1", made)
            copy.commit()


def make_tables(connection: Connection) -> None:
    """Create the tables that models.py describes: the same as all migrations make, in a fraction of the time."""
    Base.metadata.create_all(connection, checkfirst=False)  # none is there, or the database would have been refused
    VERSIONS.create(connection, checkfirst=True)  # a server keeps it, empty, when all migrations are undone
    connection.execute(VERSIONS.insert(), {VERSION: versions()[-1]})


def alembic_upgrade(connection: Connection, migrations: Path = MIGRATIONS) -> None:
    """Run the migrations that a database lacks; on an empty one, all of them."""
    from alembic import command

    command.upgrade(alembic_config(connection, migrations), "head")


def alembic_config(connection: Connection, migrations: Path = MIGRATIONS):
    """Alembic's settings for an open connection, so that migrations run in our transaction."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def propose(message: str) -> None:
    """Generate the next migration from the difference between models.py and the existing ones; review it before use."""
    from alembic import command
    from sqlalchemy import create_engine

    with create_engine("sqlite://").connect() as connection:
        alembic_upgrade(connection)
        following = f"{int(versions()[-1]) + 1:04d}" if versions() else "0001"
        command.revision(alembic_config(connection), message=message, rev_id=following, autogenerate=True)
