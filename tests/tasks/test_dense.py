"""Images whose targets are maps: what a batch holds depends on seed, step and row, and image and map stay together."""

import numpy as np
import pytest
import torch

from regbench.random import Stream
from regbench.tasks.dense import MEAN, STD, Dense, coloured, normalised, turned
from tests.made import rooms

SIZE = (16, 24)
STILL = torch.eye(2)[None]
MIRRORED = torch.tensor([[[-1.0, 0.0], [0.0, 1.0]]])
CPU = torch.device("cpu")
X = Stream.named(0, "x").uniform(1, 3, 20, 28, dtype=torch.float32)
DEPTH = Stream.named(0, "y").uniform(1, 1, 20, 28, dtype=torch.float32)


@pytest.fixture
def task(tmp_path):
    return Dense.of(rooms.imported(rooms.make(tmp_path / "data")), CPU, torch.float32)


def streams(*seeds):
    return Stream(torch.stack([Stream.named(seed, "rows", 7).key for seed in seeds]))


def test_without_a_turn_it_is_the_middle_and_every_second_depth():
    images, depths = turned(X, DEPTH, STILL, SIZE)
    torch.testing.assert_close(images, X[..., 2:18, 2:26], atol=1e-5, rtol=0)
    assert torch.equal(depths, DEPTH[..., 3:18:2, 3:26:2])
    images, depths = turned(X, DEPTH, MIRRORED, SIZE)
    torch.testing.assert_close(images, X[..., 2:18, 2:26].flip(-1), atol=1e-5, rtol=0)
    assert torch.equal(depths, DEPTH.flip(-1)[..., 3:18:2, 3:26:2])


def test_a_turn_is_that_of_scipy_but_for_the_rim():
    ndimage = pytest.importorskip("scipy.ndimage")
    angle = torch.tensor(5.0).deg2rad()
    turn = torch.stack([torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])])[None]
    found, _ = turned(X, DEPTH, turn, SIZE)
    ways = [ndimage.rotate(X[0].numpy(), sign * 5, axes=(1, 2), reshape=False, order=1) for sign in (1, -1)]
    gaps = [np.abs(way[:, 2:18, 2:26] - found[0].numpy())[:, 2:-2, 2:-2].max() for way in ways]
    assert min(gaps) < 1e-4


def test_image_and_map_are_turned_together():
    """An image that shows its depth still does after a turn, up to the half pixel between the two."""
    ramp = torch.linspace(1, 3, 28).expand(1, 1, 20, 28) + torch.linspace(0, 1, 20)[:, None]
    angle = torch.tensor(4.0).deg2rad()
    turn = torch.stack([torch.stack([-angle.cos(), angle.sin()]), torch.stack([angle.sin(), angle.cos()])])[None]
    images, depths = turned(ramp.expand(1, 3, 20, 28), ramp, turn, SIZE)
    inside = depths[0, 0] > 0
    assert inside.float().mean() > 0.9
    gap = (images[0, 0, 1::2, 1::2] - depths[0, 0]).abs()[inside]
    assert gap.median() < 0.05


def test_a_batch_depends_on_the_stream_of_its_seed_and_on_nothing_else(task):
    rows = torch.tensor([[3, 1, 2], [0, 4, 5]])
    both, alone = task.batch(rows, streams(0, 1)), task.batch(rows[1:], streams(1))
    assert both.x.shape == (2, 3, 3, 16, 24)
    assert both.y.shape == (2, 3, 8, 12, 1)
    for whole, part in zip(both, alone, strict=True):
        assert torch.equal(whole[1], part[0])
    assert not torch.equal(both.x[1], task.batch(rows[1:], streams(2)).x[0])
    known = both.mask
    assert known is not None
    assert known.float().mean() > 0.9
    low, high = rooms_range(task)
    assert both.y[known].min() >= low - 1e-5
    assert both.y[known].max() <= high + 1e-5


def rooms_range(task):
    return task.maps.train.min() / 25.5, task.maps.train.max() / 25.5


def test_an_evaluation_sees_the_middle_of_every_image_once_and_the_pixels_of_the_mask(task):
    blocks = list(task.blocks("test", 2))
    assert [len(block.x) for block in blocks] == [2, 2, 1]
    assert torch.equal(torch.cat([block.y for block in blocks]), task.targets("test"))
    x = torch.cat([block.x for block in blocks])
    mean, std = (torch.tensor(known)[:, None, None] for known in (MEAN, STD))
    seen = ((x * std + mean) * 255).round().to(torch.uint8)
    assert np.array_equal(seen.numpy(), task.x["test"][..., 4:20, 4:28])
    mask = torch.cat([block.mask for block in blocks]).numpy()
    depths = task.maps.test[:, 4:20, 4:28][mask]
    np.testing.assert_allclose(task.targets("test")[:, 0].numpy(), depths / 1000, rtol=1e-6)


def test_colours_change_by_image_and_brightness_contrast_and_saturation_keep_grey_in_between():
    grey = torch.full((2, 3, 4, 4), 0.5)
    found = coloured(grey, streams(0), 2)
    assert not torch.equal(found[0], found[1])
    assert found.flatten(2).std(-1).max() < 1e-6  # a grey image stays plain
    assert (found > 0.1).all()
    assert normalised(torch.tensor(MEAN)[:, None, None].expand(3, 2, 2)).abs().max() < 1e-6
