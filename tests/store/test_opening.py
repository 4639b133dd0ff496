"""Every failure to open or write a database gives one line with the cause, the place and the remedy."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from regbench.errors import InfrastructureError, UsageError
from regbench.store import EpochRows, Store, engine
from regbench.store.mounts import filesystem
from tests.store.conftest import job, labelled, take

NOBODY = 65534


@contextmanager
def refused(*words: str) -> Iterator[None]:
    """Assert that the text is one line with all these words."""
    with pytest.raises(InfrastructureError) as caught:
        yield
    message = str(caught.value)
    assert "\n" not in message
    assert [word for word in words if word not in message] == [], message


@contextmanager
def without_privileges() -> Iterator[None]:
    """Run as a user to whom permission bits apply, because they do not apply to root."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter and write to."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)
        Path(name).chmod(0o777)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate file system of 512 kB."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("only root may mount a small file system")
    tried = subprocess.run(
        [mount, "-t", "tmpfs", "-o", "size=512k", "tmpfs", tmp_path], check=False, capture_output=True
    )
    if tried.returncode:
        pytest.skip(f"cannot mount a small file system: {tried.stderr.decode().strip()}")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def write_until_it_fails(store: Store) -> None:
    store.add_benchmark("small", {}, labelled(job()))
    claims = take(store, job())
    for epoch in range(1, 10_000):
        values = {f"number {i}": 1.0 for i in range(100)}
        store.write([EpochRows(claims[0].run_id, epoch, values)], claims=claims)


def test_a_new_database_is_made_together_with_its_folder(tmp_path: Path):
    with Store.open(tmp_path / "new" / "results" / "regbench.db") as store:
        assert store.url == f"sqlite:///{tmp_path}/new/results/regbench.db"
        assert store.last_benchmark() is None
    with Store.open(f"sqlite:///{tmp_path}/new/results/regbench.db", read_only=True) as store:
        assert store.benchmarks().empty


def test_a_path_may_hold_any_character(tmp_path: Path):
    path = tmp_path / "my results?" / "100% #1.db"
    Store.open(path).close()
    assert path.exists()
    with Store.open(path, read_only=True) as store:
        assert store.last_benchmark() is None


@pytest.mark.slow
def test_many_processes_may_make_the_same_database_at_once(url: str):
    code = "import sys; from regbench.store import Store; Store.open(sys.argv[1]).close()"
    makers = [subprocess.Popen([sys.executable, "-W", "error", "-c", code, url]) for _ in range(3)]
    assert [maker.wait(60) for maker in makers] == [0, 0, 0]


def test_a_reader_makes_nothing(tmp_path: Path):
    with refused("regbench.db", "there is none", "regbench run"):
        Store.open(tmp_path / "regbench.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(url: str):
    Store.open(url).close()
    with Store.open(url, read_only=True) as store:
        with pytest.raises(AssertionError, match="for reading only"):
            store.add_benchmark("small", {}, [])
        with refused("regbench"), store.reading() as connection:
            connection.exec_driver_sql("DELETE FROM job")


def test_a_reader_of_a_server_makes_nothing(new_postgresql_database: str):
    with refused("it is empty", "regbench run"):
        Store.open(new_postgresql_database, read_only=True)


def test_a_reader_sees_what_a_writer_has_just_written(tmp_path: Path):
    path = tmp_path / "regbench.db"
    with Store.open(path) as writer, Store.open(path, read_only=True) as reader:
        writer.add_benchmark("one", {}, [])
        assert reader.last_benchmark() == "one"
        writer.add_benchmark("two", {}, [])
        assert reader.last_benchmark() == "two"


def test_an_empty_file_is_filled_by_a_writer_and_named_by_a_reader(tmp_path: Path):
    (tmp_path / "regbench.db").touch()
    with refused("regbench.db", "it is empty", "regbench run"):
        Store.open(tmp_path / "regbench.db", read_only=True)
    Store.open(tmp_path / "regbench.db").close()


@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_database_is_refused_and_not_touched(tmp_path: Path, read_only: bool):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary, " * 1000)
    with refused("notes.txt", "it is not a database", "--db"):
        Store.open(path, read_only=read_only)
    assert path.read_text() == "dear diary, " * 1000


@pytest.mark.parametrize("read_only", [True, False])
def test_a_damaged_database_is_said_to_be_one(tmp_path: Path, read_only: bool):
    path = tmp_path / "regbench.db"
    with Store.open(path) as store:
        store.add_benchmark("small", {}, labelled(job()))
    path.write_bytes(path.read_bytes()[:1000])
    with refused("regbench.db", "--db"):
        Store.open(path, read_only=read_only)


@pytest.mark.parametrize("read_only", [True, False])
def test_a_folder_is_not_a_database(tmp_path: Path, read_only: bool):
    with refused(str(tmp_path), "it is a folder", "regbench.db"):
        Store.open(tmp_path, read_only=read_only)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path):
    (tmp_path / "file").touch()
    with refused("file/regbench.db", "a file where a folder should be", "--db"):
        Store.open(tmp_path / "file" / "regbench.db")
    with refused("file/results/regbench.db", "a file where a folder should be", "--db"):
        Store.open(tmp_path / "file" / "results" / "regbench.db")
    with refused("/proc/regbench.db", "cannot be opened", "--db"):
        Store.open("/proc/regbench.db")


def test_a_read_only_folder_is_named(open_folder: Path):
    open_folder.chmod(0o555)
    with without_privileges():
        with refused("regbench.db", "cannot be opened", "writable", "--db"):
            Store.open(open_folder / "regbench.db")
        with refused("results", "permission denied", "--db"):
            Store.open(open_folder / "results" / "regbench.db")


def test_a_read_only_file_is_named_and_can_still_be_read(open_folder: Path):
    path = open_folder / "regbench.db"
    with Store.open(path) as store:
        store.add_benchmark("small", {}, labelled(job()))
    path.chmod(0o444)
    open_folder.chmod(0o555)
    with without_privileges():
        with refused("regbench.db", "cannot be written to", "make the file and its folder writable"):
            Store.open(path)
        with Store.open(path, read_only=True) as store:
            assert store.last_benchmark() == "small"


def test_a_file_that_may_not_be_read_is_named(open_folder: Path):
    path = open_folder / "regbench.db"
    Store.open(path).close()
    path.chmod(0)
    with without_privileges(), refused("regbench.db", "cannot be opened", "--db"):
        Store.open(path, read_only=True)


def test_a_locked_database_is_named_after_a_while_and_can_still_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(engine, "BUSY_S", 0.1)
    path = tmp_path / "regbench.db"
    with Store.open(path) as store:
        store.add_benchmark("small", {}, labelled(job()))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with refused("regbench.db", "another process has kept it locked", "run again"):
                store.add_benchmark("small", {}, labelled(job()))
            assert store.last_benchmark() == "small"
            with Store.open(path) as another:
                assert another.last_benchmark() == "small"


def test_a_new_database_locked_by_another_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine, "BUSY_S", 0.1)
    with closing(sqlite3.connect(tmp_path / "regbench.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with refused("regbench.db", "another process has kept it locked", "run again"):
            Store.open(tmp_path / "regbench.db")


def test_a_database_that_grows_over_its_limit_keeps_what_was_written(tmp_path: Path):
    with Store.open(tmp_path / "regbench.db") as store:
        with store.reading() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 60")  # the error that SQLite gives on a full disk
        with refused("regbench.db", "the disk is full", "free some space", "kept"):
            write_until_it_fails(store)
        assert store.status()[0].running == 1


def test_a_full_disk_is_named_and_what_was_written_is_kept(small_disk: Path):
    with Store.open(small_disk / "regbench.db") as store:
        with refused("regbench.db", "the disk"):
            write_until_it_fails(store)
        with store.reading() as connection:
            counts = connection.exec_driver_sql("SELECT count(*) FROM metric GROUP BY epoch").scalars().all()
    assert set(counts) == {100}


@pytest.mark.parametrize(
    "url", ["mysql://host/name", "postgres", "sqlite://", "sqlite:///:memory:", "://", "postgresql+psycopg:/x/y://"]
)
def test_an_address_of_another_kind_is_refused_or_is_a_path(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    if url == "postgres":
        assert engine.locate(url).database == str(tmp_path / "postgres")
        return
    with pytest.raises(UsageError, match="give the path of an SQLite file or postgresql"):
        engine.locate(url)


def test_a_server_that_is_not_there_is_named_without_its_password():
    with refused("postgresql+psycopg://me:***@127.0.0.1:1/results", "the server says", "look whether it runs"):
        Store.open("postgresql://me:secret@127.0.0.1:1/results")


def test_a_database_that_the_server_does_not_have_is_named(postgresql: str):
    with refused("no_such_database", "the server says", "knows this user and database"):
        Store.open(engine.locate(postgresql).set(database="no_such_database").render_as_string(hide_password=False))


@pytest.fixture
def mounts(tmp_path: Path) -> Callable[..., Path]:
    """A table of mounted file systems as the kernel writes it."""

    def written(*lines: str) -> Path:
        path = tmp_path / "mounts"
        path.write_text("".join(f"{line} rw,relatime 0 0\n" for line in lines))
        return path

    return written


def test_the_file_system_on_top_counts_and_blanks_in_its_name_too(mounts: Callable[..., Path]):
    table = mounts(r"server:/a /my\040home nfs4", r"/dev/sdb /my\040home ext4")
    assert filesystem(Path("/my home/regbench.db"), table) == "ext4"
    assert filesystem(Path("/regbench.db"), table) is None
    assert filesystem(Path("/regbench.db"), table.with_name("absent")) is None


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE metric", "it lacks table metric, so it is damaged or was changed"),
        ("ALTER TABLE run RENAME COLUMN epochs TO eras", "it lacks column epochs of table run"),
        ("DELETE FROM regbench_alembic_version", "it holds other tables"),
        ("UPDATE regbench_alembic_version SET version_num = '9999'", "made by a newer regbench"),
        ("ALTER TABLE regbench_alembic_version RENAME COLUMN version_num TO v", "regbench"),
        ("UPDATE benchmark SET name = CAST(x'FF' AS TEXT)", "the file is damaged"),
        ("UPDATE job SET config = '{'", "the file is damaged"),
    ],
)
def test_a_database_that_was_changed_is_refused_with_what_is_wrong(
    tmp_path: Path, change: str, said: str, *, read_only: bool
):
    path = tmp_path / "changed.db"
    shutil.copy(one_job(tmp_path), path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(change)
        connection.commit()
    with pytest.raises(InfrastructureError, match=said), Store.open(path, read_only=read_only) as opened:
        opened.cells()


def one_job(folder: Path) -> Path:
    with Store.open(folder / "one.db") as store:
        store.add_benchmark("small", {}, labelled(job()))
    return folder / "one.db"
