"""A store with patience waits for a database that is locked, full or away, and says so once."""

import errno
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from regbench.errors import InfrastructureError, PassingError
from regbench.store import Patience, Store, engine, patience
from tests.store.conftest import job, labelled, take

REFUSALS = [PassingError("locked"), OSError(errno.ENOSPC, "no space"), PassingError("locked")]


def attempts(*refusals):
    """A call that raises these errors one after the other, and then returns."""
    left = list(refusals)

    def attempt():
        if left:
            raise left.pop(0)
        return "done"

    return attempt


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 0.01)


def test_it_waits_as_long_as_it_may_and_says_so_once():
    said = []
    assert Patience(60, say=said.append).call(attempts(*REFUSALS)) == "done"
    assert said == ["waiting for up to 1 minutes: locked"]


@pytest.mark.parametrize(
    ("patient", "refusals"),
    [
        (Patience(), REFUSALS[:1]),
        (Patience(60, over=lambda: True), REFUSALS[:1]),
        (Patience(60), [InfrastructureError("damaged")]),
        (Patience(60), [OSError(errno.EACCES, "not allowed")]),
    ],
)
def test_it_does_not_wait_for_what_stays_or_when_it_may_not(patient, refusals):
    with pytest.raises(type(refusals[0])):
        patient.call(attempts(*refusals))


def test_a_write_waits_for_a_lock(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_S", 0.01)
    path, said = tmp_path / "regbench.db", []
    with Store.open(path) as store, closing(sqlite3.connect(path, check_same_thread=False)) as other:
        store.add_benchmark("small", {}, labelled(job()))
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(PassingError, match="locked"):
            take(store, job())
        store.patience = Patience(60, say=said.append)
        timer = threading.Timer(0.1, other.rollback)
        timer.start()
        assert len(take(store, job())) == 1
        timer.join()
    assert len(said) == 1


LIMITED = """
import resource, sys, threading
from pathlib import Path
from regbench.store import EpochRows, Patience, Store
from tests.store.conftest import job, labelled, take

path = Path(sys.argv[1])
with Store.open(path) as store:
    store.add_benchmark("small", {}, labelled(job()))
    claims = take(store, job())
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.with_name(path.name + "-wal").stat().st_size, most))
    threading.Timer(1.0, resource.setrlimit, [resource.RLIMIT_FSIZE, (most, most)]).start()
    store.patience = Patience(60, say=print)
    for epoch in range(20):
        store.write([EpochRows(claims[0].run_id, epoch, {f"number {i}": 1.0 for i in range(500)})], claims=claims)
with Store.open(path, read_only=True) as store, store.reading() as connection:
    print(connection.exec_driver_sql("SELECT count(*) FROM metric").scalar())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the size of files is limited as Unix does it")
def test_a_disk_error_as_of_a_quota_is_waited_for_as_a_full_disk_is(tmp_path):
    """SQLite knows a full disk by one error of the system only, and calls all others a disk error."""
    command = [sys.executable, "-c", LIMITED, tmp_path / "regbench.db"]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert said[0].startswith("waiting for up to 1 minutes: ")
    assert "the disk failed to read or write it, as when a quota is used up" in said[0]
    assert said[1:] == ["10000"]


def test_threads_that_wait_for_the_same_say_so_once():
    said, both = [], threading.Barrier(2)
    shared = Patience(60, say=said.append)

    def work():
        both.wait()
        shared.call(attempts(*REFUSALS * 2))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said == ["waiting for up to 1 minutes: locked"]
