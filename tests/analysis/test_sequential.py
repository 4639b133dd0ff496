"""Looks while seeds are added: their boundaries, and how often their verdicts are false."""

import numpy as np
import pytest
from scipy.special import ndtri

from regbench.analysis.allocation import Noise, affordable, first, of_logs, shrunk
from regbench.analysis.sequential import Looks, spent
from tests.made.sequences import false_verdicts


def test_boundaries_are_those_of_lan_and_demets() -> None:
    """Five equal looks at 0.05, two-sided: Jennison and Turnbull (2000), and the R package ldbounds."""
    published = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    fractions = [0.2, 0.4, 0.6, 0.8, 1.0]
    found = [-ndtri(Looks(tuple(fractions[:number])).rate(0.05) / 2) for number in range(1, 6)]
    assert found == pytest.approx(published, abs=2e-4)


def test_one_look_at_all_pairs_is_an_ordinary_test() -> None:
    assert Looks((1.0,)).rate(0.05) == pytest.approx(0.05, rel=1e-6)
    assert spent(1.0, 0.05) == pytest.approx(0.05)


def test_every_further_look_costs_something_and_no_look_more_than_all() -> None:
    early = Looks((0.3,)).rate(0.05)
    looks = Looks((0.3,)).at_end()
    assert len(looks.fractions) == looks.planned
    assert looks.fractions[-1] == pytest.approx(1.0)
    assert 0 < early < looks.rate(0.05) < Looks((1.0,)).rate(0.05) < 0.05
    assert Looks((0.01,)).rate(0.05 / 8) > 0


def test_brownian_motion_leaves_the_boundaries_as_often_as_stated() -> None:
    draw = np.random.default_rng(0)
    looks = Looks((0.25,)).at_end()
    steps = np.diff([0.0, *looks.fractions])
    paths = np.cumsum(np.sqrt(steps) * draw.standard_normal((40_000, len(steps))), axis=1) / np.sqrt(looks.fractions)
    edges = [-ndtri(Looks(looks.fractions[: number + 1]).rate(0.05) / 2) for number in range(len(steps))]
    assert abs((np.abs(paths) > edges).any(1).mean() - 0.05) < 0.004


def test_seeds_go_where_they_take_most_from_the_variance_for_their_cost() -> None:
    noise = {"noisy": Noise(50, 4.0), "quiet": Noise(50, 0.04), "dear": Noise(50, 4.0)}
    taken = first(noise, {"noisy": 1.0, "quiet": 1.0, "dear": 100.0}, 10)
    assert taken.count("noisy") >= 9
    assert affordable(noise, {"noisy": 1.0, "quiet": 1.0, "dear": 100.0}, 0.5) == []
    assert len(affordable(noise, {"noisy": 1.0, "quiet": 1.0, "dear": 100.0}, 5.5)) == 5


def test_datasets_with_few_pairs_come_first_and_the_cheapest_of_them() -> None:
    noise = {"none": Noise(0, None), "one": Noise(1, None), "many": Noise(9, 100.0)}
    assert first(noise, {"none": 2.0, "one": 1.0, "many": 1.0}, 5) == ["none", "one", "none", "one", "none"]


def test_the_spread_of_few_seeds_is_drawn_to_that_of_all() -> None:
    found = shrunk(of_logs({"a": np.array([0.0, 0.0, 0.0]), "b": np.array([0.0, 2.0, 4.0, 6.0])}))
    assert 0 < found["a"] < found["b"] < 20 / 3


@pytest.mark.parametrize("datasets", [1, 4, 8])
def test_without_a_difference_verdicts_are_false_as_rarely_as_stated(datasets: int) -> None:
    """With seeds added where the spread seems large, at up to five looks, of which the first has three seeds."""
    count = 400
    found = false_verdicts(datasets=datasets, seeds=3, pairs=8 * datasets, count=count)
    assert found.winners <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / count)
    assert found.looks > 4


@pytest.mark.slow
@pytest.mark.parametrize("datasets", [1, 2, 4, 8, 12])
@pytest.mark.parametrize("seeds", [3, 5])
@pytest.mark.parametrize("between", [0.0, 1.0])
def test_the_rate_of_false_verdicts_holds_in_many_sequences(datasets: int, seeds: int, between: float) -> None:
    found = false_verdicts(datasets=datasets, seeds=seeds, pairs=8 * datasets, between=between, count=2000)
    assert found.winners <= 0.05 + 0.01


def test_a_difference_is_found_with_fewer_seeds_than_planned() -> None:
    found = false_verdicts(datasets=4, seeds=4, pairs=60, shift=1.0, count=60)
    assert found.winners > 0.95
    assert found.pairs < 0.7 * (60 + 16)
