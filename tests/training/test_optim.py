"""The optimiser and the schedule equal torch's, for many jobs at once."""

import pytest
import torch

from regbench.job import Protocol
from regbench.training import chosen
from regbench.training.cosine import cosine
from regbench.training.optim import Segment, adam, adam_factors, adam_on_device, clip, clip_on_device, one_cycle


@pytest.mark.parametrize("steps", [10, 300, 1001])
def test_the_schedule_is_torchs_one_cycle(steps):
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.Adam([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=1.0, total_steps=steps, cycle_momentum=False)
    expected = []
    for _ in range(steps):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert one_cycle(Protocol(32, 0.0, 0.0), steps) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_the_shortest_schedules_are_finite_and_end_low(steps):
    rate_factors = one_cycle(Protocol(32, 0.0, 0.0), steps)
    assert len(rate_factors) == steps
    assert all(0 < rate_factor <= 1 for rate_factor in rate_factors)


def on_device(segments, rate_factor, step, *, decoupled=False):
    adam_on_device(segments, adam_factors([rate_factor], step)[0], decoupled=decoupled)


@pytest.mark.parametrize("optimiser_class", [torch.optim.Adam, torch.optim.AdamW])
@pytest.mark.parametrize(("shrink", "update"), [(clip, adam), (clip_on_device, on_device)])
def test_clipping_and_adam_are_torchs_job_by_job(shrink, update, optimiser_class):
    """Three jobs with their own limits, rates and decays against three torch optimisers over the same gradients."""
    generator = torch.Generator().manual_seed(0)
    shapes = {"a": (4, 3), "b": (1, 3), "scalar": ()}
    models = [
        {name: torch.randn(shape, generator=generator).double() for name, shape in shapes.items()} for _ in range(3)
    ]
    limits, rates_, decays = [0.5, 1e9, 1.0], [1e-2, 1e-3, 3e-3], [0.0, 1e-2, 1e-4]
    segment = Segment.of(
        models,
        jobs=slice(0, 3),
        learning_rate=torch.tensor(rates_, dtype=torch.float64)[:, None],
        weight_decay=torch.tensor(decays, dtype=torch.float64)[:, None],
    )
    theirs = [{name: torch.nn.Parameter(tensor.clone()) for name, tensor in model.items()} for model in models]
    optimisers = [
        optimiser_class(model.values(), lr=rate, weight_decay=decay)
        for model, rate, decay in zip(theirs, rates_, decays, strict=True)
    ]
    for step in range(1, 6):
        gradients = {name: torch.randn((3, *shape), generator=generator).double() for name, shape in shapes.items()}
        segment.put(gradients.values())
        shrink([segment], torch.tensor(limits, dtype=torch.float64))
        for optimiser, rate in zip(optimisers, rates_, strict=True):
            optimiser.param_groups[0]["lr"] = rate / step
        update([segment], 1 / step, step, decoupled=optimiser_class is torch.optim.AdamW)
        for row, (model, optimiser) in enumerate(zip(theirs, optimisers, strict=True)):
            for name, parameter in model.items():
                parameter.grad = gradients[name][row].clone()
            torch.nn.utils.clip_grad_norm_(model.values(), limits[row])
            optimiser.step()
    for row, model in enumerate(theirs):
        for name, parameter in model.items():
            torch.testing.assert_close(segment.views[name][row], parameter.detach(), rtol=1e-12, atol=1e-14)


def test_a_job_whose_gradient_is_not_finite_leaves_the_others_alone():
    models = [{"a": torch.ones(3).double()} for _ in range(2)]
    ones = torch.ones(2, 1).double()
    segment = Segment.of(models, jobs=slice(0, 2), learning_rate=0.1 * ones, weight_decay=0 * ones)
    segment.put([torch.tensor([[float("nan"), 1, 1], [1, 1, 1]]).double()])
    clip([segment], ones.squeeze(1))
    adam([segment], 1.0, 1)
    assert not segment.values[0].isfinite().any()
    assert segment.values[1].tolist() == pytest.approx([0.9] * 3)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("where", ["on_host", "on_device"])
def test_sgd_is_torchs_job_by_job_to_the_last_digits(where, momentum):
    generator = torch.Generator().manual_seed(0)
    shapes = {"a": (4, 3), "b": (1, 3), "scalar": ()}
    models = [
        {name: torch.randn(shape, generator=generator).double() for name, shape in shapes.items()} for _ in range(2)
    ]
    rates, decays = torch.tensor([[1e-2], [3e-3]]).double(), torch.tensor([[0.0], [1e-2]]).double()
    segment = Segment.of(models, jobs=slice(0, 2), learning_rate=rates, weight_decay=decays)
    ours = chosen.optimizer(Protocol(32, 0.0, 0.0, optimizer="sgd", momentum=momentum))
    theirs = [{name: torch.nn.Parameter(tensor.clone()) for name, tensor in model.items()} for model in models]
    optimisers = [
        torch.optim.SGD(model.values(), lr=1.0, momentum=momentum, weight_decay=float(decay))
        for model, decay in zip(theirs, decays, strict=True)
    ]
    for step in range(1, 6):
        gradients = {name: torch.randn((2, *shape), generator=generator).double() for name, shape in shapes.items()}
        segment.put(gradients.values())
        if where == "on_host":
            ours.on_host([segment], 1 / step, step)
        else:
            ours.on_device([segment], adam_factors([1 / step], step)[0])
        for row, (model, optimiser) in enumerate(zip(theirs, optimisers, strict=True)):
            optimiser.param_groups[0]["lr"] = float(rates[row]) / step
            for name, parameter in model.items():
                parameter.grad = gradients[name][row].clone()
            optimiser.step()
    for row, model in enumerate(theirs):
        for name, parameter in model.items():
            torch.testing.assert_close(segment.views[name][row], parameter.detach(), rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("steps", [1, 7, 300])
def test_the_cosine_schedule_is_torchs(steps):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=steps)
    expected = []
    for _ in range(steps):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    assert cosine(Protocol(32, 0.0, 0.0), steps) == pytest.approx(expected, abs=1e-12)
