"""The best epoch of a run, by the metric that its protocol names, and the definition of divergence."""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from regbench.runner.work.record import Record
from regbench.training.checkpoint import State
from regbench.training.diagnostics import Look
from regbench.training.loop import Epoch
from tests.made.jobs import make_job

CURVES = {"val/rmse": [0.3, 0.1, 0.2], "val/mae": [0.1, 0.3, 0.2], "val/r2": [0.5, math.nan, 0.9]}


def recorded(decide: str) -> Record:
    """One job of three epochs whose predictions are the number of the epoch."""
    job = make_job("lsq")
    record = Record([replace(job, protocol=replace(job.protocol, decide=decide))], [1])
    for number in (1, 2, 3):
        values = {name: np.array([curve[number - 1]]) for name, curve in CURVES.items()}
        record.add(Epoch(number, values, {"val": np.full((1, 2, 1), number)}, [Look({}, {})], 1.0))
    return record


def test_predictions_are_kept_of_the_epoch_that_counts():
    for decide, best in (("val/rmse", 2), ("val/mae", 1), ("val/r2", 3)):
        (finished,) = recorded(decide).results(0.0)
        assert finished.best_epoch == best
        assert finished.predictions["val"].tolist() == [[best], [best]]


def test_a_correlation_without_a_value_is_no_divergence():
    (finished,) = recorded("val/rmse").results(0.0)
    assert finished.diverged_at is None


def test_each_run_is_written_with_the_arrays_of_its_own_job():
    jobs = [make_job("lsq", seed=seed) for seed in range(2)]
    record = Record(jobs, [7, 8])
    values = {"val/rmse": np.array([0.1, 0.2])}
    weights: list[Mapping[str, np.ndarray]] = [{"weight": np.full((1, 2), seed)} for seed in range(2)]
    for number, arrays in ((1, []), (2, weights)):
        record.add(Epoch(number, values, {}, [Look({}, {})] * 2, 1.0, arrays))
    rows = record.take()
    first, second = ({row.run_id: row.arrays for row in rows if row.epoch == number} for number in (1, 2))
    assert first == {7: {}, 8: {}}
    assert {run: arrays["weight"].tolist() for run, arrays in second.items()} == {7: [[0, 0]], 8: [[1, 1]]}


def test_a_job_that_has_stopped_has_no_later_epochs_and_goes_on_having_none():
    """Through a checkpoint too, from which the others continue."""
    jobs = [make_job("lsq", seed=seed) for seed in range(2)]
    record = Record(jobs, [7, 8])

    def epoch(number: int, ended: frozenset[int]) -> Epoch:
        rmse = np.array([0.1 * number, np.nan if ended else 0.5])
        return Epoch(number, {"val/rmse": rmse}, {}, [Look({}, {})] * 2, 1.0, [], ended)

    for number, ended in ((1, frozenset[int]()), (2, frozenset({1}))):
        record.add(epoch(number, ended))
    states = [State.from_bytes(each.data) for each in record.checkpoints([{}, {}], 0.0, "here")]
    assert [state.epoch for state in states] == [2, 2]
    resumed = Record(jobs, [7, 8], states)
    resumed.add(epoch(3, frozenset({1})))
    rows = [(row.run_id, row.epoch) for row in (*record.take(), *resumed.take())]
    assert rows == [(7, 1), (8, 1), (7, 2), (7, 3)]
    assert [(end.epochs, end.best_epoch, end.diverged_at) for end in resumed.results(0.0)] == [
        (3, 1, None),
        (1, 1, None),
    ]
    assert record.take() == []
