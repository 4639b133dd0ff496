"""The step that CUDA captures: the same mathematics, with tensor inputs only, and no reading from the device."""

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from regbench import catalog
from regbench.data import prepare
from regbench.tasks.resident import Resident
from regbench.training.dropout import Dropout
from regbench.training.optim import adam_factors
from regbench.training.pack import build
from regbench.training.step import Captured, Inputs, Steps
from tests.made.data_samples import images, prepared
from tests.made.jobs import make_job
from tests.training.test_loop import as_cnn

CPU = torch.device("cpu")
ASKING = {torch.ops.aten._local_scalar_dense.default, torch.ops.aten.is_nonzero.default, torch.ops.aten.nonzero.default}


def steps_of(jobs, data, dtype=torch.float64):
    model = build(jobs, data, CPU, dtype)
    seeds = sorted({job.seed for job in model.jobs})
    whose = torch.tensor([seeds.index(job.seed) for job in model.jobs])
    dropout = Dropout(model.jobs, model.backbone.dropped(model.options), rows=16, device=CPU, dtype=dtype)
    return Steps(model, Resident.of(data, CPU, dtype), dropout, whose)


def inputs_of(steps, number):
    """What step `number` gets, at half the highest adam_factors."""
    model, seeds = steps.model, len(steps.dropout.seeds)
    rows = torch.arange(16).expand(seeds, 16) + number
    keys = torch.arange(len(model.jobs)) + number
    pace = adam_factors([0.5], number)[0].to(model.clip)
    return Inputs(rows, steps.dropout.epoch(number, 1)[0], keys[:1], keys, torch.tensor(0.1).to(model.clip), pace)


def packs():
    """Every method with two jobs, of which some differ in k: to trace a head takes longer than all steps."""
    tables = [
        make_job(name, k=k if name in ("soft_binning", "end2end") else 5, seed=seed, learning_rate=rate)
        for name in catalog.names("methods")
        for k, seed, rate in [(5, 0, 1e-2), (9, 1, 1e-3)]
    ]
    pictures = [as_cnn(make_job(name, seed=seed)) for name in ("lsq", "end2end") for seed in (0, 1)]
    return {"mlp": (tables, prepared(200)), "cnn": (pictures, prepare(images(60, size=8)))}


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_the_step_for_the_device_is_the_step_for_the_host(kind):
    jobs, data = packs()[kind]
    host, device = steps_of(jobs, data), steps_of(jobs, data)
    for number in (1, 2, 3):
        losses = host(inputs_of(host, number), 0.5, number)
        torch.testing.assert_close(device.on_device(inputs_of(device, number)), losses, rtol=1e-9, atol=1e-12)
    for ours, theirs in zip(device.model.segments, host.model.segments, strict=True):
        torch.testing.assert_close(ours.values, theirs.values, rtol=1e-9, atol=1e-12)
        torch.testing.assert_close(ours.second, theirs.second, rtol=1e-9, atol=1e-15)


class Asked(TorchDispatchMode):
    """Records operations that read a number from the device, or whose size depends on data."""

    def __init__(self):
        super().__init__()
        self.found = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func in ASKING:
            self.found.append(func)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_the_step_for_the_device_asks_it_for_nothing(kind):
    """Reading a value would break a capture; the host's step, which may read, shows that the test would detect it."""
    jobs, data = packs()[kind]
    steps = steps_of(jobs, data)
    steps.on_device(inputs_of(steps, 1))  # heads are traced at their first step
    with Asked() as device:
        steps.on_device(inputs_of(steps, 2))
    assert not device.found
    with Asked() as host:
        steps(inputs_of(steps, 3), 0.5, 3)
    assert host.found


def test_everything_a_step_is_given_is_read_from_where_it_was_first_given():
    """A graph replays with the addresses it was captured with: new values in old tensors must be all that matters."""
    jobs, data = packs()["mlp"]
    fresh, fed = steps_of(jobs, data), steps_of(jobs, data)
    held = Inputs(*(tensor.clone() for tensor in inputs_of(fed, 1)))
    for number in (1, 2, 3):
        for place, value in zip(held, inputs_of(fed, number), strict=True):
            place.copy_(value)
        assert torch.equal(fed.on_device(held), fresh.on_device(inputs_of(fresh, number)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("kind", ["mlp", "cnn"])
def test_a_captured_step_is_the_step_it_captured(kind):
    """On a GPU: the graph's steps against the CPU's, to rounding."""
    jobs, data = packs()[kind]
    host = steps_of(jobs, data)
    cuda = torch.device("cuda")
    model = build(jobs, data, cuda, torch.float64)
    dropout = Dropout(model.jobs, model.backbone.dropped(model.options), rows=16, device=cuda, dtype=torch.float64)
    steps = Steps(model, Resident.of(data, cuda, torch.float64), dropout, host.whose.to(cuda))
    assert isinstance(steps._captured, Captured)
    for number in (1, 2, 3):
        given = Inputs(*(tensor.to(cuda) for tensor in inputs_of(host, number)))
        losses = steps(given, 0.5, number).cpu()
        torch.testing.assert_close(losses, host(inputs_of(host, number), 0.5, number), rtol=1e-6, atol=1e-9)
