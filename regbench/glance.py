"""Names in the file of a database, for the completion of a command line: at a glance, and never an error.

SQLAlchemy and the store take half a second to import, which is long for a key. So this reads three tables of an SQLite
file directly; a server is not asked, for it may be far away or want a password.
"""

import sqlite3
from contextlib import closing
from typing import NamedTuple

from regbench.addresses import path_of
from regbench.errors import RegbenchError

PATIENCE_S = 0.2  # for a file that is locked
MOST = 10_000  # names of a kind
QUERIES = {
    "benchmarks": "SELECT name FROM benchmark ORDER BY last_run DESC",
    "datasets": "SELECT DISTINCT dataset FROM job ORDER BY dataset",
    "rows": """
        SELECT variant FROM benchmark_job
        WHERE benchmark = coalesce(:benchmark, (SELECT name FROM benchmark ORDER BY last_run DESC LIMIT 1))
        GROUP BY variant ORDER BY min(position)
    """,
}


class Names(NamedTuple):
    """The benchmarks, the last one run first; all datasets; and the rows of a benchmark, by default of the first."""

    benchmarks: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


def names(db: str, benchmark: str | None = None) -> Names:
    """What is in a database; nothing of one that is not there, cannot be read, or is on a server."""
    try:
        path = path_of(db)
        if path is None or not path.is_file():
            return Names()
        address = f"{path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=PATIENCE_S)) as opened:
            found = {
                kind: tuple(str(row[0]) for row in opened.execute(query, {"benchmark": benchmark}).fetchmany(MOST))
                for kind, query in QUERIES.items()
            }
        return Names(**found)
    except (RegbenchError, sqlite3.Error, OSError, ValueError, OverflowError):
        return Names()
