"""What a comparison says is wrong no more often than it states, for normal and for skewed differences."""

import pytest

from tests.made.simulated import all_hold, rates

SIZES = [(6, 5), (8, 5), (12, 3)]
NOISE = 0.012  # twice the standard error of a share of 0.05 in so many comparisons
COUNT = 1300


@pytest.mark.parametrize(("datasets", "seeds"), SIZES)
@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_without_a_difference_a_winner_is_no_more_frequent_than_stated(shape, datasets, seeds):
    found = rates(shape, datasets=datasets, seeds=seeds, count=COUNT)
    assert found.winners <= 0.05 + NOISE


@pytest.mark.parametrize(("datasets", "seeds"), SIZES)
def test_the_chance_that_a_is_lower_is_extreme_as_rarely_as_the_interval_excludes_zero(datasets, seeds):
    found = rates("normal", datasets=datasets, seeds=seeds, count=COUNT)
    assert found.extreme == found.winners


def test_intervals_are_not_much_wider_than_needed():
    """Half of Student's interval is 2.36 standard errors with eight datasets, and 2.09 with 21."""
    assert rates("normal", datasets=8, seeds=5, count=300).width < 2.36 * 1.5
    assert rates("normal", datasets=21, seeds=5, count=300).width < 2.09 * 1.2


def test_seeds_are_counted_once_where_datasets_agree():
    found = rates("normal", datasets=8, seeds=5, between=0.0, count=COUNT)
    assert 0.05 / 4 <= found.winners <= 0.05 + NOISE


@pytest.mark.parametrize("seeds", [3, 10])
def test_with_few_datasets_the_interval_is_of_their_own_mean(seeds):
    found = rates("skewed", datasets=5, seeds=seeds, count=COUNT)
    assert 0.02 <= found.winners <= 0.05 + NOISE


@pytest.mark.parametrize(("datasets", "seeds"), [(8, 5), (12, 3)])
def test_the_intervals_of_all_datasets_hold_at_once(datasets, seeds):
    assert 0.95 - 2 * NOISE <= all_hold(datasets=datasets, seeds=seeds, count=COUNT // 4) <= 0.95 + 2 * NOISE


@pytest.mark.slow
@pytest.mark.parametrize("datasets", [6, 8, 12, 21])
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("shape", ["normal", "skewed"])
def test_the_rates_hold_in_many_comparisons_of_every_size(shape, datasets, seeds):
    found = rates(shape, datasets=datasets, seeds=seeds, count=10_000)
    assert 0.015 <= found.winners <= 0.05 + 0.005
