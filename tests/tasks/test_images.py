"""Images on disk: what a batch holds depends on seed, step and row, and an evaluation sees the images as they are."""

import numpy as np
import pytest
import torch

from regbench.data import Table, prepare
from regbench.random import Stream
from regbench.tasks.images import MARGIN, Images, augmented
from tests.made.data_samples import images

X = torch.from_numpy(images(4, size=12).x)
MIDDLE = torch.full((4,), MARGIN)
NEVER, ALWAYS = torch.zeros(4, dtype=torch.bool), torch.ones(4, dtype=torch.bool)


def on_disk(rows: int = 50) -> Images:
    table = images(rows, size=8)
    parts = {"x": table.x, "y": table.y, "parts": table.parts, "task": "images"}
    return Images.of(prepare(Table(**parts), targets="raw"), torch.device("cpu"), torch.float32)


def test_an_image_cut_at_its_margin_is_as_it_was():
    assert torch.equal(augmented(X, MIDDLE, MIDDLE, NEVER), X)
    assert torch.equal(augmented(X, MIDDLE, MIDDLE, ALWAYS), X.flip(-1))


@pytest.mark.parametrize("down", [-5, 0, 3])
@pytest.mark.parametrize("right", [-2, 0, 7])
def test_a_cut_elsewhere_moves_the_image_and_shows_black(down, right):
    found = augmented(X, MIDDLE + down, MIDDLE + right, NEVER)
    assert found.sum() == X[:, :, max(down, 0) : 12 + min(down, 0), max(right, 0) : 12 + min(right, 0)].sum()
    y, x = max(0, -down), max(0, -right)
    assert torch.equal(found[:, :, y, x], X[:, :, y + down, x + right])


def test_each_row_is_cut_on_its_own():
    top, left = torch.tensor([0, 5, 16, 32]), torch.tensor([32, 16, 3, 0])
    mirrored = torch.tensor([True, False, True, False])
    together = augmented(X, top, left, mirrored)
    for row in range(4):
        one = slice(row, row + 1)
        assert torch.equal(together[one], augmented(X[one], top[one], left[one], mirrored[one]))


def test_an_evaluation_sees_every_row_once_as_it_is_between_minus_one_and_one():
    task = on_disk()
    x, y = (torch.cat(parts) for parts in zip(*(block[:2] for block in task.blocks("val", 3)), strict=True))
    assert torch.equal(y, task.targets("val"))
    assert torch.equal(((x + 1) * 127.5).round().to(torch.uint8), torch.from_numpy(np.array(task.x["val"])))
    assert x.min() >= -1
    assert x.max() <= 1


def test_a_batch_depends_on_the_stream_of_its_seed_and_on_nothing_else():
    task = on_disk()
    rows = torch.tensor([[3, 1, 2], [0, 4, 5]])
    streams = Stream(torch.stack([Stream.named(seed, "rows", 7).key for seed in (0, 1)]))
    both = task.batch(rows, streams)
    alone = task.batch(rows[1:], Stream(streams.key[1:]))
    assert torch.equal(both.x[1], alone.x[0])
    assert torch.equal(both.y[1], alone.y[0])
    assert torch.equal(both.y, task.targets("train")[rows])
    assert not torch.equal(both.x[1], task.batch(rows[1:], Stream.named(1, "rows", 8).child(torch.arange(1))).x[0])


def test_large_images_are_evaluated_a_few_at_a_time():
    x = np.broadcast_to(np.zeros(1, np.uint8), (40, 3, 2048, 1024))  # of which no byte is read
    task = Images({"val": x}, {"val": torch.zeros(40, 1)})
    assert len(next(iter(task.blocks("val", 1024))).y) == 2
