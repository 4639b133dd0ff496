"""Several methods: the statistics of others as a second opinion, and refusals with their reason."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from regbench import reports
from regbench.analysis import compare, compare_several, power
from regbench.analysis.ranks import holm, rank
from regbench.analysis.signed_rank import signed_rank
from regbench.errors import NothingMeasured, UsageError
from tests.made.cells import grid, like_the_paper

LETTERS = tuple("ABCDEF")


def losses(datasets: int, methods: int, *, ties: bool = False) -> np.ndarray:
    found = np.random.default_rng(datasets + methods).standard_normal((datasets, methods)) + np.arange(methods) / 2
    return found.round(0) if ties else found


def ranked(values: np.ndarray, level: float = 0.95):
    datasets = tuple(f"d{number}" for number in range(len(values)))
    return rank(values, LETTERS[: values.shape[1]], datasets, level=level)


def sorted_as(found, values: np.ndarray) -> np.ndarray:
    """The columns of methods in the order of their ranks."""
    return values[:, [LETTERS.index(name) for name in found.names]]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("size", [(6, 3), (8, 6), (21, 4)])
def test_friedmans_test_agrees_with_scipys(size, ties):
    values = losses(*size, ties=ties)
    found, theirs = ranked(values), scipy.stats.friedmanchisquare(*values.T)
    assert (found.friedman_chi2, found.friedman_p) == pytest.approx((theirs.statistic, theirs.pvalue))
    chi2, (count, methods) = theirs.statistic, size
    f = (count - 1) * chi2 / (count * (methods - 1) - chi2)
    assert found.iman_davenport_p == pytest.approx(scipy.stats.f.sf(f, methods - 1, (methods - 1) * (count - 1)))


@pytest.mark.parametrize("size", [(8, 3), (8, 6), (21, 4)])
def test_nemenyis_test_agrees_with_scikit_posthocs(size):
    import scikit_posthocs  # here, as baycomp and statsmodels below: each takes seconds in every process of the tests

    values = losses(*size)
    found = ranked(values)
    theirs = scikit_posthocs.posthoc_nemenyi_friedman(sorted_as(found, values)).to_numpy()
    assert found.nemenyi_p
    ours = np.array(found.nemenyi_p, dtype=float)
    apart = ~np.eye(len(ours), dtype=bool)
    assert ours[apart] == pytest.approx(theirs[apart], abs=2e-3)
    gaps = np.abs(np.subtract.outer(found.mean_ranks, found.mean_ranks))
    assert ((gaps > found.critical_difference) == (theirs < 0.05))[apart].all()


def test_the_critical_difference_is_that_of_the_published_table():
    """q = 2.850 for six methods at 0.05: Demšar (2006), Table 5."""
    assert ranked(losses(10, 6)).critical_difference == pytest.approx(2.850 * np.sqrt(6 * 7 / (6 * 10)), abs=1e-3)


def test_holms_correction_agrees_with_statsmodels_and_its_tests_with_scipys():
    import statsmodels.stats.multitest

    values = losses(12, 4)
    found = ranked(values)
    columns = sorted_as(found, values)
    pairs = [(i, j) for i in range(4) for j in range(i + 1, 4)]
    raw = [scipy.stats.wilcoxon(columns[:, i], columns[:, j], method="exact")[1] for i, j in pairs]
    theirs = np.asarray(statsmodels.stats.multitest.multipletests(raw, method="holm")[1]).tolist()
    assert found.holm_p
    assert [found.holm_p[i][j] for i, j in pairs] == pytest.approx(theirs)
    assert holm(dict(zip(pairs, raw, strict=True))) == pytest.approx(dict(zip(pairs, theirs, strict=True)))


@pytest.mark.parametrize("margin", [0.01, 0.005])
@pytest.mark.parametrize("seed", range(3))
def test_bayesian_signed_ranks_agree_with_baycomp(seed, margin):
    import baycomp

    values = np.random.default_rng(seed).normal(0.005 * (seed - 1), 0.015, 8)
    theirs = baycomp.SignedRankTest.probs(-values, np.zeros(8), rope=margin, nsamples=20_000, random_state=3)
    found = signed_rank(values, margin)
    assert (found.better, found.equal, found.worse) == pytest.approx(tuple(map(float, theirs)), abs=0.015)


def test_signed_ranks_are_mirrored_and_never_more_certain_than_their_prior():
    values = np.array([-0.03, -0.01, -0.02, 0.01, -0.04, -0.005])
    one, other = signed_rank(values, 0.01), signed_rank(-values, 0.01)
    assert (one.better, one.equal, one.worse) == pytest.approx((other.worse, other.equal, other.better), abs=0.01)
    assert signed_rank(np.zeros(6), 0.01).equal == 1


def test_too_few_datasets_are_refused_with_what_would_be_needed():
    few = ranked(losses(5, 3))
    assert (few.friedman_p, few.critical_difference, few.holm_p) == (None, None, None)
    assert few.refused[0] == "Friedman's test and Nemenyi's: they need 6 datasets that have every method, here are 5"
    eight = ranked(losses(8, 6))
    assert "for 15 pairs 10 datasets are needed, here are 8 (smallest p 0.12)" in eight.refused[0]
    assert ranked(losses(10, 6)).refused == ()
    assert "3 or more methods" in ranked(losses(8, 2)).refused[0]


@pytest.mark.parametrize("tests", [1, 3, 15])
def test_the_datasets_that_are_said_to_be_needed_are_the_fewest(tests):
    needed = power.datasets_for(0.95, tests)
    assert tests * 2 / 2**needed <= 0.05 < tests * 2 / 2 ** (needed - 1)


def test_bars_join_what_is_not_told_apart_and_none_lies_within_another():
    found = ranked(losses(21, 6))
    assert found.critical_difference
    for first, last in found.groups:
        assert found.mean_ranks[last] - found.mean_ranks[first] <= found.critical_difference
        if last + 1 < len(found.names):
            assert found.mean_ranks[last + 1] - found.mean_ranks[first] > found.critical_difference
    assert all(a < c and b < d for (a, b), (c, d) in zip(found.groups, found.groups[1:], strict=False))


def test_the_first_is_compared_with_the_others_or_all_with_all():
    made = like_the_paper()
    some = compare_several(made, ("end2end", "lsq", "soft_binning"))
    assert [(found.a, found.b) for found in some.comparisons] == [("end2end", "lsq"), ("end2end", "soft_binning")]
    every = compare_several(made, ("end2end", "lsq", "soft_binning"), all_pairs=True)
    assert len(every.comparisons) == 3
    assert every.ranks == some.ranks


def test_without_names_every_row_that_was_run_is_compared():
    errors = {"DM": [1.0, 1.1], "CA": [2.0, 2.1]}
    made = grid(
        {"end2end": errors, "lsq": errors, "soft_binning": errors, "hard_binning": {"DM": [None], "CA": [None]}}
    )
    assert compare_several(made, all_pairs=True).names == ("lsq", "soft_binning", "end2end")


def test_intervals_are_wider_the_more_comparisons_are_made_and_say_so():
    made = like_the_paper()
    alone, of_two = compare(made, "end2end", "lsq"), compare_several(made, ("end2end", "lsq", "soft_binning"))
    first = of_two.comparisons[0]
    assert first.overall.percent == alone.overall.percent
    assert (first.overall.low or 0) < (alone.overall.low or 0) < (alone.overall.high or 0) < (first.overall.high or 0)
    assert "for 2 comparisons at once" in first.sentence
    assert compare(made, "end2end", "lsq", level=0.975).overall.low == pytest.approx(first.overall.low)


def test_win_rates_of_a_pair_add_up_to_one_and_datasets_count_alike():
    made = grid(
        {
            "lsq": {"DM": [1.0, 1.0, 1.0, 1.0], "CA": [1.0]},
            "end2end": {"DM": [0.9, 0.9, 0.9, 1.0], "CA": [1.1]},
            "soft_binning": {"DM": [2.0, 2.0, 2.0, 2.0], "CA": [2.0]},
        }
    )
    found = compare_several(made, ("lsq", "end2end", "soft_binning"))
    rates = {
        (one, other): rate
        for one, line in zip(found.ranks.names, found.win_rates, strict=True)
        for other, rate in zip(found.ranks.names, line, strict=True)
    }
    assert rates["end2end", "lsq"] == pytest.approx((3.5 / 4 + 0) / 2)
    assert rates["lsq", "end2end"] == pytest.approx(1 - (3.5 / 4) / 2)
    assert rates["lsq", "soft_binning"] == 1
    assert rates["lsq", "lsq"] is None


def test_a_method_without_runs_is_left_out_with_the_reason_and_nothing_is_decided():
    made = grid({"lsq": {"DM": [1.0, 1.1]}, "end2end": {"DM": [0.9, 1.0]}, "soft_binning": {"DM": [None, None]}})
    found = compare_several(made, ("lsq", "end2end", "soft_binning"))
    assert [each.b for each in found.comparisons] == ["end2end"]
    assert found.left_out[0].startswith("lsq and soft_binning: no seed on which both")
    assert not found.decided
    with pytest.raises(NothingMeasured):
        compare_several(made, ("lsq", "soft_binning"))
    with pytest.raises(UsageError, match="two or more methods"):
        compare_several(made, ("lsq",))


def test_text_frames_and_json_of_several_methods_agree():
    found = compare_several(like_the_paper(), ("end2end", "lsq", "soft_binning"), all_pairs=True)
    report = reports.load("pairs")
    text = reports.show(report, found)
    assert text.startswith("Benchmark made, ")
    for part in ("95 % for all 3", "Win rates", "Mean ranks over the 8 datasets", "Friedman", "Nemenyi"):
        assert part in text
    data = json.loads(json.dumps(found.data(), allow_nan=False))
    assert [each["b"] for each in data["comparisons"]] == ["lsq", "soft_binning", "soft_binning"]
    assert len(pd.DataFrame(report.frames(found)["comparisons"])) == 3
    assert len(report.draw(found).axes) == 2 if report.draw else False
