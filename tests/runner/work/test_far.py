"""Workers on another machine: what they train is recorded by the driver, as if it had been trained here."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from regbench import catalog, runner
from regbench.engines.engine import Place
from regbench.errors import InfrastructureError
from regbench.runner import make_plan
from regbench.runner.work.far import CALLS, Call, Desk, FarStore
from regbench.runner.work.task import Task
from regbench.runner.work.worker import run_pack
from regbench.store import Store
from regbench.store.owners import is_dead, this_owner
from tests.engines.in_process import in_process
from tests.made.jobs import make_job
from tests.runner.plan.test_planning import benchmark
from tests.store.conftest import job, labelled


@pytest.fixture
def plan(house: str):
    digest = catalog.entry("datasets", house).arguments["digest"]
    jobs = [
        replace(make_job(method, seed=seed, keep_predictions="best"), dataset=house, digest=digest)
        for method in ("lsq", "end2end")
        for seed in range(2)
    ]
    return make_plan(benchmark(tuple(jobs)), None)


def numbers(path: Path) -> list[tuple]:
    query = """SELECT job.key, metric.epoch, metric.name, metric.value FROM metric JOIN run ON run.id = metric.run_id
               JOIN job ON job.id = run.job_id WHERE metric.name NOT LIKE '%seconds' ORDER BY 1, 2, 3"""
    with closing(sqlite3.connect(path)) as connection:
        kept = connection.execute("SELECT split, data FROM prediction ORDER BY run_id, split").fetchall()
        return connection.execute(query).fetchall() + kept


def test_the_driver_records_what_a_worker_elsewhere_trains_bit_for_bit(plan, tmp_path):
    near, far = tmp_path / "near.db", tmp_path / "far.db"
    assert runner.run(plan, str(near), in_process(["cpu"])).finished == 4
    assert runner.run(plan, str(far), in_process(["cpu"], far=True)).finished == 4
    assert numbers(near) == numbers(far)
    with Store.open(far) as store:
        assert store.owners() == set()  # every lease has ended


def test_a_worker_with_other_code_than_the_driver_s_trains_nothing(plan, tmp_path):
    path = str(tmp_path / "results.db")
    (one, *_) = plan.jobs
    task = Task((one,), path, {one.key: "c0ffee"}, "test/0")

    def ask(question):
        raise AssertionError(question)

    with pytest.raises(InfrastructureError, match=r"its code for lsq on .* is not the driver's"):
        run_pack(task, Place("cpu", alive=lambda: True, ask=ask))


@pytest.fixture
def desk(tmp_path):
    with Store.open(tmp_path / "regbench.db") as store:
        store.add_benchmark("grid", {}, labelled(job(seed=0), job(seed=1)))
        yield Desk(store)


def claim(desk: Desk, slot: int, one):
    far = FarStore(lambda call: desk.answer(slot, call), {})
    with far as store:
        code = {one.key: "c0"}
        return store.claim(code, owner=f"elsewhere|7{slot}|1.00", lease_s=60, environment={}, device="cpu")


def test_leases_of_a_lost_worker_end_at_once_and_its_late_writes_are_refused(desk):
    (first,) = claim(desk, 0, job(seed=0))
    claim(desk, 1, job(seed=1))
    assert claim(desk, 2, job(seed=0)) == []
    desk.release(0)
    (owner,) = desk.store.owners()
    assert owner == f"elsewhere|71|1.00@{this_owner()}"
    assert not is_dead(owner)
    (second,) = claim(desk, 2, job(seed=0))
    assert second.token > first.token
    late = FarStore(lambda call: desk.answer(0, call), {})
    with late as store:
        assert store.renew([first], lease_s=60) == set()
    desk.release_all()
    assert desk.store.owners() == set()


def test_a_worker_reaches_nothing_of_the_store_but_what_it_needs(desk):
    with pytest.raises(AttributeError):
        FarStore(lambda call: None, {}).remove  # noqa: B018
    with pytest.raises(AssertionError):
        desk.answer(0, Call("remove", (), {"benchmark": "grid"}))
    assert all(hasattr(Store, name) for name in CALLS)


def test_a_file_that_was_sent_is_recorded_under_its_own_path():
    asked = []
    with FarStore(asked.append, {"/home/me/house.csv": "/tmp/ray/0/house.csv"}) as store:
        store.add_dataset(
            digest="d", name="house", sizes=[1], inputs=1, target_low=[], target_high=[], source="/tmp/ray/0/house.csv"
        )
    assert asked[0].named["source"] == "/home/me/house.csv"
