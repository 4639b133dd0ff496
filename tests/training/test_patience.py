"""Early stopping: jobs stop by their own numbers, and neither a pack nor an interruption changes anything."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from regbench import kinds
from regbench.training.checkpoint import State
from regbench.training.patience import Waiting
from tests.made.data_samples import prepared
from tests.made.jobs import make_job

EPOCHS = 12


def jobs(patience=1):
    """Some of these stop early, at different epochs, and some do not."""
    usual = {"epochs": EPOCHS, "patience": patience, "schedule": "constant"}
    rates = [1e-3, 0.3, 0.1, 1.0, 3e-2]
    methods = ["lsq", "lsq", "soft_binning", "lsq", "l1"]
    return [
        make_job(method, k=9, seed=place % 2, learning_rate=rate, **usual)
        for place, (method, rate) in enumerate(zip(methods, rates, strict=True))
    ]


def begin(some, states=None):
    return kinds.of("lsq").begin(some, prepared(150), "cpu", states)


@cache
def curves(patience=1):
    """The values of each job up to its last epoch: {name: [epoch 1, ...]}."""
    found = [{} for _ in jobs()]
    for epoch in begin(jobs(patience)):
        for row, curve in enumerate(found):
            if row not in epoch.ended:
                for name, values in epoch.values.items():
                    curve.setdefault(name, []).append(values[row])
    return found


def lengths(patience=1):
    return [len(curve["val/rmse"]) for curve in curves(patience)]


def test_it_stops_after_so_many_epochs_without_a_better_one():
    assert len(set(lengths())) > 2
    for curve, length in zip(curves(), lengths(), strict=True):
        rmse = np.array(curve["val/rmse"])
        waited = [epoch - int(rmse[: epoch + 1].argmin()) for epoch in range(length)]
        assert max(waited[:-1]) < 1
        assert waited[-1] == 1 or length == EPOCHS


def test_epochs_are_those_without_patience_as_far_as_they_go():
    whole = list(begin(jobs(patience=0)))
    assert len(whole) == EPOCHS
    for row, (curve, length) in enumerate(zip(curves(), lengths(), strict=True)):
        for name, values in curve.items():
            np.testing.assert_array_equal(values, [epoch.values[name][row] for epoch in whole[:length]])


def test_with_as_much_patience_as_epochs_nothing_stops():
    assert lengths(patience=EPOCHS) == [EPOCHS] * len(jobs())


def test_a_job_alone_stops_where_it_does_in_a_pack_with_the_same_bits():
    for row, job in enumerate(jobs()):
        alone = list(begin([job]))
        assert len(alone) == lengths()[row]
        for name, values in curves()[row].items():
            np.testing.assert_array_equal(values, [epoch.values[name][0] for epoch in alone])


@pytest.mark.parametrize("after", [1, 2, 4])
def test_it_goes_on_bit_for_bit_after_an_interruption(after):
    """Even after half of the jobs have stopped and the others go on as a smaller pack."""
    begun = begin(jobs())
    for epoch in begun:
        if epoch.number == after:
            break
    states = [State.from_bytes(State(after, arrays).to_bytes()) for arrays in begun.state()]
    rest = list(begin(jobs(), states))
    assert after + len(rest) == max(lengths())
    for epoch in rest:
        for row, length in enumerate(lengths()):
            assert (row in epoch.ended) == (epoch.number > length)
            for name, values in epoch.values.items():
                expected = curves()[row][name][epoch.number - 1] if epoch.number <= length else np.nan
                np.testing.assert_array_equal(values[row], expected)


def test_where_all_have_stopped_nothing_is_left_to_train():
    begun = begin(jobs()[1:2])
    for _ in begun:
        pass
    states = [State(lengths()[1], arrays) for arrays in begun.state()]
    assert list(begin(jobs()[1:2], states)) == []


def test_a_diverged_job_stops_too():
    wild = make_job(learning_rate=1e30, clip=0.0, epochs=EPOCHS, patience=2)
    assert len(list(begin([wild, make_job(epochs=EPOCHS, patience=EPOCHS)]))) == EPOCHS
    assert len(list(begin([wild]))) <= 4


def test_the_deciding_metric_decides():
    """By the mean absolute error or by a score of the distribution, with the direction that is better."""
    for decide in ("val/mae", "val/crps", "val/r2"):
        job = replace(jobs()[2], protocol=replace(jobs()[2].protocol, decide=decide))
        epochs = list(begin([job]))
        values = [{**each.looks[0].diagnostics, **{n: v[0] for n, v in each.values.items()}}[decide] for each in epochs]
        best = int(np.argmax(values) if decide == "val/r2" else np.argmin(values))
        assert len(epochs) - 1 - best == 1 or len(epochs) == EPOCHS


def test_equal_values_are_not_better():
    waiting = Waiting()
    for epoch, loss in enumerate([0.5, 0.5, float("nan"), 0.4, 0.4, 0.6, 0.3], 1):
        waiting.see(epoch, loss, patience=3)
    assert (waiting.epoch, waiting.last) == (7, 0)
    waiting = Waiting()
    for epoch, loss in enumerate([0.5, 0.5, 0.5], 1):
        waiting.see(epoch, loss, patience=2)
    assert (waiting.epoch, waiting.last) == (1, 3)
