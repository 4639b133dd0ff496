"""The data frame behind every report: one row per job, at the epoch that the query selects."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from regbench.errors import UsageError
from regbench.store import DISTILLED, EpochRows, Finished, Member, Store, export, opened
from tests.made import large
from tests.store.conftest import PROTOCOL, job, labelled, take, train

COLUMNS = [
    *["benchmark", "dataset", "method", "variant", "k", "settings", "hparams", "backbone", "protocol"],
    *["targets", "split", "seed"],
    *[
        "job_key",
        "run_id",
        "best_epoch",
        "epochs",
        "val_rmse",
        "val_mae",
        "test_rmse",
        "test_mae",
        "test_crps",
        "test_nll",
    ],
    *["seconds", "diverged", "code_digest", "digest", "row", "swept", "tried"],
]


def test_the_columns_and_their_types_are_the_same_with_and_without_runs(store: Store):
    store.add_benchmark("small", {}, labelled(job(seed=0), job(seed=1, k=25, hparams=(("lambda_sigma", 0.5),))))
    empty = store.cells()
    train(store, job(seed=0), job(seed=1, k=25, hparams=(("lambda_sigma", 0.5),)))
    full = store.cells()
    assert list(empty.columns) == list(full.columns) == COLUMNS
    for frame in (empty, full):
        types = frame.dtypes.astype(str)
        assert set(types[["k", "seed", "run_id", "best_epoch", "epochs"]]) == {"Int64"}
        assert set(types[["val_rmse", "val_mae", "test_rmse", "test_mae", "seconds"]]) == {"float64"}
        assert types["diverged"] == "bool"
    assert list(full["hparams"]) == list(full["settings"]) == [{}, {"lambda_sigma": 0.5}]


def test_cells_and_curves_say_whether_the_targets_of_a_job_are_raw(store: Store):
    raw = job(seed=1, protocol=replace(PROTOCOL, targets="raw"))
    store.add_benchmark("small", {}, labelled(job(seed=0), raw))
    train(store, job(seed=0), raw)
    assert list(store.cells()["targets"]) == ["scaled", "raw"]
    assert list(store.curves(names=["val/rmse"])["targets"]) == ["scaled"] * 3 + ["raw"] * 3


def test_a_benchmark_without_jobs_has_no_rows_but_all_columns(store: Store):
    store.add_benchmark("empty", {}, [])
    assert store.cells().empty
    assert list(store.cells().columns) == COLUMNS


def test_the_epoch_with_the_lowest_finite_validation_rmse_counts_and_the_first_of_equals(store: Store):
    curves = {0: [0.3, 0.1, 0.2], 1: [0.2, 0.1, 0.1], 2: [math.nan, 0.4, math.inf], 3: [0.3, math.nan, -math.inf]}
    store.add_benchmark("small", {}, labelled(*[job(seed=seed) for seed in curves]))
    for seed, curve in curves.items():
        train(store, job(seed=seed), curve=curve)
    frame = store.cells().set_index("seed")
    assert list(frame["best_epoch"]) == [2, 2, 2, 1]
    assert list(frame["val_rmse"]) == [0.1, 0.1, 0.4, 0.3]
    assert list(frame["val_mae"]) == [0.05, 0.05, 0.2, 0.15]
    assert list(frame["test_rmse"]) == [0.2, 0.2, 0.8, 0.6]


def test_the_last_epoch_is_chosen_on_request(store: Store):
    store.add_benchmark("small", {}, labelled(job()))
    train(store, job(), curve=[0.3, 0.1, 0.2])
    assert list(store.cells(select="last")["val_rmse"]) == [0.2]
    with pytest.raises(UsageError, match="did you mean 'best-val'"):
        store.cells(select="best_val")


def test_a_run_that_diverged_from_the_start_is_a_row_without_numbers(store: Store):
    store.add_benchmark("small", {}, labelled(job()))
    claims = take(store, job())
    run = claims[0].run_id
    store.write([EpochRows(run, 1, {"val/rmse": math.nan, "test/rmse": math.nan})], claims=claims)
    store.finish([Finished(run_id=run, seconds=1.0, epochs=1, diverged_at=1)], claims=claims)
    (row,) = store.cells().itertuples()
    assert (row.run_id, row.diverged) == (run, True)
    assert store.cells()[["best_epoch", "val_rmse"]].isna().all(axis=None)


def test_a_job_without_a_finished_run_is_a_row_of_its_own(store: Store):
    missing = [job(seed=seed) for seed in range(1, 4)]
    store.add_benchmark("small", {}, labelled(job(seed=0), *missing))
    train(store, job(seed=0))
    take(store, missing[0])
    store.fail([take(store, missing[1])[0]], failure_class="ValueError", error="")
    frame = store.cells()
    assert list(frame["seed"]) == [0, 1, 2, 3]
    assert frame["run_id"].isna().tolist() == [False, True, True, True]
    assert not frame["diverged"].any()


def test_of_several_finished_runs_of_a_job_the_newest_counts(store: Store):
    store.add_benchmark("small", {}, labelled(job()))
    train(store, job(), code="c0", curve=[0.1])
    train(store, job(), code="c1", curve=[0.2])
    assert list(store.cells()["val_rmse"]) == [0.2]


def test_a_cell_never_mixes_versions_of_the_code_and_says_what_it_leaves_out(store: Store):
    cell = [job(seed=seed) for seed in range(3)]
    elsewhere = job(dataset="ailerons")
    store.add_benchmark("small", {}, labelled(*cell, elsewhere))
    train(store, *cell, elsewhere, code="old-code")
    train(store, cell[0], cell[1], code="new-code")
    frame = store.cells().set_index(["dataset", "seed"])
    assert list(frame["code_digest"].fillna("")) == ["new-code", "new-code", "", "old-code"]
    assert frame.attrs["left_out"] == [
        "diamonds lsq seed 2: run with other code (old-code) than the newest of the cell (new-code)"
    ]


def test_jobs_of_another_protocol_or_k_are_other_cells(store: Store):
    jobs = [job(k=5), job(k=25), job(k=25, protocol=replace(PROTOCOL, epochs=20))]
    store.add_benchmark("small", {}, labelled(*jobs))
    for code, each in zip("abc", jobs, strict=True):
        train(store, each, code=code)
    frame = store.cells()
    assert list(frame["code_digest"]) == ["a", "b", "c"]
    assert frame.attrs["left_out"] == []
    assert frame["protocol"].nunique() == 2


def test_curves_hold_every_number_of_the_accepted_runs_and_of_those_asked_for(store: Store):
    store.add_benchmark("small", {}, labelled(job(seed=0), job(seed=1), job(dataset="ailerons")))
    train(store, job(seed=0), code="old")
    train(store, job(seed=0), job(seed=1), job(dataset="ailerons"))
    assert len(store.curves()) == 3 * 3 * 4
    frame = store.curves("small", names=["val/rmse"], datasets=["diamonds"])
    assert list(frame["epoch"]) == [1, 2, 3] * 2
    assert list(frame["value"]) == [0.3, 0.1, 0.2] * 2
    assert list(frame.columns) == [
        *["run_id", "dataset", "method", "variant", "k", "seed", "digest", "epochs", "settings", "targets"],
        *["epoch", "name", "value"],
    ]
    assert store.curves(names=["no/such"]).empty


def test_of_long_curves_only_so_many_epochs_are_read(store: Store):
    long, short = (job(seed=seed, protocol=replace(PROTOCOL, epochs=epochs)) for seed, epochs in ((0, 8), (1, 2)))
    store.add_benchmark("small", {}, labelled(long, short))
    claims = store.claim({each.key: "c" for each in (long, short)}, owner="t", lease_s=9, environment={}, device="cpu")
    epochs_of = {long.key: 8, short.key: 2}
    for claim in claims:
        last = epochs_of[claim.key]
        rows = [EpochRows(claim.run_id, epoch, {"val/rmse": 1 / epoch}) for epoch in range(1, last + 1)]
        store.write(rows, claims=[claim])
        store.finish([Finished(claim.run_id, seconds=1.0, epochs=last)], claims=[claim])
    frame = store.curves(most_epochs=3)
    assert list(frame.loc[frame["seed"] == 0, "epoch"]) == [1, 4, 7, 8]
    assert list(frame.loc[frame["seed"] == 1, "epoch"]) == [1, 2]
    assert dict(zip(frame["seed"], frame["epochs"], strict=True)) == {0: 4, 1: 2}  # how many are here if all are


def test_a_job_may_stand_in_several_rows_and_a_chosen_width_tells_no_rows_apart(store: Store):
    """A winner may be the same job as another row's; chosen values do not change the name of the row."""
    width = (("lambda_sigma", 1.0),)
    jobs = [job(method="soft_binning", k=5, hparams=width), job(method="soft_binning", k=5, seed=1, hparams=width)]
    swept = {"lambda_sigma": 1.0, "learning_rate": 3e-3}
    chosen = [Member(each, "soft_binning", "soft_binning", swept) for each in jobs]
    fixed = [Member(jobs[0], "soft_binning[lambda_sigma=1]")]
    store.add_benchmark("small", {}, [*chosen, *fixed])
    tried = [Member(jobs[0], "soft_binning[lambda_sigma=1,learning_rate=0.003]", "soft_binning", swept)]
    store.add_benchmark("sweep", {"sweep": []}, tried)
    train(store, *jobs)
    frame = store.cells("small")
    assert frame["variant"].tolist() == ["soft_binning", "soft_binning", "soft_binning[lambda_sigma=1]"]
    assert frame["row"].tolist() == frame["variant"].tolist()
    assert frame["swept"].tolist() == [swept, swept, {}]
    assert frame["settings"].tolist() == [{}, {}, {"lambda_sigma": 1.0}]
    assert frame["val_rmse"].tolist() == [0.1, 0.1, 0.1]
    assert frame["run_id"].nunique() == 2
    curves = store.curves("small", names=["val/rmse"])
    assert curves.groupby("variant").size().to_dict() == {"soft_binning": 6, "soft_binning[lambda_sigma=1]": 3}
    (sweep,) = store.cells("sweep").to_dict("records")
    assert (sweep["row"], sweep["swept"], sweep["settings"]) == ("soft_binning", swept, {"lambda_sigma": 1.0})


@pytest.mark.parametrize(
    "read", [lambda store: store.cells(), lambda store: store.status(), lambda store: store.history()]
)
def test_a_frame_of_more_jobs_with_as_many_epochs_in_all_takes_steps_in_proportion(tmp_path, read):
    few, many = (tmp_path / "few.db", tmp_path / "many.db")
    large.make(few, jobs=256, epochs=8)
    large.make(many, jobs=1024, epochs=2)
    assert steps(many, read) <= 4.5 * steps(few, read)


def steps(path: Path, read: Callable[[Store], Any]) -> int:
    """The steps of SQLite's virtual machine, in hundreds."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    with Store.open(path, read_only=True) as store:
        read(store)  # connects
        with store.reading() as connection:
            driver: Any = connection.connection.driver_connection
            driver.set_progress_handler(step, 100)
        read(store)
    assert count
    return count


def test_the_lowest_test_error_is_over_all_epochs_and_of_runs_that_have_them_all(store: Store, tmp_path: Path):
    store.add_benchmark("small", {}, labelled(job(seed=0), job(seed=1)))
    (first,) = train(store, job(seed=0), curve=(0.3, 0.1, 0.2))
    (second,) = train(store, job(seed=1), curve=(0.5,))
    assert store.best_by_test("small", "test/rmse") == {first: 0.2, second: 1.0}
    export(store, tmp_path / "short", part=DISTILLED)
    with opened(tmp_path / "short", DISTILLED) as (distilled, _):
        assert list(distilled.best_by_test("small", "test/rmse").values()) == [1.0]  # the other lacks its first epoch


def test_the_conditions_of_a_job_are_its_protocol_and_network_and_what_was_chosen_of_them(store: Store):
    chosen = Member(job(seed=0, k=25), "end2end", "end2end", {"learning_rate": 3e-3})
    store.add_benchmark("small", {}, [chosen, *labelled(job(seed=1))])
    found = store.conditions("small")
    protocol, fields = found[chosen.job.key]
    assert (protocol["epochs"], protocol["split"], protocol["backbone"], fields) == (
        3,
        "fixed",
        "mlp",
        {"learning_rate"},
    )
    assert found[job(seed=1).key][1] == frozenset()
