"""The watcher sees packs, curves and pace while others write, and neither writes nor holds a lock."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from regbench.errors import RegbenchError
from regbench.store import EpochRows, Finished, RunningPack, Store
from regbench.store.live import POINTS
from tests.store.conftest import PROTOCOL, job, labelled, take, train

GRID = {"datasets": ["diamonds"]}


def epochs(run: int, *values: float, start: int = 1, seconds: float = 0.5) -> list[EpochRows]:
    return [EpochRows(run, epoch, {"val/rmse": value, "seconds": seconds}) for epoch, value in enumerate(values, start)]


def only(store: Store, benchmark: str | None = None) -> RunningPack:
    [pack] = store.watch(benchmark).packs
    return pack


def test_a_pack_is_shown_with_its_epoch_its_median_curve_and_its_pace(store: Store):
    jobs = [job(seed=seed) for seed in range(3)]
    store.add_benchmark("small", GRID, labelled(*jobs))
    claims = take(store, *jobs, owner="host|7|1.00")
    before = only(store)
    assert (before.epoch, before.curve, before.seconds_per_epoch, before.epochs_left) == (0, (), None, 9)
    rows = [row for claim, last in zip(claims, (0.1, 0.2, 9.0), strict=True) for row in epochs(claim.run_id, 1, last)]
    store.write(rows, claims=claims)
    pack = only(store)
    assert (pack.benchmark, pack.dataset, pack.rows, pack.jobs, pack.owner, pack.device, pack.silent) == (
        "small", "diamonds", ("lsq",), 3, "host|7|1.00", "cpu", False,
    )  # fmt: skip
    assert (pack.epoch, pack.epochs, pack.epochs_left, pack.metric) == (2, 3, 3, "val/rmse")
    assert pack.curve == ((1, 1.0), (2, 0.2))
    assert pack.seconds_per_epoch == pytest.approx(0.5)


def test_a_curve_without_a_finite_number_has_a_hole(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    claims = take(store, job())
    store.write(epochs(claims[0].run_id, 0.5, float("nan"), 0.25), claims=claims)
    assert only(store).curve == ((1, 0.5), (2, None), (3, 0.25))


def test_of_a_long_curve_a_bounded_number_of_epochs_is_read_the_last_one_always(store: Store):
    long = job(protocol=PROTOCOL.__class__(**{**vars(PROTOCOL), "epochs": 1000}))
    store.add_benchmark("small", GRID, labelled(long))
    claims = take(store, long)
    store.write(epochs(claims[0].run_id, *(1 / epoch for epoch in range(1, 601))), claims=claims)
    pack = only(store)
    assert len(pack.curve) == POINTS
    assert (pack.curve[0], pack.curve[-1]) == ((1, 1.0), (600, 1 / 600))


def test_a_worker_that_let_its_lease_run_out_is_silent_and_one_that_lost_it_is_gone(store: Store):
    store.add_benchmark("small", GRID, labelled(job()))
    take(store, job(), owner="slow", lease_s=-1)
    assert only(store).silent
    take(store, job(), owner="fast")
    assert (only(store).owner, only(store).silent) == ("fast", False)


def test_what_is_trained_and_the_benchmark_run_last_are_shown_without_being_asked_for(store: Store):
    for name, seed in [("old", 0), ("busy", 1), ("last", 2)]:
        store.add_benchmark(name, GRID, labelled(job(seed=seed)))
    take(store, job(seed=1))
    assert [standing.benchmark for standing in store.watch().standings] == ["last", "busy"]
    assert store.watch("old").packs == ()
    assert [standing.benchmark for standing in store.watch("old").standings] == ["old"]


def test_a_benchmark_that_chooses_is_shown_with_the_sweep_it_waits_for(store: Store):
    choosing = {**GRID, "choose": {"from": ["sweep"]}, "expected": {"diamonds": 1}}
    store.add_benchmark("choosing", choosing, [])
    store.add_benchmark("sweep", GRID, labelled(job(seed=0)))
    take(store, job(seed=0))
    for asked in (None, "choosing"):
        snapshot = store.watch(asked)
        assert {standing.benchmark: standing.pending for standing in snapshot.standings} == {"sweep": 0, "choosing": 1}
        assert [pack.benchmark for pack in snapshot.packs] == ["sweep"]
    store.add_benchmark("choosing", choosing, labelled(job(seed=1)))  # chosen
    assert [standing.benchmark for standing in store.watch("choosing").standings] == ["choosing"]


def test_the_price_of_an_epoch_is_that_of_finished_runs_on_the_devices_in_use(store: Store):
    store.add_benchmark("small", GRID, labelled(job(seed=0), job(seed=1), job(seed=2)))
    train(store, job(seed=0))  # 1.5 s for 3 epochs
    assert store.watch().pace == {}  # no device is in use
    take(store, job(seed=1))
    assert store.watch().pace == {"diamonds": pytest.approx(0.5)}


def test_an_empty_store_has_nothing_to_watch(store: Store):
    snapshot = store.watch()
    assert (snapshot.standings, snapshot.packs) == ((), ())


def test_a_watcher_sees_each_write_once_it_is_committed_and_does_nothing_but_select(url: str):
    with Store.open(url) as writer:
        writer.add_benchmark("small", GRID, labelled(job()))
        claims = take(writer, job())
        with Store.open(url, read_only=True) as watcher:
            statements: list[str] = []
            event.listen(watcher._engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
            for epoch in (1, 2, 3):
                writer.write(epochs(claims[0].run_id, 0.5, start=epoch), claims=claims)
                assert only(watcher).epoch == epoch
            with writer.writing() as connection:  # a transaction that has changed something and goes on
                connection.execute(text("UPDATE run SET epochs = 7"))
                assert only(watcher).epoch == 3
            assert only(watcher).epoch == 7
            writer.finish([Finished(run_id=claims[0].run_id, seconds=1.0, epochs=3)], claims=claims)
            assert watcher.watch().standings[0].done == 1
            assert {statement.split()[0] for statement in statements} <= {"SELECT", "BEGIN"}


def test_a_watcher_cannot_write(url: str):
    with Store.open(url) as writer:
        writer.add_benchmark("small", GRID, labelled(job()))
    with (
        Store.open(url, read_only=True) as watcher,
        pytest.raises((DBAPIError, RegbenchError), match=r"cannot be written|read-only"),
        watcher.reading() as connection,
    ):
        connection.execute(text("UPDATE job SET epochs = 1"))


def test_a_watcher_in_the_middle_of_a_frame_keeps_nobody_from_writing(url: str):
    with Store.open(url) as writer, Store.open(url, read_only=True) as watcher:
        writer.add_benchmark("small", GRID, labelled(job()))
        claims = take(writer, job())
        with watcher.reading() as connection:
            connection.execute(text("SELECT * FROM run")).all()
            assert writer.write(epochs(claims[0].run_id, 0.5), claims=claims) == set()
        assert only(watcher).epoch == 1


def test_between_frames_a_watcher_holds_no_lock_on_the_file(tmp_path: Path):
    path = tmp_path / "regbench.db"
    with Store.open(path) as writer, Store.open(path, read_only=True) as watcher:
        writer.add_benchmark("small", GRID, labelled(job()))
        watcher.watch()
        writer.close()  # connections of its own, which would count as readers
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("PRAGMA busy_timeout=0")
            assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0  # 1: a reader was in the way
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE job SET epochs = 5")
            other.execute("COMMIT")
