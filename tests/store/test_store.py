"""The promises of a store to plans, workers and readers, for SQLite and PostgreSQL."""

import math

import numpy as np
import pytest

from regbench.errors import NothingMeasured, UsageError
from regbench.job import Job
from regbench.store import Checkpoint, Claim, EpochRows, Failure, Finished, Store
from tests.store.conftest import job, labelled, take, train

GRID = {"datasets": ["diamonds"]}


def code(*jobs: Job, digest: str = "c0") -> dict[str, str]:
    return {each.key: digest for each in jobs}


def test_a_benchmark_added_twice_is_there_once(store: Store):
    jobs = [job(seed=seed) for seed in range(3)]
    store.add_benchmark("small", GRID, labelled(*jobs))
    store.add_benchmark("small", GRID, labelled(*jobs))
    assert list(store.cells("small")["job_key"]) == [each.key for each in jobs]


def test_a_job_may_be_named_twice_in_one_benchmark(store: Store):
    store.add_benchmark("small", GRID, labelled(job(), job()))
    assert len(store.cells()) == 1


def test_a_filtered_benchmark_takes_no_job_away_and_a_changed_one_starts_anew(store: Store):
    first, second = job(seed=0), job(seed=1)
    store.add_benchmark("small", GRID, labelled(first, second))
    store.add_benchmark("small", GRID, labelled(second))
    assert len(store.cells("small")) == 2
    store.add_benchmark("small", {"datasets": ["diamonds"], "seeds": [1]}, labelled(second))
    assert list(store.cells("small")["seed"]) == [1]


def test_two_benchmarks_share_a_job_and_its_run(store: Store):
    store.add_benchmark("one", GRID, labelled(job(seed=0), job(seed=1)))
    store.add_benchmark("two", GRID, labelled(job(seed=1)))
    (run,) = train(store, job(seed=1))
    assert list(store.cells("two")["run_id"]) == [run]
    assert store.cells("one").set_index("seed").loc[1, "run_id"] == run


def test_the_last_benchmark_run_is_the_default(store: Store):
    assert store.last_benchmark() is None
    for name in ("one", "two", "one"):
        store.add_benchmark(name, GRID, labelled(job()))
    assert store.last_benchmark() == "one"
    assert store.cells().attrs["benchmark"] == "one"
    assert list(store.benchmarks()["name"]) == ["one", "two"]


def test_an_unknown_benchmark_is_answered_with_the_nearest_and_an_empty_store_with_what_to_do(store: Store):
    with pytest.raises(NothingMeasured, match="regbench run smoke"):
        store.cells()
    store.add_benchmark("bridges", GRID, labelled(job()))
    with pytest.raises(UsageError, match="did you mean 'bridges'"):
        store.cells("bridge")


def test_a_job_is_done_by_a_finished_run_of_the_wanted_code_only(store: Store):
    mine, other = job(seed=0), job(seed=1)
    store.add_benchmark("small", GRID, labelled(mine, other))
    train(store, mine, code="c0")
    assert store.done(code(mine, other, digest="c0")) == {mine.key}
    assert store.done(code(mine, other, digest="c1")) == set()
    [claim] = take(store, mine, other, code="c0")
    assert (claim.run_id, claim.key, claim.token, claim.epoch) == (2, other.key, 1, 0)


def test_what_only_other_code_has_finished_is_known_with_its_commit(store: Store):
    first, second, third = (job(seed=seed) for seed in range(3))
    store.add_benchmark("b", GRID, labelled(first, second, third))
    train(store, first, second, code="old")
    train(store, second, code="new")
    claims = store.claim(
        {third.key: "old"}, owner="worker", lease_s=60, environment={"commit": "abc1234"}, device="cpu"
    )
    store.finish([Finished(claims[0].run_id, seconds=1.0, epochs=1)], claims=claims)
    assert store.outgrown(code(first, second, third, digest="new")) == {first.key: None, third.key: "abc1234"}
    assert store.outgrown(code(second, digest="new")) == {}


def test_a_failure_is_remembered_until_the_job_has_been_finished(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    (claim,) = take(store, job())
    store.fail([claim], failure_class="ValueError", error="no such luck")
    assert store.failed(code(job())) == {job().key: ("ValueError", "no such luck")}
    assert store.failed(code(job(), digest="c1")) == {}
    (again,) = take(store, job())
    store.interrupt([again])
    assert store.failed(code(job())) == {job().key: ("ValueError", "no such luck")}
    train(store, job())
    assert store.failed(code(job())) == {}


def test_status_counts_every_job_once(store: Store):
    done, running, failed, pending = (job(seed=seed) for seed in range(4))
    blocked = job(dataset="ailerons")
    store.add_benchmark("small", GRID, labelled(done, running, failed, pending, blocked))
    train(store, done)
    claims = take(store, running)
    store.write([EpochRows(claims[0].run_id, 2, {"val/rmse": 0.1})], claims=claims)
    store.fail([take(store, failed)[0]], failure_class="ValueError", error="no such luck")
    store.block({"ailerons": "no source gave it"})
    diamonds, ailerons = store.status("small")
    assert (diamonds.jobs, diamonds.done, diamonds.running, diamonds.failed, diamonds.pending) == (4, 1, 1, 1, 1)
    assert (diamonds.epochs_done, diamonds.epochs_total) == (3 + 2, 12)
    assert diamonds.failures == (Failure(failed.key, "lsq seed=2", "ValueError", "no such luck"),)
    assert (ailerons.blocked, ailerons.blocked_by) == (1, ("no source gave it",))
    assert store.status("small", code=code(done, running, failed, pending, digest="c1"))[0].done == 0


def test_a_blocked_job_is_free_again_once_it_is_claimed(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    store.block({"diamonds": "no source gave it"})
    store.interrupt([take(store, job())[0]])
    assert store.status()[0].pending == 1


def test_numbers_come_back_to_the_last_bit_and_those_that_are_not_finite_as_nothing(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    claims = take(store, job())
    values = [0.1 + 0.2, 1e-300, math.nan, math.inf, -math.inf]
    store.write([EpochRows(claims[0].run_id, i, {"val/rmse": v}) for i, v in enumerate(values, 1)], claims=claims)
    store.finish([Finished(run_id=claims[0].run_id, seconds=1.0, epochs=5, diverged_at=3)], claims=claims)
    curve = store.curves("small")["value"].to_numpy()
    np.testing.assert_array_equal(curve, [0.1 + 0.2, 1e-300, np.nan, np.nan, np.nan])


def test_an_epoch_written_twice_is_there_once(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    claims = take(store, job())
    rows = [EpochRows(claims[0].run_id, 1, {"val/rmse": 0.5})]
    store.write(rows, claims=claims)
    store.write(rows, claims=claims)
    store.finish([Finished(run_id=claims[0].run_id, seconds=1.0, epochs=1)], claims=claims, last=rows)
    assert len(store.curves()) == 1


def test_recorded_arrays_come_back_by_epoch_to_the_last_bit(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    (claim,) = take(store, job())
    random = np.random.default_rng(0)
    kept = {
        epoch: {
            "features": random.normal(size=(7, 3)).astype(np.float32),
            "weight": np.full((2, 3), value, dtype=np.float32),
            "number": np.array(epoch, dtype=np.float32),
        }
        for epoch, value in ((1, np.nan), (3, -0.0))
    }
    first, middle, last = (
        EpochRows(claim.run_id, epoch, {"val/rmse": 0.5}, kept.get(epoch, {})) for epoch in (1, 2, 3)
    )
    store.write([first, middle], claims=[claim])
    store.finish([Finished(run_id=claim.run_id, seconds=1.0, epochs=3)], claims=[claim], last=[last])
    back = store.recorded(claim.run_id)
    assert {epoch: set(arrays) for epoch, arrays in back.items()} == {epoch: set(kept[epoch]) for epoch in kept}
    for epoch, arrays in kept.items():
        for name, array in arrays.items():
            assert (back[epoch][name].dtype, back[epoch][name].shape) == (array.dtype, array.shape)
            assert back[epoch][name].tobytes() == array.tobytes()
    assert store.recorded(claim.run_id + 1) == {}


def test_an_epoch_trained_again_after_a_resumption_has_its_arrays_once(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))

    def rows(claim: Claim, *epochs: int) -> list[EpochRows]:
        kept = {epoch: {"weight": np.full((1, 4), epoch, dtype=np.float32)} for epoch in epochs}
        return [EpochRows(claim.run_id, epoch, {"val/rmse": 1 / epoch}, kept[epoch]) for epoch in epochs]

    (killed,) = take(store, job())
    store.write(rows(killed, 1), claims=[killed], checkpoints=[Checkpoint(killed.run_id, 1, b"state")])
    store.write(rows(killed, 2), claims=[killed])
    store.release({"worker"})
    (again,) = take(store, job())
    assert (again.run_id, again.epoch) == (killed.run_id, 1)
    assert store.write(rows(killed, 3), claims=[killed]) == {killed.run_id}  # it has lost the job
    assert list(store.recorded(again.run_id)) == [1, 2]
    store.finish([Finished(run_id=again.run_id, seconds=1.0, epochs=3)], claims=[again], last=rows(again, 2, 3))
    found = store.recorded(again.run_id)
    assert {epoch: arrays["weight"].tolist() for epoch, arrays in found.items()} == {n: [[n] * 4] for n in (1, 2, 3)}


def test_predictions_come_back_as_they_were(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    (claim,) = take(store, job())
    random = np.random.default_rng(0)
    kept = {split: random.normal(size=(7, 2)).astype(np.float32) for split in ("val", "test")}
    ended = Finished(run_id=claim.run_id, seconds=1.0, epochs=3, predictions=kept, best_epoch=2)
    store.finish([ended], claims=[claim])
    back = store.predictions(claim.run_id)
    assert set(back) == {"val", "test"}
    for split, array in kept.items():
        np.testing.assert_array_equal(back[split], array, strict=True)


def test_a_dataset_is_remembered_as_it_was_first_used(store: Store):
    used = {"digest": "sha256:1", "name": "diamonds", "sizes": (8, 1, 1), "inputs": (3, 28, 28)}
    store.add_dataset(**used, target_low=np.array([0.5]), target_high=[2.0])
    store.add_dataset(**used, target_low=[0.0], target_high=[1.0])


def test_history_gives_the_median_seconds_of_an_epoch(store: Store):
    assert store.history().empty
    store.add_benchmark("small", GRID, labelled(*[job(seed=seed) for seed in range(3)]))
    for claim, seconds in zip(take(store, *[job(seed=seed) for seed in range(3)]), [3.0, 6.0, 30.0], strict=True):
        store.finish([Finished(run_id=claim.run_id, seconds=seconds, epochs=3)], claims=[claim])
    (row,) = store.history().to_dict("records")
    assert row == {
        "dataset": "diamonds",
        "method": "lsq",
        "backbone": "mlp",
        "device": "cpu",
        "options": "{}",
        "processor": "",
        "runs": 3,
        "seconds_per_epoch": 2.0,
        "setup_seconds": 0.0,
    }


def test_history_keeps_what_a_run_takes_before_its_epochs_apart(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    (claim,) = take(store, job())
    seconds = [EpochRows(claim.run_id, epoch, {"seconds": value}) for epoch, value in enumerate([5.0, 2.0, 2.0], 1)]
    store.write(seconds, claims=[claim])
    store.finish([Finished(run_id=claim.run_id, seconds=10.0, epochs=3)], claims=[claim])
    (row,) = store.history().to_dict("records")
    assert (row["seconds_per_epoch"], row["setup_seconds"]) == (2.0, 4.0)


def test_history_is_of_the_newest_code_alone(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    for code, seconds in (("old", 30.0), ("new", 3.0)):
        (claim,) = take(store, job(), code=code)
        store.finish([Finished(run_id=claim.run_id, seconds=seconds, epochs=3)], claims=[claim])
    (row,) = store.history().to_dict("records")
    assert (row["runs"], row["seconds_per_epoch"]) == (1, 1.0)
