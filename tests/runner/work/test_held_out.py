"""Errors on held-out rows by whether training has seen their inputs: of the best epoch, whatever was interrupted."""

import numpy as np
import pytest

from regbench.data import Table, prepare
from regbench.runner.work.held_out import HeldOut
from regbench.runner.work.record import Record
from regbench.training.checkpoint import State
from regbench.training.diagnostics import Look
from regbench.training.loop import Epoch
from tests.made.jobs import make_job


@pytest.fixture
def held_out() -> HeldOut:
    """Every second input stands among the training rows."""
    x = np.arange(400.0)[:, None] % 300
    return HeldOut(prepare(Table(x=x, y=np.linspace(0, 1, 400)[:, None])))


def test_the_parts_give_the_whole(held_out):
    rng = np.random.default_rng(0)
    predictions = {part: rng.random(y.shape, dtype=np.float32) for part, y in held_out.y.items()}
    found = held_out.errors(predictions)
    for part, y in held_out.y.items():
        seen = held_out.seen[part]
        assert 0 < seen.sum() < len(seen)
        squared, absolute = (predictions[part] - y) ** 2, np.abs(predictions[part] - y)
        parts = {"seen": seen.sum(), "unseen": (~seen).sum()}
        whole = sum(found[f"{part}/{name}/rmse"] ** 2 * rows for name, rows in parts.items())
        assert whole == pytest.approx(squared.sum())
        assert found[f"{part}/unseen/mae"] == pytest.approx(absolute[~seen].mean())


def test_without_seen_rows_all_are_unseen():
    data = prepare(Table(x=np.arange(40.0)[:, None], y=np.arange(40.0)[:, None]))
    found = HeldOut(data).errors({"val": data.y_val + 1, "test": data.y_test + 1})
    assert found == pytest.approx(dict.fromkeys(found, 1.0))
    assert {name.split("/")[1] for name in found} == {"unseen"}


def test_they_are_of_the_best_epoch_and_survive_an_interruption(held_out):
    def epoch(number: int, error: float) -> Epoch:
        predictions = {part: (y + error)[None] for part, y in held_out.y.items()}
        return Epoch(number, {"val/rmse": np.array([error])}, predictions, [Look({}, {})], 1.0)

    job = make_job("lsq")
    record = Record([job], [1], held_out=held_out)
    for number, error in ((1, 0.3), (2, 0.1), (3, 0.2)):
        record.add(epoch(number, error))
    (checkpoint,) = record.checkpoints([{}], 1.0, "here")
    again = Record([job], [1], [State.from_bytes(checkpoint.data)], held_out)
    again.add(epoch(4, 0.4))
    for found in (record, again):
        (finished,) = found.results(1.0)
        assert finished.best_epoch == 2
        assert finished.errors["test/unseen/rmse"] == pytest.approx(0.1)
