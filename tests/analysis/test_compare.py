"""Does A beat B: statistics against known values, and the messages when the data cannot decide."""

import json

import numpy as np
import pandas as pd
import pytest
import scipy.stats

from regbench import reports, variants
from regbench.analysis import compare, paired
from regbench.analysis.published import bridges_cells
from regbench.errors import NothingMeasured, UsageError
from tests.made.cells import grid, like_the_paper

EIGHT = ["WN", "AE", "BS", "SC", "EL", "CA", "DM", "RM"]


def two(effect: float, *, datasets: list[str], seeds: int, noise: float = 0.02, between: float = 0.0):
    """End-to-end against least squares: the log ratio is `effect`, with noise over seeds and between datasets."""
    generator = np.random.default_rng(3)
    errors = {"lsq": {}, "end2end": {}}
    for dataset in datasets:
        shift = effect + between * generator.standard_normal()
        base = np.exp(generator.standard_normal(seeds) * 0.1)
        errors["lsq"][dataset] = list(base)
        errors["end2end"][dataset] = list(base * np.exp(shift + noise * generator.standard_normal(seeds)))
    return grid(errors)


def test_per_dataset_the_interval_is_the_paired_t_interval_of_log_ratios():
    made = two(-0.05, datasets=["DM"], seeds=6)
    one = compare(made, "end2end", "lsq").datasets[0]
    errors = made.pivot_table(index="seed", columns="variant", values="test_rmse")
    logs = np.log(errors["end2end"] / errors["lsq"])
    low, high = scipy.stats.t.interval(0.95, 5, logs.mean(), scipy.stats.sem(logs))
    assert [one.percent, one.low, one.high] == pytest.approx([100 * np.expm1(x) for x in (logs.mean(), low, high)])
    assert (one.n, one.wins) == (6, int((logs < 0).sum()))


@pytest.mark.parametrize("seed", range(5))
def test_the_exact_wilcoxon_test_agrees_with_scipys(seed):
    values = np.random.default_rng(seed).standard_normal(8) + 0.5
    assert paired.wilcoxon(values) == pytest.approx(scipy.stats.wilcoxon(values, method="exact")[1])


@pytest.mark.parametrize(("minus", "plus"), [(8, 0), (6, 2), (4, 4), (0, 1)])
def test_the_sign_test_is_the_binomial_test(minus, plus):
    values = np.array([-1.0] * minus + [1.0] * plus)
    assert paired.sign_test(values) == pytest.approx(scipy.stats.binomtest(minus, minus + plus).pvalue)


def test_tied_ranks_and_zeros_are_counted_by_enumeration():
    values = np.array([0.0, 1.0, 1.0, -1.0, 2.0])
    used, ranks = values[values != 0], np.array([2.0, 2.0, 2.0, 4.0])
    signs = np.array(np.meshgrid(*[[0, 1]] * 4)).reshape(4, -1).T
    sums, seen = signs @ ranks, ranks[used > 0].sum()
    assert paired.wilcoxon(values) == pytest.approx(min(1, 2 * min((sums <= seen).mean(), (sums >= seen).mean())))


def test_with_eight_datasets_no_p_is_below_two_in_256():
    overall = compare(bridges_cells(), "end2end", "lsq").overall
    assert overall.wilcoxon_p == overall.sign_p == overall.smallest_p == 2 / 2**8
    assert overall.datasets == overall.wins == 8


def test_swapping_a_and_b_mirrors_every_number():
    made = two(-0.1, datasets=EIGHT, seeds=3, noise=0.03, between=0.03)
    one, other = compare(made, "lsq", "end2end"), compare(made, "end2end", "lsq")
    for end, opposite in (("percent", "percent"), ("low", "high"), ("seeds_low", "seeds_high")):
        assert 1 + getattr(one.overall, end) / 100 == pytest.approx(1 / (1 + getattr(other.overall, opposite) / 100))
    assert one.overall.p_better == pytest.approx(1 - (other.overall.p_better or 0))
    assert one.overall.p_clearly_better == pytest.approx(other.overall.p_clearly_worse)
    for alike in ("p", "p_equal", "detectable", "tied"):
        assert getattr(one.overall, alike) == pytest.approx(getattr(other.overall, alike))
    assert (one.overall.won, one.overall.lost) == (other.overall.lost, other.overall.won)
    assert {one.verdict, other.verdict} == {"A is better", "B is better"}


def test_the_order_of_rows_changes_nothing():
    made = like_the_paper()
    assert compare(made, "lsq", "end2end") == compare(made.sample(frac=1, random_state=4), "lsq", "end2end")


@pytest.mark.parametrize(
    ("effect", "verdict"), [(-0.05, "A is better"), (0.05, "B is better"), (0.0, "practically equal")]
)
def test_a_clear_effect_on_many_datasets_is_found(effect, verdict):
    found = compare(two(effect, datasets=EIGHT, seeds=5, noise=0.005), "end2end", "lsq")
    assert (found.verdict, found.scope, found.advice) == (verdict, "datasets like these", "")
    assert found.decided


def test_more_seeds_do_not_stand_in_for_datasets():
    """The datasets disagree: a hundred seeds narrow the interval for these datasets, but not the one over datasets."""
    few, many = (
        compare(two(-0.02, datasets=EIGHT, seeds=n, noise=0.02, between=0.1), "end2end", "lsq").overall
        for n in (4, 100)
    )
    widths = [float(overall.seeds_high or 0) - float(overall.seeds_low or 0) for overall in (few, many)]
    assert 0 < widths[1] < widths[0] / 3
    assert float(many.high or 0) - float(many.low or 0) > 0.05 * 100


def test_datasets_that_disagree_are_undecided_and_seeds_are_not_the_advice():
    found = compare(two(0.0, datasets=EIGHT, seeds=50, noise=0.01, between=0.2), "end2end", "lsq")
    assert not found.decided
    assert "datasets" in found.advice
    assert "more seeds would not settle it" in found.advice


def test_noise_is_undecided_and_the_advice_is_a_number_of_seeds():
    found = compare(two(-0.02, datasets=EIGHT, seeds=2, noise=0.06), "end2end", "lsq")
    assert not found.decided
    assert "more seeds per dataset" in found.advice


def test_one_dataset_speaks_of_itself_alone():
    found = compare(two(-0.1, datasets=["DM"], seeds=5, noise=0.01), "end2end", "lsq")
    assert found.verdict == "A is better"
    assert found.scope == "these datasets"
    assert "says nothing about others" in found.sentence
    assert found.overall.smallest_p == 1


def test_one_seed_has_no_interval_and_decides_nothing():
    found = compare(two(-0.1, datasets=["DM"], seeds=1), "end2end", "lsq")
    assert found.datasets[0].low is None
    assert not found.decided
    assert "second seed" in found.advice


def test_two_datasets_name_the_smallest_p_they_can_give():
    found = compare(two(-0.1, datasets=["DM", "CA"], seeds=5, noise=0.01), "end2end", "lsq")
    assert "p below 0.5" in found.sentence
    assert found.scope == "these datasets"


def test_two_datasets_that_agree_by_chance_are_not_resampled_into_certainty():
    made = grid({"lsq": {"DM": [1.0, 1.0], "CA": [1.0, 1.0]}, "end2end": {"DM": [0.8, 1.1], "CA": [0.8, 1.15]}})
    found = compare(made, "end2end", "lsq")
    assert not found.decided
    assert (found.overall.low, found.overall.high) == (found.overall.seeds_low, found.overall.seeds_high)
    assert 0.5 < (found.overall.p_better or 0) < 0.9


def test_missing_pairs_are_listed():
    made = grid(
        {
            "lsq": {"DM": [1.0, 1.1, 1.2], "CA": [1.0]},
            "end2end": {"DM": [0.9, None, float("nan")]},
        }
    )
    found = compare(made, "end2end", "lsq")
    assert found.datasets[0].n == 1
    assert found.missing == (
        "not planned: end2end on CA (seed 0)",
        "no finished run: end2end on DM (seed 1)",
        "diverged: end2end on DM (seed 2)",
    )


def test_seeds_that_neither_has_on_many_datasets_are_one_line():
    made = grid({name: {dataset: [1.0, None, None] for dataset in EIGHT} for name in ("lsq", "end2end")})
    found = compare(made, "end2end", "lsq")
    assert found.missing == ("no finished run: end2end and lsq on WN AE BS SC EL CA DM RM (seeds 1, 2)",)


def test_a_metric_that_is_not_stored_is_refused_by_name():
    with pytest.raises(UsageError, match="no metric called 'rsme'; did you mean 'rmse'"):
        compare(bridges_cells(), "end2end", "lsq", metric="rsme")


def test_no_pair_at_all_is_nothing_measured():
    with pytest.raises(NothingMeasured, match="no seed on which both"):
        compare(grid({"lsq": {"DM": [1.0]}, "end2end": {"DM": [None]}}), "end2end", "lsq")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("end2edn", "did you mean 'end2end'"),
        ("soft_binning[lambda_sigma=2]", "did you mean 'soft_binning"),
        ("end2end[k=7]", "k = 5, 15, 25"),
        ("lsq", "same method"),
        ("soft_binning[lambda_sigma]", "needs a value"),
        ("end2end[k=two]", "whole number"),
        ("what is this?", "no method called"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_remedy(name, says):
    with pytest.raises(UsageError, match=says.replace("[", r"\[")):
        compare(bridges_cells(), name, "lsq")


def test_a_bare_name_is_the_default_variant_at_k_25():
    made = like_the_paper()
    assert compare(made, "soft_binning", "end2end") == compare(
        made, "soft_binning[lambda_sigma=0.5]", "end2end[k=25]", k=[25]
    )
    assert compare(made, "soft_binning[lambda_sigma=1.0]", "lsq").a == "soft_binning[lambda_sigma=1]"


def test_dashes_are_underscores_in_names_and_signs_in_numbers():
    assert compare(like_the_paper(), "soft-binning", "end2end").a == "soft_binning"
    assert variants.parse("soft-binning[lambda-sigma=1e-3]").label == "soft_binning[lambda_sigma=0.001]"


def test_a_filter_on_k_keeps_methods_that_ignore_k():
    assert compare(bridges_cells(), "end2end", "lsq", k=[5]).overall.datasets == 8


def test_two_ks_of_one_method_can_be_compared():
    found = compare(bridges_cells(), "end2end[k=5]", "end2end")
    assert (found.a, found.b) == ("end2end at k = 5", "end2end at k = 25")


@pytest.mark.parametrize("seed", range(6))
def test_interval_chance_p_and_verdict_never_contradict_each_other(seed):
    """They are read from one distribution; see `Confidence`."""
    draw = np.random.default_rng(seed)
    names = {"lsq": np.zeros((8, 4)), "end2end": 0.02 * draw.exponential(size=(8, 1)) + 0.02 * draw.normal(size=(8, 4))}
    made = grid({name: dict(zip(EIGHT, np.exp(0.012 - logs), strict=True)) for name, logs in names.items()})
    found = compare(made, "end2end", "lsq", rope=0.0).overall
    below = found.p_better or 0.0
    assert (found.high or 0) < 0 if below > 0.975 else (found.low or 0) > 0 if below < 0.025 else True
    assert ((found.p or 0) < 0.05) == ((found.high or 0) < 0 or (found.low or 0) > 0)
    assert found.p == pytest.approx(2 * min(below, 1 - below))
    parts = (found.p_clearly_better, found.p_equal, found.p_clearly_worse)
    assert sum(part or 0.0 for part in parts) == pytest.approx(1)


def test_benchmark_split_and_rows_are_named_first_and_then_what_can_be_shown():
    made = two(-0.05, datasets=EIGHT, seeds=3).assign(split="fixed")
    found = compare(made, "end2end", "lsq")
    text = reports.show(reports.load("comparison"), found)
    assert text.startswith(
        "Benchmark made, at the epoch of lowest validation RMSE; split: fixed, the same for every seed; test rows: "
        "all. What the data can show: 8 datasets, 3 seeds each; p of a test over datasets at least 0.0078; a "
        "difference of "
    )
    data = found.data()
    assert (data["benchmark"], data["split"], data["rows"], data["seeds"]) == ("made", ("fixed",), "all", (3, 3))
    assert data["overall"]["detectable"] > 0


def test_a_verdict_on_a_fixed_split_is_said_to_be_conditional_on_it():
    made = two(-0.05, datasets=["DM", "CA"], seeds=3)
    report = reports.load("comparison")
    fixed, drawn = (
        reports.show(report, compare(made.assign(split=split), "end2end", "lsq")) for split in ("fixed", "per_seed")
    )
    assert "conditional on one fixed split" in fixed
    assert "test rows are not resampled" in fixed
    assert "conditional" not in drawn
    assert "widened for it (Nadeau, Bengio)" in drawn


@pytest.mark.parametrize(("split", "overlap"), [("per_seed", 1 / 8), ("kfold[5]", 1 / 3)])
def test_splits_that_differ_by_seed_overlap_and_widen_the_intervals_of_datasets(split, overlap):
    """Of tables a tenth tests and eight tenths train, of five folds one tests and three train."""
    made = two(-0.05, datasets=EIGHT, seeds=5)
    fixed, drawn = (compare(made.assign(split=each), "end2end", "lsq") for each in ("fixed", split))
    widths = [
        np.log1p((part.high or 0) / 100) - np.log1p((part.low or 0) / 100)
        for part in (fixed.datasets[0], drawn.datasets[0])
    ]
    assert widths[1] / widths[0] == pytest.approx(np.sqrt(1 + 5 * overlap))
    assert fixed.overall.low == drawn.overall.low  # over datasets the luck of splits is part of their spread


def test_rows_that_training_has_not_seen_are_named_where_they_alone_count():
    made = two(-0.05, datasets=["DM"], seeds=3)
    made = made.assign(**{"test_unseen/rmse": made["test_rmse"] * 2})
    found = compare(made, "end2end", "lsq", metric="unseen/rmse")
    assert found.rows == "unseen"
    text = reports.show(reports.load("comparison"), found)
    assert "test rows: unseen. What the data" in text
    assert "RMSE on unseen rows of end2end" in text


def test_intervals_of_datasets_are_corrected_for_their_number():
    found = compare(two(-0.02, datasets=EIGHT, seeds=4), "end2end", "lsq")
    alone = compare(two(-0.02, datasets=EIGHT, seeds=4), "end2end", "lsq", level=1 - 0.05 / 8)
    assert [part.all_low for part in found.datasets] == pytest.approx([part.low for part in alone.datasets])
    assert "95 % for all 8" in reports.show(reports.load("comparison"), found)
    won = [part for part in found.datasets if part.all_high is not None and part.all_high < 0]
    overall = found.overall
    assert (overall.won, overall.won + overall.tied + overall.lost) == (len(won), 8)


def test_most_datasets_may_agree_while_their_mean_is_open_and_this_is_said():
    """One dataset with a large difference widens the interval of the mean, and changes no rank."""
    gains = [0.01, 0.012, 0.015, 0.011, 0.013, 0.012, 0.014, 0.5]
    made = grid(
        {
            "lsq": {name: [1.0, 1.001] for name in EIGHT},
            "end2end": {name: [np.exp(-gain), np.exp(-gain) * 1.001] for name, gain in zip(EIGHT, gains, strict=True)},
        }
    )
    found = compare(made, "end2end", "lsq")
    assert not found.decided
    assert found.overall.wilcoxon_p < 0.05
    assert "the mean is open all the same" in reports.show(reports.load("comparison"), found)


def test_the_data_are_plain_json():
    found = compare(two(-0.1, datasets=["DM"], seeds=1), "end2end", "lsq")
    assert json.loads(json.dumps(found.data(), allow_nan=False))["datasets"][0]["low"] is None


@pytest.mark.parametrize(
    ("rates", "said"),
    [
        (None, "the two were trained under different protocols or backbones"),
        ((0.01, 0.03), "the two were trained with different learning_rate, chosen separately on validation rows"),
    ],
)
def test_it_is_said_in_what_the_two_were_not_trained_alike_and_whether_that_was_chosen(rates, said):
    made = two(-0.05, datasets=["DM", "CA", "AE"], seeds=3)
    other = (made["method"] == "lsq") & (made["dataset"] != "AE")
    values = [{"learning_rate": rates[index], "dropout": 0.0} if rates else {} for index in other.astype(int)]
    made = made.assign(swept=pd.Series(values, index=made.index), protocol=made["protocol"].where(~other, "q"))
    assert f"CA DM: {said}" in compare(made, "end2end", "lsq").notes


def test_the_seeds_that_the_advice_asks_for_are_the_next_ones():
    made = grid({"lsq": {"DM": [1.0, 1.1, 1.3]}, "end2end": {"DM": [1.0, 1.05, 1.31]}})
    found = compare(made, "end2end", "lsq", rope=0.02)
    assert found.advice.startswith("what would settle it: about")
    assert found.more_seeds[0] == 3
    assert f"about {len(found.more_seeds)} more seed" in found.advice
