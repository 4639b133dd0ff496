"""A store with patience waits for a database that is locked, full or away, and says so once."""

import errno
import sqlite3
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
