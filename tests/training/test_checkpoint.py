"""Resuming a training: bit for bit as if it had never stopped."""

import pickle

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save

from regbench import catalog
from regbench.data import prepare
from regbench.training.checkpoint import State
from regbench.training.loop import Training
from tests.made.data_samples import images, prepared
from tests.made.jobs import make_job
from tests.training.test_loop import as_cnn

METHODS = catalog.names("methods")


def interrupted(jobs, data, stops, dtype=torch.float32):
    """All epochs of a training that is stopped after each of `stops` and resumed from bytes, as in a new process."""
    epochs, states = [], None
    for stop in [*stops, None]:
        training = Training(jobs, data, dtype=dtype, states=states)
        for epoch in training:
            epochs.append(epoch)
            if epoch.number == stop:
                break
        states = [State.from_bytes(State(training.epoch, arrays).to_bytes()) for arrays in training.state()]
    return epochs


def same(one, other):
    return [each.number for each in one] == [each.number for each in other] and all(
        np.array_equal(a.values[name], b.values[name], equal_nan=True)
        and np.array_equal(a.predictions["test"], b.predictions["test"])
        for a, b in zip(one, other, strict=True)
        for name in a.values
    )


def test_every_method_goes_on_bit_for_bit():
    data = prepared(200)
    jobs = [make_job(name, k=5, seed=seed, epochs=3) for name in METHODS for seed in (0, 1)]
    assert same(interrupted(jobs, data, [2]), list(Training(jobs, data)))


def test_images_go_on_bit_for_bit():
    data = prepare(images(60, size=8))
    jobs = [as_cnn(make_job(name, batch_size=16, epochs=3)) for name in ("lsq", "end2end")]
    assert same(interrupted(jobs, data, [1, 2]), list(Training(jobs, data)))


def test_a_job_goes_on_in_another_pack_with_the_same_numbers():
    """On a CPU even bit for bit, because there a job does not depend on its pack."""
    data = prepared(200)
    one, other = make_job("end2end", epochs=4), make_job("lsq", seed=1, epochs=4)
    whole = list(Training([other, one], data))
    begun = Training([other, one], data)
    for epoch in begun:
        if epoch.number == 2:
            break
    states = [State(2, begun.state()[1])]
    rest = list(Training([one], data, states=states))
    assert [each.number for each in rest] == [3, 4]
    for before, after in zip(whole[2:], rest, strict=True):
        assert {name: value[1] for name, value in before.values.items()} == {
            name: value[0] for name, value in after.values.items()
        }


def test_a_state_survives_its_bytes():
    arrays = {
        "a": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.float64(0.1).reshape(()),
        "empty": np.zeros((0, 2)),
    }
    state = State(7, arrays, {"best": None, "text": "é"})
    again = State.from_bytes(state.to_bytes())
    assert (again.epoch, again.facts) == (7, {"best": None, "text": "é"})
    assert all(
        np.array_equal(again.arrays[name], arrays[name]) and again.arrays[name].dtype == arrays[name].dtype
        for name in arrays
    )


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"else" + data])
def test_bytes_that_are_not_a_state_are_refused(damage):
    data = State(1, {"a": np.zeros(3)}).to_bytes()
    with pytest.raises(ValueError, match="not a training state"):
        State.from_bytes(damage(data))


@pytest.mark.parametrize("foreign", [b"", b"regbench-state-1" + bytes(80), pickle.dumps({}), save({"a": np.zeros(3)})])
def test_what_somebody_else_has_written_is_no_state(foreign):
    with pytest.raises(ValueError, match="not a training state"):
        State.from_bytes(foreign)


def test_others_can_read_a_state():
    """The bytes are a safetensors file."""
    assert load(State(7, {"a": np.arange(3)}).to_bytes())["a"].tolist() == [0, 1, 2]
