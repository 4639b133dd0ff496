"""The metric named by a job's protocol decides which epoch of its run counts, in a store and in its exports."""

from dataclasses import replace
from pathlib import Path

import pytest

from regbench.store import DISTILLED, EpochRows, Finished, Store, export, import_, opened
from tests.store.conftest import PROTOCOL, job, labelled, take

BEST = {"val/rmse": 2, "val/mae": 1, "val/r2": 3}
CURVES = {"val/rmse": [0.3, 0.1, 0.2], "val/mae": [0.1, 0.3, 0.2], "val/r2": [0.5, 0.1, 0.9]}


def jobs():
    """One job for each deciding metric."""
    return {name: job(seed=seed, protocol=replace(PROTOCOL, decide=name)) for seed, name in enumerate(BEST)}


@pytest.fixture
def decided(store: Store) -> Store:
    claims = (
        take(store, *jobs().values()) if store.add_benchmark("small", {}, labelled(*jobs().values())) is None else []
    )
    epochs = [(claim, epoch) for claim in claims for epoch in (1, 2, 3)]
    values = {epoch: {name: curve[epoch - 1] for name, curve in CURVES.items()} for epoch in (1, 2, 3)}
    store.write([EpochRows(claim.run_id, epoch, values[epoch]) for claim, epoch in epochs], claims=claims)
    store.finish([Finished(run_id=each.run_id, seconds=1.0, epochs=3) for each in claims], claims=claims)
    return store


def best_epochs(store: Store) -> dict[int, int]:
    frame = store.cells("small")
    return dict(zip(frame["seed"], frame["best_epoch"], strict=True))


def test_the_lowest_error_or_the_highest_r2_decides(decided: Store):
    assert best_epochs(decided) == dict(enumerate(BEST.values()))


def test_further_metrics_are_columns_when_asked_for(decided: Store):
    frame = decided.cells("small", metrics=["r2"])
    assert frame["val_r2"].tolist() == [0.1, 0.5, 0.9]
    assert frame["test_r2"].isna().all()
    assert "val_r2" not in decided.cells("small")


def test_a_sweep_is_judged_at_the_epoch_that_counts(decided: Store):
    scores = decided.scores({each.key: "c0" for each in jobs().values()}, "val/rmse")
    assert [scores[each.key].value for each in jobs().values()] == [0.1, 0.3, 0.2]


def test_a_distilled_export_and_a_folder_cut_to_its_best_epochs_keep_the_epoch_that_counts(
    decided: Store, tmp_path: Path
):
    export(decided, tmp_path / "cut", part=DISTILLED)
    export(decided, tmp_path / "whole")
    with Store.open(tmp_path / "copy.db") as copy:
        import_(copy, tmp_path / "cut")
        assert best_epochs(copy) == dict(enumerate(BEST.values()))
    with opened(tmp_path / "whole", DISTILLED) as (copy, _):
        assert best_epochs(copy) == dict(enumerate(BEST.values()))


def test_the_key_of_a_job_with_the_usual_metric_is_what_it_was():
    assert job().key == jobs()["val/rmse"].key
    assert "decide" not in job().config()["protocol"]
    assert len({each.key for each in jobs().values()}) == 3
