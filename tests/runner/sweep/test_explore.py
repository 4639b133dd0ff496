"""The next configurations of a sweep depend only on results."""

import math
import random

import pytest

from regbench.config.sweep import Stage, rounded
from regbench.runner.sweep.explore import explore

USUAL = {"learning_rate": 3e-3, "lambda_kl": 1.0, "lambda_auto": 1.0}
RATES, LAMBDAS = (1e-3, 1e-2), (0.1, 1.0)
FIRST = Stage({"learning_rate": RATES, "lambda_kl": LAMBDAS}, extend=("lambda_kl",), extend_limit=3)
SECOND = Stage({"lambda_auto": (0.1, 1.0, 10.0)})


def finish(stages, error, usual=USUAL):
    """Explore round by round as a run does; `error` gives the metric. Returns the sizes of the rounds too."""
    known: dict[tuple, float] = {}
    sizes = []

    def result(values):
        return known.get(tuple(values.items()))

    while True:
        found = explore(stages, usual, result)
        new = [values for values in found.tried if tuple(values.items()) not in known]
        if found.complete:
            assert not new
            return found, sizes
        assert new, "an open cell always has something to train"
        sizes.append(len(new))
        known |= {tuple(values.items()): error(values) for values in new}


def valley(**optimum):
    """An error with its minimum there, symmetric on a logarithmic axis."""

    def error(values):
        return 1 + sum(math.log10(values[name] / at) ** 2 for name, at in optimum.items())

    return error


def test_nothing_but_the_first_stage_is_known_at_first():
    found = explore([FIRST, SECOND], USUAL, lambda _: None)
    assert [(each["learning_rate"], each["lambda_kl"]) for each in found.tried] == [
        (rate, kl) for rate in RATES for kl in LAMBDAS
    ]
    assert (found.complete, found.winner, found.later, found.may_extend) == (False, None, 2, True)


def test_an_optimum_inside_the_grid_needs_no_extension_and_the_second_stage_is_around_it():
    grid = Stage({"lambda_kl": (0.1, 1.0, 10.0)}, extend=("lambda_kl",))
    found, sizes = finish([grid, SECOND], valley(lambda_kl=1.1, lambda_auto=10.0))
    assert sizes == [3, 2]  # the second stage starts from the winner, which is known
    assert found.winner == {**USUAL, "lambda_kl": 1.0, "lambda_auto": 10.0}
    assert found.on_edge == ("lambda_auto",)


@pytest.mark.parametrize(("at", "further"), [(1e3, [10.0, 100.0, 1000.0]), (1e-3, [1e-2, 1e-3, 1e-4])])
def test_an_optimum_on_an_edge_is_followed_geometrically_until_it_lies_inside(at, further):
    found, sizes = finish([FIRST], valley(learning_rate=1e-2, lambda_kl=at))
    tried = list(dict.fromkeys(each["lambda_kl"] for each in found.tried))
    assert tried == [*LAMBDAS, *further]
    assert sizes == [4, 2, 2, 2]
    assert found.winner is not None
    assert found.winner["lambda_kl"] == pytest.approx(at, rel=1e-11)
    assert ("lambda_kl" in found.on_edge) == (at > 1)  # three further values are allowed, and 1000 is the third


def test_an_extension_ends_at_its_limit_and_says_that_the_optimum_lies_on_an_edge():
    found, _ = finish([FIRST], valley(learning_rate=1e-2, lambda_kl=1e9))
    assert max(each["lambda_kl"] for each in found.tried) == 1000.0
    assert found.on_edge == ("learning_rate", "lambda_kl")


@pytest.mark.parametrize("seed", range(10))
def test_the_winner_is_the_lowest_of_all_that_was_tried_and_the_first_of_equals(seed):
    chance = random.Random(seed)
    errors: dict[tuple, float] = {}

    def error(values):
        return errors.setdefault(tuple(values.items()), chance.choice([0.1, 0.2, 0.3, math.inf]))

    found, _ = finish([FIRST, SECOND], error)
    ordered = [errors[tuple(each.items())] for each in found.tried]
    if found.winner is None:
        assert all(math.isinf(each) for each in ordered)
    else:
        assert found.tried.index(found.winner) == ordered.index(min(ordered))
        edge = [name for name, axis in {**FIRST.axes, **SECOND.axes}.items() if _is_end(found, name)]
        assert list(found.on_edge) == edge


def _is_end(found, name):
    tried = {each[name] for each in found.tried}
    return len(tried) > 1 and found.winner[name] in {min(tried), max(tried)}


def test_where_everything_diverged_there_is_no_winner_and_nothing_more_is_tried():
    found, sizes = finish([FIRST, SECOND], lambda _: math.inf)
    assert (found.complete, found.winner, sizes) == (True, None, [4])


def test_what_diverged_at_an_edge_was_tried_so_the_value_before_it_is_inside():
    def error(values):
        return math.inf if values["lambda_kl"] > 1 else valley(learning_rate=1e-3, lambda_kl=10.0)(values)

    found, sizes = finish([FIRST], error)
    assert sizes == [4, 2]
    assert found.winner is not None
    assert (found.winner["lambda_kl"], "lambda_kl" in found.on_edge) == (1.0, False)


def test_computed_values_have_twelve_digits():
    stage = Stage({"lambda_kl": (0.0681292069058, 0.146779926762)}, extend=("lambda_kl",), extend_limit=6)
    found, _ = finish([stage], valley(lambda_kl=1e3), usual={"lambda_kl": 1.0})
    values = [each["lambda_kl"] for each in found.tried]
    assert values == [rounded(float(each)) for each in values]
    assert values == pytest.approx([10 ** (-0.5 + j / 3) for j in range(-2, 6)], rel=1e-10)


def test_random_search_has_one_round_and_no_edges():
    found, sizes = finish([Stage({"lambda_kl": (0.1, 1.0, 10.0)}, sample=3)], valley(lambda_kl=0.01))
    assert (sizes, found.on_edge) == ([3], ())
