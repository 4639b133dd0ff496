"""Migrations make the tables that the models describe and new databases have; older and newer ones are recognised."""

import io
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic import command
from sqlalchemy import Connection, inspect

from regbench.errors import InfrastructureError
from regbench.store import EpochRows, Store, engine
from regbench.store.models import Base
from regbench.store.upgrade import (
    MIGRATIONS,
    VERSION_TABLE,
    alembic_config,
    alembic_upgrade,
    bring_up_to_date,
    make_tables,
    require_current,
    version,
    versions,
)
from tests.store.conftest import job, labelled, take, train

NEXT = """
revision, down_revision = "{new}", "{old}"

def upgrade() -> None:
    from alembic import op
    op.execute("CREATE TABLE something_new (id INTEGER)")
    {then}
"""


def with_one_more(folder: Path, then: str = "pass") -> Path:
    """The migrations of a later version of regbench."""
    shutil.copytree(MIGRATIONS, folder)
    old = versions()[-1]
    new = f"{int(old) + 1:04d}"
    (folder / "versions" / f"{new}_next.py").write_text(NEXT.format(new=new, old=old, then=then))
    return folder


@pytest.fixture
def empty(url: str) -> Iterator[Connection]:
    """A transaction on a database without tables."""
    if "://" not in url:
        Path(url).parent.mkdir()
    opened = engine.connect(engine.locate(url), read_only=False)
    with opened.connect().execution_options(writing=True) as connection, connection.begin():
        yield connection
    opened.dispose()


def tables(connection: Connection) -> dict[str, Any]:
    """All that a database says of its tables: columns by name, constraints, indexes, and how SQLite stores the rows."""
    there = inspect(connection)
    found: dict[str, Any] = {}
    for name in there.get_table_names():
        columns = {
            each["name"]: (str(each["type"]), each["nullable"], each["default"]) for each in there.get_columns(name)
        }
        others = [each(name) for each in (there.get_foreign_keys, there.get_indexes, there.get_unique_constraints)]
        sorted_ = [sorted(each, key=lambda one: one["name"] or "") for each in others]
        found[name] = (columns, there.get_pk_constraint(name), *sorted_, there.get_table_options(name))
    return found


def test_models_and_migrations_agree(empty: Connection):
    alembic_upgrade(empty)
    settings = alembic_config(empty)
    settings.stdout = io.StringIO()
    command.check(settings)


def test_a_new_database_is_what_all_migrations_make(empty: Connection):
    make_tables(empty)
    (new, its_version) = tables(empty), version(empty)
    command.downgrade(alembic_config(empty), "base")
    assert set(tables(empty)) == {VERSION_TABLE}  # so every migration can be undone
    alembic_upgrade(empty)
    assert tables(empty) == new
    assert version(empty) == its_version


def test_every_migration_can_be_undone(empty: Connection):
    alembic_upgrade(empty)
    command.downgrade(alembic_config(empty), "base")
    assert set(inspect(empty).get_table_names()) == {VERSION_TABLE}


def test_the_numbers_of_the_files_are_the_versions_alembic_knows(store: Store):
    with store.reading() as connection:
        assert version(connection) == versions()[-1]


def test_an_older_file_is_copied_aside_and_upgraded(tmp_path: Path):
    path = tmp_path / "regbench.db"
    with Store.open(path) as store:
        store.add_benchmark("small", {}, labelled(job()))
    later = with_one_more(tmp_path / "migrations")
    opened = engine.connect(engine.locate(path), read_only=False)
    bring_up_to_date(opened, migrations=later)
    bring_up_to_date(opened, migrations=later)
    with opened.connect() as connection:
        assert version(connection) == versions(later)[-1]
        assert "something_new" in inspect(connection).get_table_names()
        assert connection.exec_driver_sql("SELECT count(*) FROM job").scalar() == 1
    opened.dispose()
    with Store.open(tmp_path / f"regbench.db.{versions()[-1]}.bak", read_only=True) as copy:
        assert copy.last_benchmark() == "small"


def test_a_migration_that_fails_changes_nothing(url: str, tmp_path: Path):
    with Store.open(url) as store:
        store.add_benchmark("small", {}, labelled(job()))
    opened = engine.connect(engine.locate(url), read_only=False)
    with pytest.raises(RuntimeError, match="no such luck"):
        bring_up_to_date(opened, migrations=with_one_more(tmp_path / "m", then="raise RuntimeError('no such luck')"))
    opened.dispose()
    with Store.open(url) as store, store.reading() as connection:
        assert set(inspect(connection).get_table_names()) == {*Base.metadata.tables, VERSION_TABLE}
        assert store.last_benchmark() == "small"


def test_a_reader_upgrades_nothing_and_says_who_does(tmp_path: Path):
    path = tmp_path / "regbench.db"
    Store.open(path).close()
    later = with_one_more(tmp_path / "migrations")
    opened = engine.connect(engine.locate(path), read_only=True)
    with pytest.raises(InfrastructureError, match=r"older regbench.*regbench run.*upgrades it"):
        require_current(opened, migrations=later)
    opened.dispose()
    assert not list(tmp_path.glob("*.bak"))


def test_a_benchmark_of_version_0003_keeps_its_jobs_under_their_variants(store: Store):
    jobs = [job(seed=0), job(seed=1), job(method="soft_binning", k=5, hparams=(("lambda_sigma", 1.0),))]
    store.add_benchmark("small", {}, labelled(*jobs))
    before = store.cells("small")
    with store.writing() as connection:
        command.downgrade(alembic_config(connection), "0003")
    with store.writing() as connection:
        command.upgrade(alembic_config(connection), "head")
    after = store.cells("small")
    assert after["variant"].tolist() == after["row"].tolist() == ["lsq", "lsq", "soft_binning[lambda_sigma=1]"]
    assert after["job_key"].tolist() == before["job_key"].tolist()
    assert store.choices("small").empty


def test_a_file_of_version_0006_keeps_its_numbers_and_takes_recorded_arrays(tmp_path: Path):
    path = tmp_path / "regbench.db"
    with Store.open(path) as store:
        store.add_benchmark("small", {}, labelled(job(seed=0), job(seed=1)))
        (before,) = train(store, job(seed=0))
        with store.writing() as connection:
            command.downgrade(alembic_config(connection), "0006")
    with Store.open(path) as store:
        assert store.cells("small")["val_rmse"].iloc[0] == 0.1
        assert store.recorded(before) == {}
        (claim,) = take(store, job(seed=1))
        weight = np.ones((1, 2), dtype=np.float32)
        store.write([EpochRows(claim.run_id, 1, {"val/rmse": 0.5}, {"weight": weight})], claims=[claim])
        assert store.recorded(claim.run_id)[1]["weight"].tolist() == [[1, 1]]
    assert path.with_name("regbench.db.0006.bak").exists()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_newer_database_is_refused_and_not_touched(url: str, read_only: bool):
    with Store.open(url) as store, store.writing() as connection:
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(InfrastructureError, match=r"newer regbench \(tables 9999.*pip install -U regbench"):
        Store.open(url, read_only=read_only)
    with pytest.raises(InfrastructureError, match="newer"):
        Store.open(url)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_database_of_somebody_else_is_refused_and_not_touched(tmp_path: Path, read_only: bool):
    path = tmp_path / "photos.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE photo (id INTEGER)")
    before = path.read_bytes()
    with pytest.raises(
        InfrastructureError, match=r"photos.db: it holds other tables \(photo\), not regbench's; .*--db"
    ):
        Store.open(path, read_only=read_only)
    assert path.read_bytes() == before


def test_a_server_that_holds_other_tables_gets_ours_beside_them(new_postgresql_database: str):
    opened = engine.connect(engine.locate(new_postgresql_database), read_only=False)
    with opened.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE photo (id INTEGER)")
    opened.dispose()
    with Store.open(new_postgresql_database) as store:
        assert store.last_benchmark() is None
