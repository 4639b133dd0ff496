"""Named streams: the published hash, the same on every path, and random enough for what they are used for."""

import numpy as np
import pytest
import torch
from scipy import stats

from regbench.random import FIRST_MULTIPLIER, GOLDEN, SECOND_MULTIPLIER, Stream, random_bytes


def reference(key: int, count: int) -> np.ndarray:
    """SplitMix64 as its authors print it, in NumPy's unsigned 64-bit arithmetic."""
    z = np.uint64(key % 2**64) + np.arange(1, count + 1, dtype=np.uint64) * np.uint64(GOLDEN)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(FIRST_MULTIPLIER)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(SECOND_MULTIPLIER)
    return z ^ (z >> np.uint64(31))


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_bits_are_those_of_splitmix64(seed):
    stream = Stream.named(seed, "dropout")
    assert np.array_equal(stream.bits(1000).numpy().view(np.uint64), reference(int(stream.key), 1000))


def test_the_published_first_outputs_of_splitmix64_come_out():
    """Of seed 1234567, as many implementations of java.util.SplittableRandom list them."""
    words = Stream(torch.tensor(1234567)).bits(3).numpy().view(np.uint64)
    assert list(words) == [6457827717110365317, 3203168211198807973, 9817491932198370423]


def test_a_stream_is_the_same_in_every_process_and_release():
    assert int(Stream.named(0, "order").key) == 57953150842314360


def test_names_steps_and_batches_agree():
    """A stream reached by a number, by a tensor, or in a batch of keys is the same stream."""
    base = Stream.named(3, "dropout")
    steps = torch.arange(4)
    batched = base.child(steps)
    for step in range(4):
        assert torch.equal(base.child(torch.tensor(step)).bits(5), batched.bits(5)[step])
        assert torch.equal(torch.func.vmap(lambda key: Stream(key).bits(5))(batched.key)[step], batched.bits(5)[step])


def test_a_draw_moves_no_other():
    stream = Stream.named(0, "init")
    before = stream.child("weight").uniform(10)
    stream.child("bias").uniform(1000)
    assert torch.equal(stream.child("weight").uniform(10), before)


def test_names_seeds_and_steps_give_different_numbers():
    streams = [Stream.named(seed, name).child(step) for seed in range(5) for name in ("a", "b", 1) for step in range(5)]
    assert len({int(stream.bits(1)) for stream in streams}) == len(streams)


@pytest.mark.parametrize("n", [1, 2, 31, 32, 33, 1000])
def test_a_permutation_holds_every_row_once_on_either_path(n):
    stream = Stream(torch.stack([Stream.named(seed, "order").key for seed in range(3)]))
    orders = stream.permutation(n)
    assert torch.equal(orders.sort(-1).values, torch.arange(n).expand(3, n))
    low = (1 << n.bit_length()) - 1
    by_torch = ((stream.bits(n) & ~low) | torch.arange(n)).sort(-1).values & low  # what a CUDA device does
    assert torch.equal(orders, by_torch)


def test_positions_of_a_permutation_are_uniform():
    orders = Stream(torch.stack([Stream.named(seed, "order").key for seed in range(4000)])).permutation(8)
    counts = np.stack([np.bincount(orders[:, place].numpy(), minlength=8) for place in range(8)])
    assert stats.chisquare(counts.ravel()).pvalue > 1e-3


def test_uniform_and_normal_numbers_have_their_distributions():
    stream = Stream.named(7, "statistics")
    assert stats.kstest(stream.uniform(20000).numpy(), "uniform").pvalue > 1e-3
    assert stats.kstest(stream.normal(20000).numpy(), "norm").pvalue > 1e-3
    assert stream.uniform(5, dtype=torch.float32).dtype == torch.float32


def test_integers_cover_their_range_evenly():
    counts = np.bincount(Stream.named(0, "integers").integers(6, 60000).numpy(), minlength=6)
    assert stats.chisquare(counts).pvalue > 1e-3


def test_bytes_of_a_word_are_independent_and_even():
    """One 64-bit draw makes eight dropout decisions: each byte uniform, neighbours and steps uncorrelated."""
    words = Stream.named(0, "dropout").child(torch.arange(200)).bits(512)
    draws = words.view(torch.uint8).view(200, -1)
    assert stats.chisquare(np.bincount(draws.flatten().numpy(), minlength=256)).pvalue > 1e-3
    dropped = (draws < 77).double()
    for a, b in [(dropped[:, :-1], dropped[:, 1:]), (dropped[:-1], dropped[1:]), (dropped[:, :-8], dropped[:, 8:])]:
        r = np.corrcoef(a.flatten().numpy(), b.flatten().numpy())[0, 1]
        assert abs(r) < 4 / a.numel() ** 0.5


@pytest.mark.parametrize("count", [1, 8, 13, 4096])
def test_bytes_drawn_in_numpy_are_those_of_the_tensor_path(count):
    keys = torch.stack([Stream.named(seed, "dropout").key for seed in range(3)])
    by_torch = Stream(keys).bits(-(-count // 8)).view(torch.uint8)[:, :count]
    assert torch.equal(random_bytes(keys, count), by_torch)
