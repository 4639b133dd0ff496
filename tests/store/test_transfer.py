"""Results are exported to Parquet and imported: completely, exactly, once, and without overwriting any."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from regbench.errors import InfrastructureError, UsageError
from regbench.store import (
    DISTILLED,
    WHOLE,
    Choice,
    EpochRows,
    Finished,
    Part,
    Store,
    export,
    export_adoptions,
    import_,
    opened,
)
from regbench.store.parquet import renamed
from tests.store.conftest import PROTOCOL, job, labelled, take, train

FILES = [
    *["datasets", "environments", "jobs", "benchmarks", "benchmark_jobs", "runs", "metrics", "predictions"],
    *["parameters", "recorded", "choices"],
]
ARRAYS = {
    "features": np.array([[1 / 3, np.nan, -0.0], [1e-45, 3e38, np.inf]], dtype=np.float32),
    "weight": np.linspace(-1, 1, 5, dtype=np.float32).reshape(1, 5),
}


CHOICE = Choice(
    dataset="diamonds",
    variant="lsq",
    k=None,
    values={"learning_rate": 0.1 + 0.2, "optimizer": "adamw"},
    source="sweep",
    carried_from_k=5,
    by="val/rmse",
    jobs=("a", "b"),
    winner=("b",),
    metric=1 / 3,
    default_metric=None,
    tried=2,
    diverged=1,
    on_edge=("learning_rate",),
)


def fill(store: Store) -> None:
    """Two benchmarks with runs that finished, diverged, failed and are still running."""
    good, diverged, failed, running = (job(seed=seed, hparams=(("lambda_sigma", 0.1 + 0.2),)) for seed in range(4))
    elsewhere = job(dataset="ailerons", k=25)
    store.add_benchmark("small", {"rate": 1e-3}, labelled(good, diverged, failed, running))
    store.add_benchmark("other", {}, labelled(elsewhere, good))
    for name in ("diamonds", "ailerons"):
        store.add_dataset(
            digest=f"sha256:{name}", name=name, sizes=(8, 1, 1), inputs=9, target_low=[0.1], target_high=[1 / 3]
        )
    train(store, good, elsewhere, curve=[1 / 3, 1e-17, 5e300])
    claims = take(store, diverged)
    store.write([EpochRows(claims[0].run_id, 1, {"val/rmse": math.nan}, ARRAYS)], claims=claims)
    kept = {"val": np.linspace(0, 1, 6, dtype=np.float32).reshape(3, 2)}
    store.finish(
        [
            Finished(
                run_id=claims[0].run_id,
                seconds=0.1,
                epochs=1,
                diverged_at=1,
                predictions=kept,
                parameters={"mu": np.array([[1 / 3], [5e-324]]), "sigma": np.array(0.1)},
            )
        ],
        claims=claims,
    )
    store.choose("small", [CHOICE])
    store.fail([take(store, failed)[0]], failure_class="ValueError", error="no such luck: ±½")
    claims = take(store, running)
    store.write([EpochRows(claims[0].run_id, 1, {"val/rmse": 0.5})], claims=claims)


def content(folder: Path) -> dict[str, pd.DataFrame]:
    files = {name: folder / f"{name}.parquet" for name in FILES}
    return {name: pq.read_table(file).to_pandas() for name, file in files.items() if file.exists()}


def test_what_comes_out_of_the_copy_is_what_went_into_it(store: Store, tmp_path: Path):
    fill(store)
    moved = export(store, tmp_path / "out")
    with Store.open(tmp_path / "copy.db") as copy:
        assert import_(copy, tmp_path / "out") == moved
        assert export(copy, tmp_path / "again") == moved
        first, second = content(tmp_path / "out"), content(tmp_path / "again")
        assert set(first) == set(FILES)
        for name in FILES:
            pd.testing.assert_frame_equal(first[name], second[name], check_exact=True)
        for benchmark in ("small", "other"):
            numbers = ["job_key", "best_epoch", "val_rmse", "test_mae", "seconds", "diverged", "code_digest", "hparams"]
            pd.testing.assert_frame_equal(
                store.cells(benchmark)[numbers], copy.cells(benchmark)[numbers], check_exact=True
            )
        diverged = int(copy.cells("small").loc[1, "run_id"])  # type: ignore[arg-type]
        np.testing.assert_array_equal(copy.predictions(diverged)["val"].ravel(), np.linspace(0, 1, 6, dtype=np.float32))
        learnt = copy.parameters(diverged)
        assert learnt["mu"].tolist() == [[1 / 3], [5e-324]]
        assert learnt["sigma"].tolist() == 0.1
        recorded = copy.recorded(diverged)
        assert list(recorded) == [1]
        for name, array in ARRAYS.items():
            np.testing.assert_array_equal(recorded[1][name], array, strict=True)
        assert copy.chosen("small") == {("diamonds", "lsq", None): CHOICE}
    assert dict(moved.rows) == {
        "datasets": 2,
        "environments": 1,
        "jobs": 5,
        "benchmarks": 2,
        "benchmark_jobs": 6,
        "runs": 4,
        "metrics": 2 * 3 * 4 + 1,
        "predictions": 1,
        "parameters": 2,
        "recorded": 2,
        "choices": 1,
        "adoptions": 0,
    }


def test_results_move_between_kinds_of_database(store: Store, url: str, tmp_path: Path):
    with Store.open(tmp_path / "source.db") as source:
        fill(source)
        export(source, tmp_path / "out")
        import_(store, tmp_path / "out")
        pd.testing.assert_series_equal(source.cells("small")["val_rmse"], store.cells("small")["val_rmse"])
    assert len(take(store, *[job(seed=9)])) == 0  # unknown jobs cannot be claimed
    assert len(train(store, job(seed=3, hparams=(("lambda_sigma", 0.1 + 0.2),)))) == 1


def test_importing_again_adds_nothing(store: Store, tmp_path: Path):
    fill(store)
    export(store, tmp_path)
    assert set(import_(store, tmp_path).rows.values()) == {0}
    with Store.open(tmp_path / "copy.db") as copy:
        import_(copy, tmp_path)
        assert set(import_(copy, tmp_path).rows.values()) == {0}


def test_a_run_that_was_going_on_comes_with_the_next_export(tmp_path: Path):
    with Store.open(tmp_path / "one.db") as one, Store.open(tmp_path / "two.db") as two:
        one.add_benchmark("small", {}, labelled(job()))
        (claim,) = take(one, job())
        one.write([EpochRows(claim.run_id, 1, {"val/rmse": 0.5})], claims=[claim])
        export(one, tmp_path / "out")
        assert import_(two, tmp_path / "out").rows["runs"] == 0
        one.finish([Finished(run_id=claim.run_id, seconds=1.0, epochs=1)], claims=[claim])
        export(one, tmp_path / "out")
        assert import_(two, tmp_path / "out").rows["metrics"] == 1
        assert list(two.cells()["val_rmse"]) == [0.5]


def test_two_machines_shares_of_a_benchmark_become_one(tmp_path: Path):
    jobs = [job(seed=seed) for seed in range(4)]
    with Store.open(tmp_path / "all.db") as everything:
        for name, share in (("one", jobs[:2]), ("two", jobs[1:])):
            with Store.open(tmp_path / f"{name}.db") as store:
                store.add_benchmark("small", {"seeds": 4}, labelled(*share))
                train(store, *share)
                export(store, tmp_path / name)
            assert import_(everything, tmp_path / name).left_alone == ()
        frame = everything.cells("small")
        assert list(frame["seed"]) == [0, 1, 2, 3]
        assert frame["run_id"].notna().all()
        with everything.reading() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM run").scalar() == 5  # both runs of seed 1


def test_what_is_there_is_never_overwritten(tmp_path: Path):
    with Store.open(tmp_path / "one.db") as one, Store.open(tmp_path / "two.db") as two:
        one.add_benchmark("small", {"seeds": 1}, labelled(job(seed=0)))
        train(one, job(seed=0), curve=[0.1])
        two.add_benchmark("small", {"seeds": 2}, labelled(job(seed=1)))
        train(two, job(seed=1), curve=[0.2])
        export(one, tmp_path / "out")
        moved = import_(two, tmp_path / "out")
        assert moved.left_alone == (
            "benchmark small: another grid of that name is here and stays; the runs were added",
        )
        assert list(two.cells("small")["seed"]) == [1]
        assert two.done({job(seed=0).key: "c0"}) == {job(seed=0).key}


def test_one_benchmark_takes_only_its_own_along(store: Store, tmp_path: Path):
    fill(store)
    export(store, tmp_path, benchmark="other")
    found = content(tmp_path)
    assert list(found["benchmarks"]["name"]) == ["other"]
    assert {name: len(found[name]) for name in ("jobs", "runs", "datasets", "metrics")} == {
        "jobs": 2,
        "runs": 2,
        "datasets": 2,
        "metrics": 2 * 3 * 4,
    }
    with pytest.raises(UsageError, match="did you mean 'other'"):
        export(store, tmp_path, benchmark="othr")


def test_a_folder_without_the_files_or_with_wrong_ones_is_named(store: Store, tmp_path: Path):
    with pytest.raises(UsageError, match=r"no datasets.parquet in it; give a folder that `regbench db export` wrote"):
        import_(store, tmp_path)
    export(store, tmp_path)
    (tmp_path / "runs.parquet").write_text("dear diary")
    with pytest.raises(UsageError, match=r"runs.parquet: damaged, or not a Parquet file"):
        import_(store, tmp_path)
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "runs.parquet")
    with pytest.raises(UsageError, match=r"runs.parquet: not exported by regbench"):
        import_(store, tmp_path)


def test_a_folder_that_cannot_be_written_is_named(store: Store, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(InfrastructureError, match="a file where a folder should be; free some space there"):
        export(store, tmp_path / "file" / "out")


def test_an_import_that_breaks_off_leaves_nothing(store: Store, tmp_path: Path):
    fill(store)
    export(store, tmp_path)
    damaged = bytearray((tmp_path / "metrics.parquet").read_bytes())
    damaged[4:40] = bytes(36)
    (tmp_path / "metrics.parquet").write_bytes(damaged)
    with Store.open(tmp_path / "copy.db") as copy:
        with pytest.raises(UsageError, match=r"metrics.parquet: damaged.*export it again"):
            import_(copy, tmp_path)
        assert copy.benchmarks().empty


def test_what_an_older_version_exported_is_read_without_the_files_it_did_not_have(tmp_path: Path, monkeypatch):
    with Store.open(tmp_path / "source.db") as source:
        fill(source)
        with monkeypatch.context() as older:
            older.setattr("regbench.store.parquet.versions", lambda: ["0001", "0002"])
            export(source, tmp_path / "out")
    for name in ("parameters", "recorded", "choices", "predicted"):
        (tmp_path / "out" / f"{name}.parquet").unlink()
    (tmp_path / "out" / "about.json").unlink()
    places = pq.read_table(tmp_path / "out" / "benchmark_jobs.parquet")
    pq.write_table(places.drop_columns(["variant", "row", "swept"]), tmp_path / "out" / "benchmark_jobs.parquet")
    with Store.open(tmp_path / "copy.db") as copy:
        assert import_(copy, tmp_path / "out").rows["runs"] == 4
        assert set(copy.cells("small")["variant"]) == {"lsq[lambda_sigma=0.3]"}


def test_predictions_are_a_table_in_the_units_of_the_target_that_pandas_reads(store: Store, tmp_path: Path):
    fill(store)
    export(store, tmp_path / "out")
    frame = pd.read_parquet(tmp_path / "out" / "predicted.parquet")
    scaled = np.linspace(0, 1, 6, dtype=np.float32).astype(np.float64)
    np.testing.assert_array_equal(frame["prediction"], 0.1 + scaled * (1 / 3 - 0.1))
    assert frame["row"].tolist() == [0, 0, 1, 1, 2, 2]
    assert frame["dimension"].tolist() == [0, 1, 0, 1, 0, 1]
    assert [frame[name].iloc[0] for name in ("dataset", "variant", "seed", "split")] == [
        "diamonds",
        "lsq[lambda_sigma=0.3]",
        1,
        "val",
    ]
    about = (tmp_path / "out" / "README.md").read_text()
    assert all(path.name in about for path in (tmp_path / "out").glob("*.parquet"))


def predicting(store: Store, **protocol: Any) -> np.ndarray:
    """Finish a job that predicts what is returned: (2, 1)."""
    one = job(protocol=replace(PROTOCOL, **protocol))
    store.add_benchmark("small", {}, labelled(one))
    (claim,) = take(store, one)
    predicted = np.array([[-7.5], [1e6]], dtype=np.float32)
    ended = Finished(run_id=claim.run_id, seconds=1.0, epochs=3, predictions={"test": predicted}, best_epoch=3)
    store.finish([ended], claims=[claim])
    return predicted


def test_predictions_of_raw_targets_are_exported_as_they_are(store: Store, tmp_path: Path):
    predicted = predicting(store, targets="raw")
    store.add_dataset(
        digest="sha256:diamonds", name="diamonds", sizes=(8, 1, 1), inputs=9, target_low=[10.0], target_high=[20.0]
    )
    export(store, tmp_path)
    written = pq.read_table(tmp_path / "predicted.parquet").column("prediction").to_pylist()
    assert written == predicted.ravel().tolist()


@pytest.mark.parametrize("targets", ["scaled", "raw"])
def test_predictions_whose_units_are_unknown_for_want_of_the_dataset_are_null(tmp_path: Path, targets: str):
    with Store.open(tmp_path / "results.db") as store:
        predicted = predicting(store, targets=targets)
        export(store, tmp_path / "out")
    written = pq.read_table(tmp_path / "out" / "predicted.parquet").column("prediction").to_pylist()
    assert written == ([None, None] if targets == "scaled" else predicted.ravel().tolist())


def test_an_export_without_recorded_arrays_has_no_file_of_them_and_one_that_lost_it_is_refused(tmp_path: Path):
    out = tmp_path / "out"
    with Store.open(tmp_path / "source.db") as source, Store.open(tmp_path / "copy.db") as copy:
        fill(source)
        for part in (WHOLE, DISTILLED):
            export(source, out, part=part, replace=True)
            assert (out / "recorded.parquet").exists() == (part is WHOLE)
        assert import_(copy, out).rows["recorded"] == 0
        export(source, out, replace=True)
        assert import_(copy, out).rows["recorded"] == 0  # the run has every epoch, and is left as it is
    (out / "recorded.parquet").unlink()
    with Store.open(tmp_path / "new.db") as new, pytest.raises(UsageError, match=r"no recorded\.parquet in it"):
        import_(new, out)


def test_a_part_of_an_export_may_be_read_without_recorded_arrays(tmp_path: Path):
    with Store.open(tmp_path / "source.db") as source:
        fill(source)
        export(source, tmp_path / "out")
    for part, epochs in ((WHOLE, [1]), (Part(recorded=False), [])):
        with opened(tmp_path / "out", part) as (store, _):
            run = int(store.cells("small").loc[1, "run_id"])  # type: ignore[arg-type]
            assert list(store.recorded(run)) == epochs


def test_an_export_is_not_written_over_by_one_that_has_less(store: Store, tmp_path: Path):
    fill(store)
    export(store, tmp_path / "out", benchmark="small")
    export(store, tmp_path / "out", benchmark="small")
    with pytest.raises(UsageError, match="holds an export with 2 runs that this one lacks; give another folder"):
        export(store, tmp_path / "out", benchmark="other")
    export(store, tmp_path / "out")
    with pytest.raises(UsageError, match="--replace"):
        export(store, tmp_path / "out", part=DISTILLED)
    assert len(pd.read_parquet(tmp_path / "out" / "runs.parquet")) == 4
    export(store, tmp_path / "out", part=DISTILLED, replace=True)
    assert not (tmp_path / "out" / "predicted.parquet").exists()
    (tmp_path / "out" / "about.json").write_text("{")
    with pytest.raises(UsageError, match=r"about\.json: damaged"):
        export_adoptions(store, tmp_path / "out")


def test_nothing_of_an_export_that_fails_is_left_half_written(tmp_path: Path):
    def write() -> None:
        with renamed(tmp_path / "a.parquet") as unfinished:
            unfinished.touch()
            tmp_path.read_bytes()

    with pytest.raises(IsADirectoryError):
        write()
    assert list(tmp_path.iterdir()) == []
