"""On a CPU models go one by one through the network; the numbers are those of the whole pack at once, bit for bit."""

from dataclasses import replace

import pytest
import torch

from regbench.random import RandomBytes, random_bytes
from regbench.training.depth import DepthFirst
from regbench.training.dropout import MaskBuffers
from regbench.training.step import gradients
from tests.made.data_samples import prepared
from tests.made.jobs import make_job
from tests.training.test_step import inputs_of, packs, steps_of


def unlike():
    """Jobs that differ in seed, in rate of dropout, or in neither."""
    some = [make_job("soft_binning", k=9, seed=seed) for seed in (0, 1)]
    other = [make_job("lsq", seed=seed) for seed in (1, 0)]
    rates = [
        replace(job, protocol=replace(job.protocol, dropout=rate)) for job, rate in zip(other, (0.1, 0.0), strict=True)
    ]
    return [*some, *other, *rates]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("jobs", [packs()["mlp"][0], unlike(), unlike()[:1]], ids=["every method", "unlike", "one"])
def test_one_by_one_gives_what_all_together_give(jobs, dtype):
    steps = steps_of(jobs, prepared(200), dtype)
    for number in (1, 2):
        inputs = inputs_of(steps, number)
        for ours, theirs in zip(one_by_one(steps, inputs), together(steps, inputs), strict=True):
            assert torch.equal(ours, theirs)
            assert ours.isfinite().all()


def together(steps, inputs):
    """Losses and all gradients of a step; whatever is not written would be NaN."""
    blank(steps)
    masks = steps.dropout.masks(inputs.mask_keys)
    losses = gradients(steps.model, steps.task, steps.whose, masks, inputs)
    return [losses, *(segment.gradients.clone() for segment in steps.model.segments)]


def one_by_one(steps, inputs):
    """The same, one model after the other."""
    blank(steps)
    losses = steps.depth_first(inputs.rows, inputs.mask_keys, inputs.loss_keys, inputs.progress)
    return [losses, *(segment.gradients.clone() for segment in steps.model.segments)]


def blank(steps):
    for segment in steps.model.segments:
        segment.gradients.fill_(torch.nan)


def test_a_step_on_a_cpu_goes_one_by_one():
    steps = steps_of(unlike(), prepared(200))
    assert isinstance(steps.depth_first, DepthFirst)
    expected = steps.depth_first
    inputs = inputs_of(steps, 1)
    losses = expected(inputs.rows, inputs.mask_keys, inputs.loss_keys, inputs.progress).clone()
    assert torch.equal(steps(inputs, 0.5, 1), losses)


def test_masks_of_one_kind_are_those_of_the_pack():
    steps = steps_of(unlike(), prepared(200))
    keys = steps.dropout.epoch(3, 1)[0]
    expected, one = steps.dropout.masks(keys), MaskBuffers(steps.dropout)
    for kind, (seed, _) in enumerate(steps.dropout.kinds):
        one.fill(kind, keys[:, steps.dropout.seeds.index(seed)])
        for layer, mask in enumerate(one.masks):
            assert torch.equal(mask, expected[layer].masks[kind])


def test_bytes_are_made_again_in_the_same_memory():
    again = RandomBytes(2, 21)
    for keys in (torch.tensor([3, -7]), torch.tensor([2**62, 1])):
        assert again(keys).tolist() == random_bytes(keys, 21).tolist()
