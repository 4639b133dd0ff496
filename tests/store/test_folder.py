"""Distilled exports, and folders of exports that are read like a database."""

import json
import math
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from regbench.errors import UsageError
from regbench.store import DISTILLED, DISTILLED_CURVES, WHOLE, EpochRows, Finished, Part, Store, export, import_, opened
from regbench.store.part import only_ends
from tests.store.conftest import job, labelled, take, train
from tests.store.test_transfer import fill

NUMBERS = [
    "job_key",
    "best_epoch",
    "val_rmse",
    "val_mae",
    "test_rmse",
    "test_mae",
    "seconds",
    "diverged",
    "code_digest",
]
HIDDEN = {"run_id"}  # numbers of rows, which mean nothing elsewhere


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    columns = [column for column in one.columns if column not in HIDDEN]
    pd.testing.assert_frame_equal(one[columns], other[columns], check_exact=True)
    assert one.attrs == other.attrs


@pytest.mark.parametrize("select", ["best-val", "last"])
@pytest.mark.parametrize("part", [DISTILLED, DISTILLED_CURVES, WHOLE], ids=["distilled", "every epoch", "whole"])
def test_a_folder_gives_the_cells_of_the_database_it_came_from(store: Store, tmp_path: Path, part: Part, select: str):
    fill(store)
    export(store, tmp_path / "out", part=part)
    with opened(tmp_path / "out", part) as (read, left_alone):
        assert left_alone == []
        for benchmark in ("small", "other"):
            same(store.cells(benchmark, select=select), read.cells(benchmark, select=select))
        assert read.last_benchmark() == store.last_benchmark()
        assert read.target_ranges() == store.target_ranges()


def test_curves_come_from_a_folder_that_has_every_epoch(tmp_path: Path):
    with Store.open(tmp_path / "one.db") as store:
        fill(store)
        export(store, tmp_path / "out", part=DISTILLED_CURVES)
        with opened(tmp_path / "out", Part(names=["val/rmse"])) as (read, _):
            same(store.curves("small", names=["val/rmse"]), read.curves("small"))


def test_a_distilled_run_keeps_the_epochs_at_which_reports_look_and_counts_as_finished(store: Store, tmp_path: Path):
    wanted = job()
    store.add_benchmark("small", {}, labelled(wanted))
    claims = take(store, wanted)
    curve = [0.5, 0.3, 0.2, 0.1, 0.1, 0.4, math.nan]
    once = EpochRows(claims[0].run_id, 0, {"stage1/seconds": 1.5})
    rows = [
        EpochRows(claims[0].run_id, epoch, {"val/rmse": value, "seconds": 2.0}) for epoch, value in enumerate(curve, 1)
    ]
    store.write([once, *rows], claims=claims)
    store.finish([Finished(claims[0].run_id, seconds=14.0, epochs=7, diverged_at=7)], claims=claims)
    export(store, tmp_path / "out", part=DISTILLED)
    with Store.open(tmp_path / "copy.db") as copy:
        assert import_(copy, tmp_path / "out").rows["metrics"] == 1 + 2 * 3
        assert sorted(set(copy.curves()["epoch"])) == [
            0,
            4,
            6,
            7,
        ]  # the first of the two lowest, the last finite, the last
        assert copy.done({wanted.key: "c0"}) == {wanted.key}
        assert copy.status("small")[0].done == 1
        assert copy.finished_run(wanted.key, "c0").values["val/rmse"] == pytest.approx(
            {4: 0.1, 6: 0.4, 7: math.nan}, nan_ok=True
        )


def test_what_is_distilled_says_so(tmp_path: Path):
    with Store.open(tmp_path / "one.db") as store:
        fill(store)
        export(store, tmp_path / "whole")
        moved = export(store, tmp_path / "out", part=DISTILLED)
    about = json.loads((tmp_path / "out" / "about.json").read_text())
    assert (about["distilled"], about["rows"]) == (True, dict(moved.rows))
    assert "predictions" in about["left_out"]
    assert json.loads((tmp_path / "whole" / "about.json").read_text())["distilled"] is False
    said = pq.read_schema(tmp_path / "out" / "metrics.parquet").metadata[b"regbench_left_out"]
    assert json.loads(said) == about["left_out"]
    assert b"regbench_left_out" not in pq.read_schema(tmp_path / "whole" / "metrics.parquet").metadata
    assert set(pq.read_table(tmp_path / "out" / "runs.parquet")["status"].to_pylist()) == {"finished"}


def test_the_whole_export_fills_in_what_a_distilled_one_left_out(tmp_path: Path):
    with Store.open(tmp_path / "one.db") as store, Store.open(tmp_path / "copy.db") as copy:
        fill(store)
        export(store, tmp_path / "distilled", part=DISTILLED)
        export(store, tmp_path / "whole")
        import_(copy, tmp_path / "distilled")
        import_(copy, tmp_path / "whole")
        same(store.curves("small"), copy.curves("small"))
        assert set(import_(copy, tmp_path / "distilled").rows.values()) == {0}


def test_exports_side_by_side_are_read_as_one(tmp_path: Path):
    for seed in range(2):
        with Store.open(tmp_path / f"{seed}.db") as store:
            store.add_benchmark("small", {"seeds": 2}, labelled(job(seed=seed)))
            train(store, job(seed=seed), curve=[0.1 + seed])
            export(store, tmp_path / "out" / str(seed), part=DISTILLED)
    (tmp_path / "out" / "notes").mkdir()
    with opened(tmp_path / "out") as (read, left_alone):
        assert list(read.cells("small")["val_rmse"]) == [0.1, 1.1]
        assert left_alone == []


def test_another_grid_of_the_same_name_is_said(tmp_path: Path):
    for seed in range(2):
        with Store.open(tmp_path / f"{seed}.db") as store:
            store.add_benchmark("small", {"grid": seed}, labelled(job(seed=seed)))
            export(store, tmp_path / "out" / str(seed))
    with opened(tmp_path / "out") as (_, left_alone):
        assert len(left_alone) == 1
        assert left_alone[0].startswith(f"{tmp_path / 'out' / '1'}: benchmark small: another grid")


def test_the_command_that_writes_a_folder_can_be_copied(tmp_path: Path):
    folder = tmp_path / "my results"
    with pytest.raises(UsageError) as refused, opened(folder):
        pass
    command = str(refused.value).split("`")[1]
    assert shlex.split(command) == ["regbench", "db", "export", str(folder)]


def test_a_folder_without_results_is_named(tmp_path: Path):
    with pytest.raises(UsageError, match="no results in it"), opened(tmp_path):
        pass
    with pytest.raises(UsageError, match=r"there is no folder .*nowhere"), opened(tmp_path / "nowhere"):
        pass


def test_nothing_of_a_folder_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with Store.open(tmp_path / "one.db") as store:
        fill(store)
        export(store, tmp_path / "out")
    before = {path: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    (tmp_path / "scratch").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    with opened(tmp_path / "out") as (read, _):
        assert read.read_only
    assert {path: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    assert list((tmp_path / "scratch").iterdir()) == []


def test_a_file_is_cut_to_the_epochs_that_a_distilled_export_has(tmp_path: Path):
    values = np.array([math.nan, 0.1, 0.2, 0.3])
    random = np.random.default_rng(0)
    jobs = [job(seed=seed) for seed in range(100)]
    with Store.open(tmp_path / "one.db") as store:
        store.add_benchmark("small", {}, labelled(*jobs))
        for each in jobs:
            train(store, each, curve=random.choice(values, random.integers(1, 7)).tolist())
        export(store, tmp_path / "whole")
        export(store, tmp_path / "cut", part=DISTILLED)
    whole, cut = (pq.read_table(tmp_path / name / "metrics.parquet") for name in ("whole", "cut"))
    assert only_ends(whole, {}).to_pylist() == cut.to_pylist()
