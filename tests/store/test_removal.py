"""Removing and renaming in a store, on SQLite and PostgreSQL: no row is left that refers to none."""

import pytest

from regbench.errors import InfrastructureError
from regbench.store import Checkpoint, EpochRows, Store, checkpoints
from tests.store.conftest import job, labelled, take, train


def test_jobs_of_another_benchmark_stay_with_their_runs(store: Store) -> None:
    shared, own = job(seed=0), job(seed=1)
    store.add_benchmark("one", {}, labelled(shared, own))
    store.add_benchmark("two", {}, labelled(shared))
    train(store, shared, own)
    planned = store.would_remove("one")
    assert store.remove("one") == planned
    assert (planned.shared, planned.rows) == (1, {"job": 1, "run": 1, "metric": 12, "benchmark_job": 2})
    assert [(run.key, run.status) for run in store.executions()] == [(shared.key, "finished")]
    assert list(store.cells("two")["test_rmse"]) == [0.2]
    store.add_benchmark("one", {}, labelled(shared, own))  # as if it had never been there
    assert store.done({shared.key: "c0", own.key: "c0"}) == {shared.key}


def test_files_of_checkpoints_go_too(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LARGEST_IN_DATABASE", 10)
    store.add_benchmark("one", {}, labelled(job()))
    claims = take(store, job())
    store.write([EpochRows(claims[0].run_id, 1, {"val/rmse": 0.5})], claims=claims,
                checkpoints=[Checkpoint(claims[0].run_id, 1, b"large enough for a file")])  # fmt: skip
    with pytest.raises(InfrastructureError, match="1 of its jobs is being trained"):
        store.remove("one")
    store.interrupt(claims)
    assert store.remove("one").rows["checkpoint"] == 1
    assert not store._folder or not list(store._folder.glob("*"))
    assert store.executions() == []


def test_a_run_that_has_started_again_is_not_removed(store: Store) -> None:
    store.add_benchmark("one", {}, labelled(job()))
    claims = take(store, job())
    store.fail(claims, failure_class="user code", error="made up")
    [failed] = store.executions(status="failed")
    assert store.would_remove(runs=[failed.run_id], statuses=["failed"]).rows == {"run": 1}
    assert store.remove(runs=[failed.run_id], statuses=["finished"]).rows == {}
    assert store.remove(runs=[failed.run_id], statuses=["failed"]).rows == {"run": 1}


def test_renaming_keeps_jobs_and_time(store: Store) -> None:
    store.add_benchmark("one", {"a": 1}, labelled(job()))
    train(store, job())
    before = store.benchmarks().drop(columns="name")
    assert store.rename_benchmark("one", "two") == 1
    assert store.benchmarks().drop(columns="name").equals(before)
    assert store.config("two") == {"a": 1}
    assert store.config("one") == {}


def test_a_run_is_known_with_its_environment_and_its_pack(store: Store) -> None:
    jobs = [job(seed=0), job(seed=1)]
    store.add_benchmark("one", {}, labelled(*jobs))
    train(store, *jobs)
    [first, second] = store.executions("one", jobs=[each.key for each in jobs])
    assert {first.packed, second.packed} == {2}
    assert (first.environment["python"], first.commit, first.dirty) == ("3.11", None, False)
    frame = store.runs()
    assert list(frame["seed"]) == [first.seed, second.seed]
    assert list(frame["benchmarks"]) == [["one"], ["one"]]
