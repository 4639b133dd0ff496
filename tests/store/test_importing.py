"""An import is many short transactions of whole runs: others write meanwhile, and a killed one is gone on with."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regbench.errors import InfrastructureError, UsageError
from regbench.store import Store, export, import_, pieces
from regbench.store.transfer import TABLES
from tests.made.large import NAMES, make
from tests.store.test_transfer import fill

NUMBERS = "SELECT r.uuid, m.name, m.epoch, m.value FROM metric m JOIN run r ON r.id = m.run_id ORDER BY 1, 2, 3"
PLACES = (
    "SELECT b.benchmark, b.variant, j.key FROM benchmark_job b JOIN job j ON j.id = b.job_id ORDER BY b.position, 2, 3"
)


def ask(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture
def large(tmp_path: Path) -> Callable[..., Path]:
    """Exports a database of so many runs of so many epochs; gives its folder."""

    def made(*, jobs: int, epochs: int) -> Path:
        make(tmp_path / "source.db", jobs=jobs, epochs=epochs)
        with Store.open(tmp_path / "source.db") as source:
            export(source, tmp_path / "out")
        return tmp_path / "out"

    return made


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece is a run, or a few rows of another table."""
    for name, value in {"FIRST": 3, "LEAST": 3, "MOST": 3, "GAP_S": 0.0}.items():
        monkeypatch.setattr(pieces, name, value)


def test_what_is_imported_does_not_depend_on_the_size_of_the_pieces(
    store: Store, tmp_path: Path, small_pieces: None
) -> None:
    with Store.open(tmp_path / "source.db") as source:
        fill(source)
        moved = export(source, tmp_path / "out")
    assert import_(store, tmp_path / "out") == moved
    assert export(store, tmp_path / "again") == moved
    for name in TABLES:
        before, after = (pq.read_table(tmp_path / place / f"{name}.parquet") for place in ("out", "again"))
        assert before.equals(after), name
    assert set(import_(store, tmp_path / "out").rows.values()) == {0}


def test_an_import_that_finds_the_disk_full_keeps_whole_runs_and_goes_on_later(
    tmp_path: Path, large: Callable[..., Path], small_pieces: None
) -> None:
    folder = large(jobs=20, epochs=30)
    with Store.open(tmp_path / "new.db") as new:
        with new.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 60")
        with pytest.raises(InfrastructureError) as refused:
            import_(new, folder)
        kept = ask(tmp_path / "new.db", "SELECT count(*) FROM run")[0][0]
        assert f"disk is full; free some space and run again, what was written is kept; {kept} new runs were" in str(
            refused.value
        )
        assert 0 < kept < 20
        counts = "SELECT DISTINCT count(*) FROM metric GROUP BY run_id"
        assert ask(tmp_path / "new.db", counts) == [(30 * len(NAMES),)]
    with Store.open(tmp_path / "new.db") as new:
        assert import_(new, folder).rows["runs"] == 20 - kept
    for query in (NUMBERS, PLACES):
        assert ask(tmp_path / "new.db", query) == ask(tmp_path / "source.db", query)


def edited(path: Path, column: str, change: Callable[[list[Any]], list[Any]]) -> None:
    table = pq.read_table(path)
    place = table.column_names.index(column)
    values = pa.array(change(table.column(column).to_pylist()), table.schema.field(column).type)
    pq.write_table(table.set_column(place, table.schema.field(column), values), path)


DAMAGES = {
    "a run without a row": ("metrics", "run", lambda runs: [*runs[:-1], "nobody"], "run that runs.parquet lacks"),
    "another order": ("metrics", "run", lambda runs: [*runs[:-1], runs[0]], "not in the order of runs.parquet"),
    "no number": ("runs", "started", lambda times: [*times[:-1], float("nan")], "'started' is not a number"),
    "no value of JSON": ("jobs", "config", lambda texts: [*texts[:-1], '{"rate": NaN}'], "NaN is no value of JSON"),
    "nothing": ("metrics", "epoch", lambda epochs: [*epochs[:-1], None], "an empty value in column 'epoch'"),
    "no shape of an array": ("recorded", "shape", lambda texts: [*texts[:-1], "[1,"], "damaged"),
    "no array": ("recorded", "data", lambda arrays: [*arrays[:-1], None], "an empty value in column 'data'"),
    "an epoch below 0": ("recorded", "epoch", lambda epochs: [*epochs[:-1], -1], "below 0 in column 'epoch'"),
    "no shape": ("parameters", "shape", lambda texts: [*texts[:-1], "[1,"], "damaged"),
}


@pytest.mark.parametrize(("name", "column", "change", "complaint"), DAMAGES.values(), ids=DAMAGES)
def test_a_folder_that_is_refused_for_its_last_row_changes_nothing(
    tmp_path: Path, small_pieces: None, name: str, column: str, change: Callable[[list], list], complaint: str
) -> None:
    with Store.open(tmp_path / "source.db") as source:
        fill(source)
        export(source, tmp_path / "out")
    edited(tmp_path / "out" / f"{name}.parquet", column, change)
    with Store.open(tmp_path / "new.db") as new:
        with pytest.raises(UsageError, match=complaint):
            import_(new, tmp_path / "out")
        with new.reading() as connection:
            for table in TABLES.values():
                query = f"SELECT count(*) FROM {table.__tablename__}"
                assert connection.exec_driver_sql(query).scalar() == 0


@pytest.mark.parametrize(
    ("name", "column", "value", "complaint"),
    [("jobs", "seed", 2**31, "'seed' is too large"), ("runs", "error", "\0", "character 0 in column 'error'")],
)
def test_what_only_a_server_cannot_store_is_refused_for_a_server_alone(
    tmp_path: Path, new_postgresql_database: str, name: str, column: str, value: Any, complaint: str
) -> None:
    with Store.open(tmp_path / "source.db") as source:
        fill(source)
        export(source, tmp_path / "out")
    edited(tmp_path / "out" / f"{name}.parquet", column, lambda values: [*values[:-1], value])
    with Store.open(tmp_path / "new.db") as new, Store.open(new_postgresql_database) as server:
        assert import_(new, tmp_path / "out").rows["runs"] == 4
        with pytest.raises(UsageError, match=complaint):
            import_(server, tmp_path / "out")
        assert server.benchmarks().empty


@pytest.mark.slow
def test_another_process_writes_while_a_large_import_goes_on(tmp_path: Path, large: Callable[..., Path]) -> None:
    """It gives up after two seconds, which is less than the import takes."""
    folder, new = large(jobs=800, epochs=100), tmp_path / "new.db"
    Store.open(new).close()
    command = [sys.executable, "-m", "regbench", "db", "import", str(folder), "--db", str(new), "--json"]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as importing,
        closing(sqlite3.connect(new, timeout=2.0, isolation_level=None)) as other,
    ):
        before = []  # how many runs were there at each write
        while importing.poll() is None:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO environment (digest, config) VALUES (?, '{}')", [f"other {len(before)}"])
            before += other.execute("SELECT count(*) FROM run").fetchone()
            other.execute("COMMIT")
            time.sleep(0.02)
        assert importing.stdout
        rows = json.loads(importing.stdout.read())["data"]["rows"]
    assert sum(0 < runs < 800 for runs in before) > 3
    assert rows["metrics"] == 800 * 100 * len(NAMES)
    assert rows["environments"] == 1
    assert ask(new, NUMBERS) == ask(tmp_path / "source.db", NUMBERS)


@pytest.mark.slow
def test_an_import_that_is_killed_leaves_whole_runs_and_importing_again_completes_it(
    tmp_path: Path, large: Callable[..., Path]
) -> None:
    folder, new = large(jobs=800, epochs=100), tmp_path / "new.db"
    Store.open(new).close()
    kept = 0
    for _ in range(2):
        with subprocess.Popen([sys.executable, "-m", "regbench", "db", "import", folder, "--db", new]) as importing:
            while ask(new, "SELECT count(*) FROM run")[0][0] == kept:
                assert importing.poll() is None
                time.sleep(0.01)
            os.kill(importing.pid, signal.SIGKILL)
        kept = ask(new, "SELECT count(*) FROM run")[0][0]
        assert kept < 800
        counts = "SELECT DISTINCT count(*) FROM metric GROUP BY run_id"
        assert ask(new, counts) == [(100 * len(NAMES),)]
    with Store.open(new) as store:
        assert import_(store, folder).rows["runs"] == 800 - kept
        assert set(import_(store, folder).rows.values()) == {0}
    for query in (NUMBERS, PLACES):
        assert ask(new, query) == ask(tmp_path / "source.db", query)


@pytest.mark.slow
def test_ctrl_c_during_an_import_says_what_is_kept(tmp_path: Path, large: Callable[..., Path]) -> None:
    folder, new = large(jobs=800, epochs=100), tmp_path / "new.db"
    Store.open(new).close()
    command = [sys.executable, "-m", "regbench", "db", "import", str(folder), "--db", str(new)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as importing:
        while not ask(new, "SELECT count(*) FROM run")[0][0]:
            time.sleep(0.01)
        importing.send_signal(signal.SIGINT)
        assert importing.stderr
        said = importing.stderr.read()
    kept = ask(new, "SELECT count(*) FROM run")[0][0]
    assert importing.returncode == 130
    assert said == (
        f"regbench: interrupted; {kept:,} new runs were imported, each of them whole, and are kept; "
        "the same import goes on from there\n"
    )
