"""Maps as targets in the training: pixels are rows, neighbours do not change a job, and it resumes bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from regbench import catalog
from regbench.metrics.shots import SHOTS
from regbench.random import Stream
from regbench.training.checkpoint import State
from regbench.training.loop import Training, optimise
from regbench.training.pack import build
from regbench.training.pixels import drawn, enlarged, mean_over
from regbench.training.step import Inputs, gradients
from regbench.types import Batch
from tests.made import rooms
from tests.made.jobs import make_job, with_parts

OPTIONS = (("layers", "1-1"), ("weights", ""), ("width", 4))
USUAL = {"batch_size": 4, "epochs": 3, "dropout": 0.0, "targets": "raw", "clip": 0.0, "pixels": 60}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rooms")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGBENCH_CACHE", str(folder / "cache"))
        return rooms.imported(rooms.make(folder / "data"))


def job(method="lsq", *parts, seed=0, **settings):
    protocol = {name: settings.pop(name) for name in list(settings) if name not in ("points", "variant", "m")}
    made = make_job(method, seed=seed, **{**USUAL, **protocol})
    made = replace(made, backbone="resnet50_depth", options=OPTIONS)
    return with_parts(made, *parts, **settings) if parts else made


def jobs():
    return [job(), job("lsq", "multi_target", "rot", seed=1, points=20), job("soft_binning", seed=1)]


def test_it_goes_on_bit_for_bit_after_a_stop(data):
    whole = list(Training(jobs(), data))
    begun = Training(jobs(), data)
    next(iter(begun))
    states = [State.from_bytes(State(1, arrays).to_bytes()) for arrays in begun.state()]
    rest = list(Training(jobs(), data, states=states))
    assert [epoch.number for epoch in rest] == [2, 3]
    for one, other in zip(whole[1:], rest, strict=True):
        for name, values in one.values.items():
            np.testing.assert_array_equal(values, other.values[name])


def test_a_job_alone_has_the_numbers_that_it_has_in_a_pack(data):
    together = list(Training(jobs(), data))
    for place, each in enumerate(jobs()):
        for one, other in zip(together, Training([each], data), strict=True):
            for name, values in other.values.items():
                np.testing.assert_allclose(one.values[name][place], values[0], rtol=2e-3, err_msg=name)


def test_it_learns_depth(data):
    few = [job(learning_rate=3e-3, epochs=12, schedule="constant")]
    epochs = list(Training(few, data))
    constant = float(np.sqrt(np.mean((data.y_test - data.y_train.mean()) ** 2)))
    assert min(float(epoch.values["val/rmse"][0]) for epoch in epochs) < 0.8 * constant


def test_the_test_images_decide_and_are_evaluated_once(data):
    (epoch, *_) = Training(jobs(), data)
    for name, values in epoch.values.items():
        if name.startswith("val/"):
            np.testing.assert_array_equal(values, epoch.values[f"test/{name.removeprefix('val/')}"])
    assert epoch.predictions["test"].shape == (3, *data.y_test.shape)
    assert {"val/mse/1", "test/mse/8"} <= set(epoch.looks[1].diagnostics)


def test_the_errors_over_shots_add_up_to_the_error_over_all_pixels(data):
    (epoch, *_) = Training(jobs(), data)
    counts = np.bincount(data.shots["test"], minlength=3)
    assert counts.sum() == len(data.y_test)
    shots = [epoch.values[f"test/{shot}/rmse"] ** 2 for shot in SHOTS]
    total = sum(count * np.nan_to_num(error) for count, error in zip(counts, shots, strict=True))
    np.testing.assert_allclose(np.sqrt(total / counts.sum()), epoch.values["test/rmse"], rtol=1e-9)
    assert {f"test/{shot}/delta1" for shot in SHOTS} <= set(epoch.values)


def test_a_step_has_the_gradients_of_the_mean_squared_error_of_known_pixels(data):
    model = build([job()], data, torch.device("cpu"), torch.float64)
    training = Training([job()], data, dtype=torch.float64)
    rows = torch.tensor([[2, 0, 1, 7]])
    keys = torch.tensor([5])
    inputs = Inputs(rows, torch.zeros(0, 1), keys, keys, torch.tensor(0.0).double(), torch.zeros(3))
    losses = gradients(model, training.data, torch.tensor([0]), [], inputs)
    block = training.data.batch(rows, Stream(keys))
    (part,) = model.heads
    weight, bias = (part.linear.views[name][0].clone().requires_grad_() for name in ("weight", "bias"))
    z, _ = model.backbone.forward({**model.trunk.views, **model.buffers}, block.x, [], model.options)
    outputs = torch.nn.functional.conv2d(z[0].movedim(-1, 1), weight, bias[0], padding=2)[:, 0]
    assert block.mask is not None
    known = block.mask[0]
    assert known.any()
    loss = ((outputs - block.y[0, ..., 0]) ** 2)[known].mean()
    torch.testing.assert_close(losses[0], loss.detach())
    for name, gradient in zip(("weight", "bias"), torch.autograd.grad(loss, [weight, bias]), strict=True):
        torch.testing.assert_close(part.linear.gradient_views[name][0], gradient)


@pytest.mark.parametrize("name", [name for name in catalog.names("regularizers") if name != "fds"])  # refused on maps
def test_every_regularizer_sees_drawn_pixels(name, data):
    model = build([job("lsq", name), job("lsq", name, seed=1)], data, torch.device("cpu"))
    task = Training([job()], data).data
    (losses, *_) = optimise(model, task)
    assert losses.isfinite().all()


@pytest.mark.parametrize("name", catalog.names("methods"))
def test_every_method_learns_pixels(name, data):
    (epoch, *_) = Training([job(name, epochs=1, targets="scaled")], data)
    assert np.isfinite(epoch.values["train/loss"]).all()
    assert epoch.predictions["test"].shape == (1, *data.y_test.shape)


def test_features_of_pixels_are_measured_and_kept(data):
    (epoch,) = Training([job(epochs=1, measure_features=(1,), keep_features=(1,))], data)
    assert {"test/spearman_euclidean", "test/volume_cosine"} <= set(epoch.looks[0].diagnostics)
    kept = epoch.arrays[0]
    assert kept["features"].shape == (len(kept["targets"]), 6)
    assert kept["weight"].shape == (25, 6)


def seen(rows=200):
    stream = Stream.named(0, "seen")
    y = torch.arange(rows, dtype=torch.float64)[:, None]
    return Batch(y, y, y, y.expand(rows, 3), torch.arange(rows), stream, torch.tensor(0.0))


def test_pixels_are_drawn_among_those_with_a_target_each_once():
    mask = torch.arange(200) % 3 == 0
    found = drawn(seen(), mask, 40)
    assert len(found.y) == 40
    assert len(set(found.y[:, 0].tolist())) == 40
    assert mask[found.rows].all()
    assert torch.equal(found.z, found.y.expand(40, 3))
    assert len(drawn(seen(), mask, 1000).y) == 200  # all of them, and some again
    assert set(drawn(seen(), mask, 1000).rows.tolist()) == set(torch.arange(0, 200, 3).tolist())


def test_a_mean_over_pixels_ignores_those_without_a_target():
    values = torch.tensor([1.0, torch.inf, 3.0])
    assert mean_over(values, torch.tensor([True, False, True])) == 2
    assert mean_over(values, torch.tensor([False, False, False])) == 0


def test_maps_are_enlarged_with_their_corners_in_the_corners():
    maps = torch.tensor([[0.0, 1.0], [2.0, 3.0]])[None, None, ..., None]
    whole = torch.ones(1, 3, 5, dtype=torch.bool)
    rows = enlarged(maps, whole).reshape(3, 5)
    expected = torch.linspace(0, 2, 3)[:, None] + torch.linspace(0, 1, 5)
    torch.testing.assert_close(rows, expected)
    some = torch.zeros(1, 3, 5, dtype=torch.bool)
    some[0, 2, 1:3] = True
    assert enlarged(maps, some)[0, :, 0].tolist() == [2.25, 2.5]
