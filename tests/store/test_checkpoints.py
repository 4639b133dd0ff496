"""Checkpoints of unfinished runs: stored together with their epochs, and deleted when they are no longer needed."""

import os
import subprocess
import sys

import pytest
from sqlalchemy import make_url

from regbench.errors import InfrastructureError
from regbench.store import Checkpoint, EpochRows, Finished, Store
from regbench.store import checkpoints as states
from regbench.store.engine import folder_beside
from tests.store.conftest import job, labelled, take


def begun(store: Store, *, data: bytes = b"state", code: str = "c0"):
    """A claim that has written one epoch and its state."""
    store.add_benchmark("small", {}, labelled(job()))
    [claim] = take(store, job(), code=code)
    rows = [EpochRows(claim.run_id, 1, {"val/rmse": 0.5})]
    assert store.write(rows, claims=[claim], checkpoints=[Checkpoint(claim.run_id, 1, data)]) == set()
    return claim


def test_an_interrupted_run_is_opened_again_at_its_checkpoint(store: Store):
    first = begun(store)
    store.interrupt([first])
    assert store.resumable({job().key: "c0"})[job().key].epoch == 1
    [again] = take(store, job())
    assert (again.run_id, again.epoch, again.token) == (first.run_id, 1, first.token + 1)
    assert store.checkpoint(again.run_id) == b"state"
    assert store.packs([again.pack]) == {again.pack: [job().key]}


@pytest.mark.parametrize(("failure_class", "epoch"), [("infrastructure", 1), ("resources", 1), ("user code", 0)])
def test_a_run_that_the_machine_failed_goes_on_from_its_checkpoint(store: Store, failure_class, epoch):
    store.fail([begun(store)], failure_class=failure_class, error="the disk is full")
    [again] = take(store, job())
    assert again.epoch == epoch
    store.interrupt([again])
    assert (store.failed({job().key: "c0"}) == {}) == bool(epoch)


def test_a_checkpoint_that_cannot_be_used_is_dropped_and_the_next_attempt_begins_anew(store: Store):
    claim = begun(store)
    store.begin_again([claim])
    store.fail([claim], failure_class="infrastructure", error="the checkpoint is damaged")
    assert take(store, job())[0].epoch == 0


def test_other_code_begins_anew(store: Store):
    store.interrupt([begun(store)])
    assert store.resumable({job().key: "c1"}) == {}
    [claim] = take(store, job(), code="c1")
    assert claim.epoch == 0


def test_a_worker_that_lost_its_job_writes_no_state(store: Store):
    old = begun(store)
    store.release({"worker"})
    [new] = take(store, job(), owner="another")
    late = Checkpoint(old.run_id, 9, b"late")
    assert store.write([], claims=[old], checkpoints=[late]) == {old.run_id}
    assert store.checkpoint(new.run_id) == b"state"


def test_a_job_that_is_done_leaves_no_state_behind_of_older_code_neither(store: Store):
    store.interrupt([begun(store)])
    [claim] = take(store, job(), code="c1")
    store.finish([Finished(claim.run_id, 1.0, 3)], claims=[claim])
    with store.reading() as connection:
        assert connection.exec_driver_sql("SELECT COUNT(*) FROM checkpoint").scalar() == 0


def test_a_large_state_is_a_file_beside_the_database_replaced_with_the_next(tmp_path, monkeypatch):
    monkeypatch.setattr(states, "LARGEST_IN_DATABASE", 4)
    with Store.open(tmp_path / "results.db") as store:
        claim = begun(store, data=b"a large state")
        folder = tmp_path / "results.db.checkpoints"
        [first] = folder.iterdir()
        assert store.checkpoint(claim.run_id) == b"a large state"
        store.write([], claims=[claim], checkpoints=[Checkpoint(claim.run_id, 2, b"the next state")])
        [second] = folder.iterdir()
        assert second != first
        second.write_bytes(b"something else")
        with pytest.raises(InfrastructureError, match="damaged"):
            store.checkpoint(claim.run_id)
        second.unlink()
        with pytest.raises(InfrastructureError, match="starts at epoch 1"):
            store.checkpoint(claim.run_id)
        store.finish([Finished(claim.run_id, 1.0, 3)], claims=[claim])
        assert list(folder.iterdir()) == []


def test_what_killed_writers_left_is_swept_and_what_live_ones_write_stays(tmp_path):
    folder = tmp_path / "results.db.checkpoints"
    folder.mkdir()
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for number in (ended.pid, os.getpid()):
        (folder / f"1-2-abc.bin.{number}").touch()
    with Store.open(tmp_path / "results.db"):
        assert [path.name for path in folder.iterdir()] == [f"1-2-abc.bin.{os.getpid()}"]


def test_a_link_to_a_database_has_the_checkpoints_of_the_file(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "link.db").symlink_to(tmp_path / "there" / "results.db")
    url = make_url(f"sqlite:///{tmp_path / 'link.db'}")
    assert folder_beside(url) == tmp_path / "there" / "results.db.checkpoints"
