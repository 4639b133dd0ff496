"""Test rows of a run as they are resampled: its predictions from the store, and the targets from the data."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from regbench import analysis, catalog, data
from regbench.campaign.kept import kept_rows
from regbench.job import Job
from regbench.store import EpochRows, Finished, Store
from tests.made.jobs import make_job

DATASET = "synthetic_crescent"  # made by a formula, so it is here on every machine
NOISE = {"lsq": 0.1, "soft_binning": 0.09}


def predicted(job: Job, y: np.ndarray) -> np.ndarray:
    """Each method has rows that are hard for it, whatever the seed."""
    hard, own = (np.random.default_rng([number, len(job.method)]).standard_normal(y.shape) for number in (9, job.seed))
    return (y + NOISE[job.method] * (hard + 0.1 * own)).astype(np.float32)


@pytest.fixture
def store(tmp_path: Path):
    dataset = catalog.load("datasets", DATASET)
    y = data.prepare(data.load(dataset, DATASET)).y_test
    jobs = [
        replace(make_job(method, k=25, seed=seed), dataset=DATASET, digest=dataset.digest)
        for method in NOISE
        for seed in range(3)
    ]
    by_key = {job.key: job for job in jobs}
    with Store.open(tmp_path / "results.db") as opened:
        opened.add_benchmark("made", {}, [(job, job.method) for job in jobs])
        claims = opened.claim(dict.fromkeys(by_key, "code"), owner="t", lease_s=60, environment={}, device="cpu")
        rows, finished = [], []
        for claim in claims:
            guess = predicted(by_key[claim.key], y)
            error = float(np.sqrt(((guess.astype(float) - y) ** 2).mean()))
            rows.append(EpochRows(claim.run_id, 1, {"val/rmse": error, "test/rmse": error}))
            finished.append(Finished(claim.run_id, seconds=1.0, epochs=1, predictions={"test": guess}))
        opened.write(rows, claims=claims)
        opened.finish(finished, claims=claims)
        yield opened


def test_kept_predictions_of_a_database_become_part_of_the_interval(store: Store) -> None:
    cells = store.cells("made")
    with_rows = analysis.compare(cells, "soft_binning", "lsq", kept=kept_rows(store))
    without = analysis.compare(cells, "soft_binning", "lsq")
    assert with_rows.rows_resampled
    assert with_rows.split == ("fixed",)
    assert (with_rows.datasets[0].low or 0) < (without.datasets[0].low or 0)


def test_targets_of_other_data_than_the_runs_are_not_used(store: Store) -> None:
    cells = store.cells("made").assign(digest="sha256:another")
    assert not analysis.compare(cells, "soft_binning", "lsq", kept=kept_rows(store)).rows_resampled
