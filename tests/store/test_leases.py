"""A job has one owner at a time, and a worker that has lost its lease can no longer write."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from regbench.store import Checkpoint, EpochRows, Finished, Store
from tests.store.conftest import job, labelled, take, train

GRID = {"datasets": ["diamonds"]}
CLAIM_IN_A_RACE = """
import random, sys, time
from pathlib import Path
from regbench.store import Store
url, name, start, *keys = sys.argv[1:]
random.seed(name)
with Store.open(url) as store:
    Path(start, name).touch()
    while len(list(Path(start).iterdir())) < 3:
        time.sleep(0.001)
    for turn in range(40):
        wanted = dict.fromkeys(random.sample(keys, 5), "c0")
        owner = f"{name} {turn}"
        claims = store.claim(wanted, owner=owner, lease_s=600, environment={"name": name}, device="cpu")
        print(*[claim.key for claim in claims])
"""


def rows(run: int, epoch: int = 1) -> list[EpochRows]:
    return [EpochRows(run, epoch, {"val/rmse": 0.1})]


def test_a_leased_job_is_not_given_to_another(store: Store):
    store.add_benchmark("small", GRID, labelled(job(seed=0), job(seed=1)))
    assert len(take(store, job(seed=0), owner="one")) == 1
    assert [claim.key for claim in take(store, job(seed=0), job(seed=1), owner="two")] == [job(seed=1).key]


def test_a_worker_that_lets_its_lease_run_out_is_shown_as_silent(store: Store):
    store.add_benchmark("small", GRID, labelled(job(seed=0), job(seed=1)))
    take(store, job(seed=0), lease_s=-1)
    take(store, job(seed=1))
    [standing] = store.status()
    assert (standing.running, standing.silent, standing.pending) == (2, 1, 0)


def test_a_lease_that_ran_out_may_be_taken_and_the_old_run_counts_as_interrupted(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    (old,) = take(store, job(), owner="slow", lease_s=-1)
    (new,) = take(store, job(), owner="fast")
    assert (new.token, new.run_id) == (old.token + 1, old.run_id + 1)
    assert store.finish([Finished(run_id=old.run_id, seconds=1.0, epochs=3)], claims=[old]) == {old.run_id}
    assert store.status()[0].running == 1


def test_a_worker_whose_job_was_taken_over_writes_nothing(store: Store):
    store.add_benchmark("small", GRID, labelled(job(seed=0), job(seed=1)))
    old = take(store, job(seed=0), job(seed=1), owner="slow", lease_s=-1)
    lost, kept = old
    (new,) = take(store, job(seed=0), owner="fast")
    assert store.write(rows(lost.run_id) + rows(kept.run_id), claims=old) == {lost.run_id}
    assert store.renew(old, lease_s=60) == {kept.run_id}
    store.fail([lost], failure_class="ValueError", error="from the slow one")
    store.interrupt([lost])
    assert store.finish([Finished(run_id=each.run_id, seconds=1.0, epochs=1) for each in old], claims=old) == {
        lost.run_id
    }
    assert (
        store.finish([Finished(run_id=new.run_id, seconds=2.0, epochs=1)], claims=[new], last=rows(new.run_id)) == set()
    )
    assert list(store.cells()["run_id"]) == [new.run_id, kept.run_id]
    assert sorted(store.curves()["run_id"]) == sorted([new.run_id, kept.run_id])


def test_a_worker_that_lost_a_run_which_another_went_on_with_cannot_end_it(store: Store):
    """The row of the run has the token of the new owner; the token that the worker was given counts."""
    store.add_benchmark("small", GRID, labelled(job()))
    old = take(store, job(), owner="slow", lease_s=-1)
    (run,) = [claim.run_id for claim in old]
    store.write(rows(run), claims=old, checkpoints=[Checkpoint(run, 1, b"where it was")])
    new = take(store, job(), owner="fast")
    assert [(claim.run_id, claim.epoch) for claim in new] == [(run, 1)]
    store.fail(old, failure_class="ValueError", error="from the slow one")
    store.interrupt(old)
    end = Finished(run_id=run, seconds=1.0, epochs=3)
    assert store.finish([end], claims=old, last=rows(run, epoch=3)) == {run}
    assert store.renew(new, lease_s=60) == {run}
    assert store.finish([end], claims=new, last=rows(run, epoch=2) + rows(run, epoch=3)) == set()
    assert sorted(store.curves()["epoch"]) == [1, 2, 3]


def test_rows_of_a_run_that_was_never_claimed_are_refused(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    claims = take(store, job())
    assert store.write(rows(claims[0].run_id) + rows(99), claims=claims) == {99}


def test_a_renewed_lease_holds(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    claims = take(store, job(), owner="one", lease_s=-1)
    assert store.renew(claims, lease_s=60) == {claims[0].run_id}
    assert take(store, job(), owner="two") == []


def test_a_finished_run_takes_no_more_rows(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    (run,) = train(store, job())
    claims = [each for each in take(store, job(), code="c1") if each.run_id == run]
    assert store.write(rows(run, epoch=9), claims=claims) == {run}


def test_what_a_dead_owner_held_can_be_released_at_once(store: Store):
    store.add_benchmark("small", GRID, labelled(job(seed=0), job(seed=1)))
    take(store, job(seed=0), owner="dead")
    take(store, job(seed=1), owner="alive")
    assert store.owners() == {"dead", "alive"}
    store.release({"dead"})
    assert store.owners() == {"alive"}
    assert [claim.key for claim in take(store, job(seed=0), job(seed=1), owner="next")] == [job(seed=0).key]


@pytest.mark.slow
def test_of_many_processes_each_job_goes_to_one(url: str, tmp_path: Path):
    jobs = [job(seed=seed) for seed in range(40)]
    with Store.open(url) as store:
        store.add_benchmark("small", GRID, labelled(*jobs))
    start = tmp_path / "start"
    start.mkdir()
    keys = [each.key for each in jobs]
    command = [sys.executable, "-W", "error", "-c", CLAIM_IN_A_RACE, url]
    workers = [
        subprocess.Popen([*command, name, str(start), *keys], stdout=subprocess.PIPE, text=True)
        for name in ("one", "two", "three")
    ]
    claimed = Counter(key for worker in workers for key in worker.communicate(timeout=120)[0].split())
    assert [worker.returncode for worker in workers] == [0] * 3
    assert set(claimed) == set(keys)
    assert set(claimed.values()) == {1}
