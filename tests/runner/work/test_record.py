"""The best epoch of a run, by the metric that its protocol names, and the definition of divergence."""

import math
from dataclasses import replace

import numpy as np

from regbench.runner.work.record import Record
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
