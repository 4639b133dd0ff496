"""A backbone with buffers in the training: neighbours do not change it, and it resumes bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from regbench.data import Table, prepare
from regbench.training.checkpoint import State
from regbench.training.loop import Training
from tests.made.data_samples import images
from tests.made.jobs import make_job, with_parts

OPTIONS = (("layers", "1-1"), ("weights", ""), ("width", 4))


def on_disk(rows: int = 50):
    table = images(rows, size=10)
    y = np.where(table.y > 2, 30.0, 5.0 + table.y)
    return prepare(Table(x=table.x, y=y, parts=table.parts, task="images", shots="ages"), targets="raw")


def as_resnet(job):
    return replace(job, backbone="resnet50", options=OPTIONS)


def jobs():
    usual = {"batch_size": 8, "epochs": 3, "dropout": 0.0, "targets": "raw", "decide": "val/mae"}
    one = as_resnet(make_job("l1", **usual))
    return [one, as_resnet(with_parts(make_job("l1", seed=1, **usual), "multi_target"))]


def test_it_goes_on_bit_for_bit_after_a_stop():
    data = on_disk()
    whole = list(Training(jobs(), data))
    begun = Training(jobs(), data)
    next(iter(begun))
    states = [State.from_bytes(State(1, arrays).to_bytes()) for arrays in begun.state()]
    assert any(name.startswith("buffers/") for name in states[0].arrays)
    rest = list(Training(jobs(), data, states=states))
    assert [epoch.number for epoch in rest] == [2, 3]
    for one, other in zip(whole[1:], rest, strict=True):
        for name, values in one.values.items():
            np.testing.assert_array_equal(values, other.values[name])


def test_a_job_alone_has_the_numbers_that_it_has_in_a_pack():
    data = on_disk()
    both = list(Training(jobs(), data))
    for place, job in enumerate(jobs()):
        for one, other in zip(both, Training([job], data), strict=True):
            for name, values in other.values.items():
                np.testing.assert_array_equal(one.values[name][place], values[0])


def test_running_statistics_approach_those_of_the_images():
    data = on_disk()
    training = Training(jobs(), data)
    start = {name: tensor.clone() for name, tensor in training.model.buffers.items()}
    list(training)
    assert all(not torch.equal(start[name], tensor) for name, tensor in training.model.buffers.items())


@pytest.mark.parametrize("part", ["val", "test"])
def test_the_errors_over_shots_add_up_to_the_error_over_all_rows(part):
    data = on_disk()
    (epoch, *_) = Training(jobs(), data)
    counts = np.bincount(data.shots[part], minlength=3)
    shots = [epoch.values[f"{part}/{shot}/mae"] for shot in ("many", "median", "few")]
    total = sum(count * np.nan_to_num(error) for count, error in zip(counts, shots, strict=True))
    np.testing.assert_allclose(total / counts.sum(), epoch.values[f"{part}/mae"], rtol=1e-12)
    assert [bool(np.isnan(error).all()) for error in shots] == [count == 0 for count in counts]
    assert f"{part}/few/gme" in epoch.values
    assert f"{part}/few/r2" not in epoch.values
