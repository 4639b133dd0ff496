"""A compiled function gives the bits of the function in Python, on numbers of all kinds."""

import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from regbench import native
from regbench.backbones.mlp import activate, gate
from regbench.native.calls import ARGUMENTS, differ
from regbench.tasks.resident import Resident
from regbench.training.dropout import DRAWS, draw
from regbench.training.loop import optimise
from regbench.training.pack import Model, build
from tests.made.data_samples import prepared
from tests.made.jobs import make_job

FUNCTIONS = (draw, activate, gate)
CPU = torch.device("cpu")
numbers = st.one_of(
    st.floats(width=32),  # NaN, infinite ones, both zeros and denormal numbers too
    st.integers(0, 2**32 - 1).map(lambda word: struct.unpack("f", struct.pack("I", word))[0]).filter(lambda x: x == x),
)
thresholds = st.integers(1, DRAWS - 1)
scales = thresholds.map(lambda threshold: DRAWS / (DRAWS - threshold))


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGBENCH_NATIVE", raising=False)
    if why := native.why_not(draw):
        pytest.skip(why)


@pytest.fixture(params=[False, True], ids=["denormal", "flushed"])
def flushed(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Denormal numbers as they are, and as zeros, which is how a training has them."""
    torch.set_flush_denormal(request.param)
    yield request.param
    torch.set_flush_denormal(False)


def bits(function: Callable[..., None], first: Tensor, *others: Any) -> Tensor:
    """What a function makes of its first argument, bit for bit."""
    written = first.clone()
    function(written, *others)
    return written.view(torch.int32)


def of_words(count: int, seed: int) -> Tensor:
    """Numbers of any bits but NaN, whose bits a processor may choose."""
    words = torch.randint(-(2**31), 2**31, (count,), generator=torch.Generator().manual_seed(seed), dtype=torch.int64)
    found = words.to(torch.int32).view(torch.float32)
    return torch.where(found.isnan(), torch.nan, found)


def compiled(function: Callable[..., None]) -> Callable[..., None]:
    found = native.fused(function, torch.float32)
    assert found is not function
    return found


@given(
    layers=st.integers(0, 3),
    count=st.integers(0, 1300),
    keys=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=3, max_size=3),
    threshold=thresholds,
)
def test_a_mask_is_drawn_with_the_same_bits(layers: int, count: int, keys: list[int], threshold: int) -> None:
    blank = torch.full((layers, count), torch.nan)
    given = (torch.tensor(keys[:layers], dtype=torch.int64), threshold)
    assert torch.equal(bits(compiled(draw), blank, *given), bits(draw, blank, *given))


@pytest.mark.parametrize("function", [activate, gate])
@given(pairs=st.lists(st.tuples(numbers, numbers), max_size=70), scale=scales)
def test_a_pass_has_the_same_bits_on_special_numbers(
    function: Callable[..., None], pairs: list[tuple[float, float]], scale: float
) -> None:
    left, right = (
        torch.tensor(each, dtype=torch.float32) for each in (zip(*pairs, strict=True) if pairs else ([], []))
    )
    others = (right, scale) if function is gate else (torch.where(right > 0, scale, 0.0).float(),)
    for flush in (True, False):
        torch.set_flush_denormal(flush)
        assert torch.equal(bits(compiled(function), left, *others), bits(function, left, *others))


@pytest.mark.parametrize("count", [1, 7, 16, 33, 1000, 4099])
def test_a_pass_has_the_same_bits_on_words_of_any_bits(count: int, flushed: bool) -> None:
    left, right = of_words(count, 1), of_words(count, 2)
    assert torch.equal(bits(compiled(gate), left, right, 1.25), bits(gate, left, right, 1.25))
    assert torch.equal(bits(compiled(activate), left, right), bits(activate, left, right))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_check_finds_a_function_that_gives_other_numbers(function: Callable[..., None]) -> None:
    def wrong(first: Tensor, *others: Any) -> None:
        function(first, *others)
        first.view(-1)[-1] += 1

    assert set(ARGUMENTS) == {each.__name__ for each in FUNCTIONS}
    assert differ(function.__name__, wrong, function)
    assert not differ(function.__name__, function, function)


def test_other_numbers_than_float32_are_left_to_python() -> None:
    assert native.fused(gate, torch.float64) is gate


@pytest.mark.parametrize("method", ["lsq", "soft_binning", "end2end"])
def test_a_training_has_the_same_losses_and_weights_with_and_without(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (with_losses, with_model), (losses, model) = (trained(method, on, monkeypatch) for on in ("1", "0"))
    assert torch.equal(with_losses, losses)
    for one, other in zip(with_model.segments, model.segments, strict=True):
        assert torch.equal(one.values, other.values)


def trained(method: str, on: str, monkeypatch: pytest.MonkeyPatch) -> tuple[Tensor, Model]:
    """The losses of several epochs and the model after them; jobs that share masks, others, and one without."""
    monkeypatch.setenv("REGBENCH_NATIVE", on)
    jobs = [make_job(method, k=k, seed=seed) for k, seed in ((5, 0), (9, 0), (5, 1))]
    jobs = [replace(job, protocol=replace(job.protocol, epochs=3)) for job in jobs]
    jobs[-1] = replace(jobs[-1], protocol=replace(jobs[-1].protocol, dropout=0.0))
    model, data = build(jobs, prepared(200), CPU), prepared(200)
    return torch.stack(list(optimise(model, Resident.of(data, CPU, torch.float32)))), model
