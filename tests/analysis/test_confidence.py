"""One distribution for all that is said of a difference."""

import numpy as np
import pytest
import scipy.stats

from regbench.analysis import paired, power
from regbench.analysis.confidence import Confidence, of_sample, skewness

LEANS = [-0.9, -0.3, 0.0, 0.2, 1.4]


def test_without_skewness_it_is_students_t():
    found = Confidence(mean=0.3, error=0.2, freedom=6.0)
    student = scipy.stats.t(6, loc=0.3, scale=0.2)
    assert found.interval(0.95) == pytest.approx(student.interval(0.95))
    assert [found.below(x) for x in (-1, 0, 0.5)] == pytest.approx(student.cdf([-1, 0, 0.5]))
    assert found.within(0.1) == pytest.approx(student.cdf(0.1) - student.cdf(-0.1))


@pytest.mark.parametrize("lean", LEANS)
@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
def test_interval_p_and_chances_are_read_from_the_same_distribution(lean, level):
    found = Confidence(0.3, 0.2, 4.0, lean)
    low, high = found.interval(level)
    assert [found.below(low), found.below(high)] == pytest.approx([(1 - level) / 2, (1 + level) / 2])
    moved = Confidence(0.3 - low, 0.2, 4.0, lean)
    assert moved.p == pytest.approx(1 - level)
    assert sum((found.below(-0.1), found.within(0.1), 1 - found.below(0.1))) == pytest.approx(1)


@pytest.mark.parametrize("lean", LEANS)
def test_chances_rise_with_the_value_from_0_to_1(lean):
    found = Confidence(0.0, 1.0, 3.0, lean)
    chances = [found.below(value) for value in np.linspace(-500, 500, 2001)]
    assert (np.diff(chances) >= 0).all()
    assert chances[0] < 0.001 < 0.999 < chances[-1]
    assert found.below(0.0) == pytest.approx(0.5)


@pytest.mark.parametrize("lean", LEANS)
def test_skewness_makes_one_tail_longer_and_none_shorter(lean):
    straight, leaning = (Confidence(0.0, 1.0, 5.0, each).interval(0.95) for each in (0.0, lean))
    assert leaning[0] <= straight[0] + 1e-12
    assert leaning[1] >= straight[1] - 1e-12
    assert (leaning[1] - straight[1] > 1e-9) == (lean > 0)
    assert (straight[0] - leaning[0] > 1e-9) == (lean < 0)


def test_swapping_the_methods_mirrors_it():
    values = np.random.default_rng(1).exponential(size=9)
    one, other = of_sample(values), of_sample(-values)
    assert one.interval(0.9) == pytest.approx(tuple(-end for end in reversed(other.interval(0.9))))
    assert one.below(0.7) == pytest.approx(1 - other.below(-0.7))


def test_differences_that_do_not_vary_are_certain():
    found = of_sample(np.full(8, -0.1))
    assert found.interval(0.95) == (-0.1, -0.1)
    assert (found.below(0.0), found.p, found.within(0.2)) == (1.0, 0.0, 1.0)
    assert of_sample(np.zeros(8)).below(0.0) == 0.5


@pytest.mark.parametrize("count", [6, 8, 21])
def test_the_skewness_of_a_small_sample_is_that_of_its_population(count):
    draw = np.random.default_rng(count)
    found = [skewness(draw.exponential(size=count)) for _ in range(4000)]
    assert np.mean(found) == pytest.approx(2, abs=0.15)
    assert np.mean([skewness(draw.standard_normal(count)) for _ in range(4000)]) == pytest.approx(0, abs=0.15)


def test_of_one_dataset_it_is_the_paired_t_interval():
    logs = np.random.default_rng(2).standard_normal(6)
    found = paired.of_seeds([logs])
    assert found
    assert found.interval(0.9) == pytest.approx(scipy.stats.ttest_1samp(logs, 0).confidence_interval(0.9))
    assert found.p == pytest.approx(scipy.stats.ttest_1samp(logs, 0)[1])


def test_of_two_datasets_the_degrees_of_freedom_are_welchs():
    one, other = np.random.default_rng(3).standard_normal((2, 7))
    other = 3 * other[:4]
    welch = scipy.stats.ttest_ind(one, -other, equal_var=False)
    found = paired.of_seeds([one, other])
    assert found
    assert found.p == pytest.approx(welch[1])
    assert found.interval(0.95) == pytest.approx(tuple(end / 2 for end in welch.confidence_interval(0.95)))


def test_splits_drawn_for_each_seed_widen_the_interval_as_nadeau_and_bengio_have_it():
    logs = np.random.default_rng(4).standard_normal(10)
    alone, shared = paired.of_seeds([logs]), paired.of_seeds([logs], overlap=[1 / 8])
    assert alone
    assert shared
    assert shared.error / alone.error == pytest.approx(np.sqrt((1 / 10 + 1 / 8) * 10))


@pytest.mark.parametrize(("count", "seeds"), [(1, 5), (5, 3)])
def test_the_difference_that_is_said_to_be_detectable_is_found_four_times_in_five(count, seeds):
    draw = np.random.default_rng(6)
    freedom = count * (seeds - 1)
    least = power.detectable(Confidence(0.0, 1 / np.sqrt(count * seeds), freedom), 0.95)
    found = 0
    for _ in range(3000):
        values = least + draw.standard_normal((count, seeds))
        error = np.sqrt(values.var(1, ddof=1).mean() / (count * seeds))
        low, high = Confidence(values.mean(), error, freedom).interval(0.95)
        found += not low <= 0 <= high
    assert found / 3000 == pytest.approx(power.POWER, abs=0.03)
