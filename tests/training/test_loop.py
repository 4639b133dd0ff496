"""The training loop: the same numbers as a plain PyTorch loop, whatever else is in the pack."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from regbench import catalog
from regbench.data import prepare
from regbench.metrics.mae import mae
from regbench.metrics.rmse import rmse
from regbench.random import Stream
from regbench.tasks.resident import Resident
from regbench.training import loop
from regbench.training.dropout import DRAWS, Dropout
from regbench.training.loop import Training
from regbench.training.optim import one_cycle
from regbench.training.pack import build
from regbench.types import Method, Params
from tests.made.data_samples import images, prepared, table
from tests.made.jobs import make_job

METHODS = catalog.names("methods")
every_method = pytest.mark.parametrize("method", METHODS)


def last_epoch(jobs, data, dtype=torch.float64):
    """The values of the last epoch, by job."""
    epochs = list(Training(jobs, data, dtype=dtype))
    return {job: {name: value[row] for name, value in epochs[-1].values.items()} for row, job in enumerate(jobs)}


def ours(method):
    return make_job(method, k=5, seed=1, dropout=0.2)


@cache  # one pack serves the tests of all methods: each meets every other
def in_company():
    others = [
        make_job(name, k=k, seed=seed, learning_rate=1e-2)
        for place, name in enumerate(METHODS)
        for k, seed in [(5, 1), (9, 0)][: 1 + place % 2]
    ]
    return last_epoch([*others[:7], *map(ours, reversed(METHODS)), *others[7:]], prepared(150))


@every_method
def test_a_job_does_not_notice_its_pack(method):
    """The same job gives the same numbers alone and among other seeds, ks, rates and methods, in another order."""
    alone = last_epoch([ours(method)], prepared(150))[ours(method)]
    assert in_company()[ours(method)] == pytest.approx(alone, rel=1e-9)


def test_threshold_accuracy_is_measured_where_targets_are_positive():
    content = table(150)
    data = prepare(replace(content, y=content.y - content.y.min() + 1), targets="raw")
    found = last_epoch([ours("lsq")], data)[ours("lsq")]
    assert 0 <= found["val/delta1"] <= 1
    assert "val/delta1" not in in_company()[ours("lsq")]


def wide(method):
    return make_job(method, k=5, seed=1, width=32)


@cache
def in_wide_company():
    others = [make_job(name, k=(9, 25)[place % 2], seed=2, width=32) for place, name in enumerate(METHODS)]
    return last_epoch([*others, *map(wide, METHODS)], prepared(150), torch.float32)


@every_method
def test_in_single_precision_a_job_is_bit_for_bit_the_same_in_every_pack(method):
    """On a CPU: no product, sum or mask of a job is rounded differently because of other jobs."""
    assert in_wide_company()[wide(method)] == last_epoch([wide(method)], prepared(150), torch.float32)[wide(method)]


def test_an_image_job_does_not_notice_its_pack():
    data = prepare(images(60, size=8))
    jobs = [make_job(name, seed=seed, batch_size=16, epochs=2) for name in ("lsq", "end2end") for seed in (0, 1)]
    jobs = [as_cnn(each) for each in jobs]
    alone = {each: last_epoch([each], data)[each] for each in jobs}
    packed = last_epoch(jobs, data)
    for each in jobs:
        assert packed[each] == pytest.approx(alone[each], rel=1e-9)


def as_cnn(job):
    from dataclasses import replace

    return replace(job, backbone="cnn", options=(("width", 16),))


def test_the_numbers_are_those_of_the_loop_a_researcher_writes():
    """lsq with dropout against nn.Module, Adam, OneCycleLR and clip_grad_norm_; same start, rows and masks."""
    data = prepared(170)
    one = make_job("lsq", seed=3, batch_size=32, epochs=4, learning_rate=1e-2, weight_decay=1e-3)
    model = build([one], data, torch.device("cpu"), torch.float64)
    network = torch.nn.Sequential(
        torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 16), torch.nn.ReLU(), torch.nn.Linear(16, 1)
    ).double()
    start = [model.trunk.views[name][0] for name in ("0.weight", "0.bias", "1.weight", "1.bias")]
    start += [model.heads[0].linear.views[name][0] for name in ("weight", "bias")]
    for parameter, value in zip(network.parameters(), start, strict=True):
        parameter.data = (
            value.clone().T.contiguous() if value.shape[0] > 1 else value.clone().T.reshape(parameter.shape)
        )
    x, y = torch.from_numpy(data.x_train).double(), torch.from_numpy(data.y_train).double()
    steps = len(x) // 32
    optimiser = torch.optim.Adam(network.parameters(), lr=1e-2, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1e-2, total_steps=4 * steps, cycle_momentum=False)
    dropout = masks_of([one])
    epochs = list(Training([one], data, dtype=torch.float64))
    for epoch in range(4):
        order = Stream.named(3, "order").child(epoch).permutation(len(x))
        losses = []
        for batch in range(steps):
            rows = order[batch * 32 : (batch + 1) * 32]
            masks = [each.stacked()[0] for each in dropout.masks(dropout.epoch(epoch * steps + batch, 1)[0])]
            h = network[1](network[0](x[rows])) * masks[0]
            h = network[3](network[2](h)) * masks[1]
            loss = (network[4](h) - y[rows]).square().sum(1).mean()
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        with torch.no_grad():
            predicted = network(torch.from_numpy(data.x_val).double())
        error = predicted - torch.from_numpy(data.y_val)
        assert epochs[epoch].values["val/rmse"][0] == pytest.approx(error.square().mean().sqrt().item(), rel=1e-9)
        assert epochs[epoch].values["val/mae"][0] == pytest.approx(error.abs().mean().item(), rel=1e-9)
        assert epochs[epoch].values["train/loss"][0] == pytest.approx(np.mean(losses), rel=1e-9)
        np.testing.assert_allclose(epochs[epoch].predictions["val"][0], predicted.numpy(), rtol=1e-5)


@cache
def errors_after_twenty_epochs():
    jobs = [make_job(name, k=9, epochs=20, learning_rate=1e-2, width=32, dropout=0.0) for name in METHODS]
    return {job.method: values["test/rmse"] for job, values in last_epoch(jobs, prepared(600), torch.float32).items()}


@every_method
def test_every_method_learns(method):
    """After twenty epochs it is well below a constant, whose RMSE is the targets' standard deviation."""
    assert errors_after_twenty_epochs()[method] < 0.6 * prepared(600).y_test.std()


@pytest.mark.parametrize("targets", [2, 3])
def test_targets_of_several_dimensions_train(targets):
    data = prepared(150, targets=targets)
    (_, last) = Training([make_job(name, k=5, epochs=2) for name in METHODS], data)
    assert last.predictions["val"].shape == (len(METHODS), len(data.y_val), targets)
    assert not [name for name, error in zip(METHODS, last.values["test/rmse"], strict=True) if not np.isfinite(error)]


def masks_of(jobs, *, rows=32, width=16):
    return Dropout(jobs, [width, width], rows=rows, device=torch.device("cpu"), dtype=torch.float64)


def test_jobs_of_one_seed_and_rate_drop_the_same_units_and_others_do_not():
    jobs = [make_job(seed=0), make_job("end2end", seed=0), make_job(seed=1), make_job(seed=0, dropout=0.5)]
    dropout = masks_of(jobs)
    layers = [each.stacked() for each in dropout.masks(dropout.epoch(0, 1)[0])]
    assert torch.equal(layers[0][0], layers[0][1])
    assert not torch.equal(layers[0][0], layers[0][2])
    assert not torch.equal(layers[0][0], layers[1][0])
    assert (layers[0][0] == 0)[layers[0][3] == 0].float().mean() < 1  # a higher rate drops more
    assert ((layers[0][3] == 0) >= (layers[0][0] == 0)).all()  # and all that the lower one drops


def test_masks_are_applied_job_by_job_as_they_are_stacked():
    jobs = [make_job(seed=seed) for seed in (1, 0, 1)]
    dropout = masks_of(jobs)
    keep = dropout.masks(dropout.epoch(5, 1)[0])[0]
    h = Stream.named(0, "h").normal(3, 32, 16)
    assert torch.equal(keep.apply_(h.clone()), h * keep.stacked())


def test_masks_do_not_depend_on_where_an_epoch_begins():
    dropout = masks_of([make_job()])
    assert torch.equal(dropout.epoch(0, 6)[4:], dropout.epoch(4, 2))


@pytest.mark.parametrize(("rate", "expected"), [(0.3, 77 / 256), (0.5, 0.5), (0.0, 0.0)])
def test_dropout_drops_the_expected_fraction_and_keeps_the_mean(rate, expected):
    dropout = masks_of([make_job(dropout=rate)], rows=512, width=64)
    keep = torch.stack([each.stacked() for keys in dropout.epoch(0, 4) for each in dropout.masks(keys)])
    dropped = (keep == 0).double().mean().item()
    assert dropped == pytest.approx(expected, abs=4 * (expected * (1 - expected) / keep.numel()) ** 0.5)
    assert keep.unique().tolist() == pytest.approx([0, 1 / (1 - expected)] if rate else [1])


def test_the_default_rate_is_the_nearest_that_a_byte_can_give():
    assert round(DRAWS * 0.3) / DRAWS == pytest.approx(0.3, abs=1 / 512)


def test_a_job_that_diverges_says_so_and_its_neighbours_do_not_notice():
    data = prepared(150)
    calm, wild = make_job(seed=0), make_job(seed=0, learning_rate=1e30, clip=1e30)
    both = last_epoch([wild, calm], data, torch.float32)
    assert np.isnan(both[wild]["test/rmse"])
    assert both[calm] == pytest.approx(last_epoch([calm], data, torch.float32)[calm], rel=1e-5)


def test_a_method_that_vmap_refuses_is_run_model_by_model_with_the_same_numbers(monkeypatch):
    def refused(params, batch, hparams):
        error = (batch.y - batch.prediction).square().sum(-1)
        return error if float(error.detach().sum()) >= 0 else -error  # float() is what vmap refuses

    ours = catalog.load("methods", "lsq")
    stubborn = Method(
        outputs=ours.outputs, init=ours.init, loss=refused, predict=ours.predict, uses_k=False, reference="a test"
    )
    data, jobs = prepared(150), [make_job(seed=seed) for seed in (0, 1)]
    expected = last_epoch(jobs, data)
    monkeypatch.setattr(
        "regbench.training.pack.catalog.load", lambda kind, name: stubborn if kind == "methods" else LOAD(kind, name)
    )
    model = build(jobs, data, torch.device("cpu"), torch.float64)
    next(loop.optimise(model, Resident.of(data, torch.device("cpu"), torch.float64)))
    assert model.heads[0].head.looped
    looped = last_epoch(jobs, data)
    for each in jobs:
        assert looped[each] == pytest.approx(expected[each], rel=1e-12)


LOAD = catalog.load


def test_a_method_may_draw_random_numbers_and_look_at_rows_and_progress(monkeypatch):
    def noisy(params: Params, batch, hparams):
        noise = batch.stream.child("noise").normal(len(batch.y), dtype=batch.y.dtype)
        return (batch.y - batch.prediction + 0.01 * batch.progress * noise[:, None]).square().sum(-1) + 0 * batch.rows

    ours = catalog.load("methods", "lsq")
    method = Method(
        outputs=ours.outputs, init=ours.init, loss=noisy, predict=ours.predict, uses_k=False, reference="a test"
    )
    monkeypatch.setattr(
        "regbench.training.pack.catalog.load", lambda kind, name: method if kind == "methods" else LOAD(kind, name)
    )
    data, jobs = prepared(150), [make_job(seed=seed) for seed in (0, 1)]
    alone = last_epoch(jobs[:1], data)[jobs[0]]
    assert last_epoch(jobs, data)[jobs[0]] == pytest.approx(alone, rel=1e-9)


def test_metrics_are_their_definitions_over_rows_and_dimensions():
    prediction, y = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]]), torch.tensor([[0.0, 2.0], [3.0, 1.0]])
    assert rmse(prediction, y).item() == pytest.approx((10 / 4) ** 0.5)
    assert mae(prediction, y).item() == pytest.approx(1.0)


def test_the_schedule_ends_with_the_training():
    job = make_job(epochs=2)
    assert one_cycle(job.protocol, 10)[-1] == pytest.approx(1 / 25 / 1e4)


def test_a_loss_that_looks_at_the_features_moves_them(monkeypatch):
    """As for regularisers: the gradient through z itself is added to the one through the outputs."""

    def shrinking(params: Params, batch, hparams):
        return (batch.y - batch.prediction).square().sum(-1) + 10.0 * batch.z.square().mean(-1)

    ours = catalog.load("methods", "lsq")
    method = Method(
        outputs=ours.outputs, init=ours.init, loss=shrinking, predict=ours.predict, uses_k=False, reference="a test"
    )
    monkeypatch.setattr(
        "regbench.training.pack.catalog.load", lambda kind, name: method if kind == "methods" else LOAD(kind, name)
    )
    data, one = prepared(150), make_job(dropout=0.0)
    model = build([one], data, torch.device("cpu"), torch.float64)
    head = model.heads[0]
    z, y = Stream.named(0, "z").normal(1, 32, 16), Stream.named(0, "y").normal(1, 32, 1)
    batch = {"y": y, "rows": torch.arange(32)[None], "key": torch.tensor([0]), "progress": torch.tensor(0.0)}
    dz, (dweight, dbias), _, loss = head.head.step(z, head.linear.views, head.trained_views, batch)
    z.requires_grad_()
    weight, bias = (head.linear.views[name].clone().requires_grad_() for name in ("weight", "bias"))
    whole = ((y - (z @ weight + bias)).square().sum(-1) + 10.0 * z.square().mean(-1)).mean()
    for given, expected in zip((dz, dweight, dbias), torch.autograd.grad(whole, (z, weight, bias)), strict=True):
        torch.testing.assert_close(given, expected)
    assert loss.item() == pytest.approx(whole.item())
