"""The verdict of a gate: checked against scipy, by limiting cases, and by gates whose truth is known."""

import math

import numpy as np
import pytest
from scipy import stats

from regbench.analysis import gate
from regbench.analysis import scale as scales
from regbench.analysis.gate import OK, OPEN, REGRESSED, SAME, SUSPECT, Evidence, Pairs
from regbench.analysis.gate.judge import CONFIRM, SCREEN, false_alarm
from regbench.analysis.gate.power import power
from regbench.analysis.gate.simulate import SHAPES, Simulated, simulate

RMSE = scales.of("rmse")
BEFORE = np.array([0.101, 0.099, 0.1, 0.102, 0.098])
NOISE = np.array([0.004, -0.006, 0.001, 0.003, -0.002])


def evidence(after: np.ndarray, before: np.ndarray = BEFORE, **other) -> Evidence:
    return Evidence.of(Pairs(before, after, **other), RMSE, rate=0.05)


def test_the_p_of_a_worsening_is_that_of_the_paired_one_sided_t_test_of_log_errors():
    after = BEFORE * (1.01 + NOISE)
    expected = stats.ttest_rel(np.log(after), np.log(BEFORE), alternative="greater").pvalue
    assert evidence(after).p == pytest.approx(expected)


def test_a_margin_is_excluded_where_the_one_sided_interval_ends_below_it():
    after = BEFORE * (1 + NOISE)
    logs = np.log(after / BEFORE)
    end = logs.mean() + stats.t.ppf(0.95, 4) * logs.std(ddof=1) / math.sqrt(5)
    assert evidence(after).within(end + 1e-9, 0.95)
    assert not evidence(after).within(end - 1e-9, 0.95)


def test_of_a_metric_whose_higher_values_are_better_lower_ones_are_worse():
    pairs = Pairs(np.array([0.9, 0.91, 0.92]), np.array([0.8, 0.815, 0.81]))
    worse = Evidence.of(pairs, scales.of("r2"))
    assert worse.difference is not None
    assert worse.difference.mean == pytest.approx(0.305 / 3)
    assert worse.p < 0.01


def test_equal_numbers_are_the_same_whatever_else_and_diverged_ones_too():
    with_nan = np.array([0.1, np.nan, 0.1])
    assert gate.screen(evidence(BEFORE.copy()), 1e-9, 1) == SAME
    assert gate.screen(evidence(with_nan.copy(), with_nan), 1e-9, 1) == SAME


def test_verdicts_follow_from_the_margin_and_the_number_of_cells():
    clear, slight = evidence(BEFORE * (1.2 + NOISE)), evidence(BEFORE * (1.001 + NOISE))
    assert gate.screen(clear, 0.05, 100) == SUSPECT
    assert gate.screen(clear, 0.30, 100) == OK
    assert gate.screen(slight, 0.05, 1) == OK
    assert gate.screen(slight, 0.001, 1) == OPEN
    assert slight.p > SCREEN
    some = evidence(BEFORE * (1.008 + NOISE))
    assert [gate.screen(some, 0.001, cells) for cells in (1, 1000)] == [SUSPECT, OPEN]


def test_a_suspect_regresses_only_if_fresh_seeds_are_worse_too():
    worse, equal = evidence(BEFORE * (1.1 + NOISE)), evidence(BEFORE * (1 + NOISE))
    assert gate.confirm(worse, worse, 0.05) == REGRESSED
    assert gate.confirm(equal, worse, 0.05) == OPEN
    assert gate.confirm(equal, equal, 0.05) == OK


def test_one_seed_can_tell_nothing_but_equality_unless_the_model_ignores_it():
    alone = evidence(BEFORE[:1] * 1.5, BEFORE[:1])
    assert (alone.difference, gate.screen(alone, 0.05, 1)) == (None, OPEN)
    fitted = evidence(BEFORE[:1] * 1.5, BEFORE[:1], seeded=False)
    assert gate.confirm(fitted, fitted, 0.05) == REGRESSED
    rounded = evidence(BEFORE[:1] * (1 + 1e-15), BEFORE[:1], seeded=False)
    assert gate.screen(rounded, 0.001, 1) == OK


def test_runs_that_diverge_only_now_are_a_worsening_where_divergence_is_rare():
    lost = np.where([True, True, False, True, False], np.nan, BEFORE)
    found = evidence(lost)
    assert (found.lost, found.seeds) == (3, 2)
    assert found.p_lost == pytest.approx(stats.binom.sf(2, 5, 0.05))
    assert gate.screen(found, 10.0, 8) == SUSPECT
    usual = Evidence.of(Pairs(BEFORE, lost), RMSE, rate=0.5)
    assert gate.screen(usual, 10.0, 8) == OPEN
    mended = evidence(BEFORE, np.full(5, np.nan))
    assert (mended.gained, gate.screen(mended, 0.01, 8)) == (5, OK)
    none = evidence(np.full(5, np.nan))
    assert (none.difference, gate.screen(none, 10.0, 8)) == (None, SUSPECT)


@pytest.mark.parametrize("cells", [1, 7, 200])
def test_the_probability_of_a_false_alarm_is_shared_among_the_cells(cells):
    assert false_alarm(cells) == pytest.approx(gate.ALARM)


@pytest.mark.parametrize(("seeds", "cells"), [(3, 1), (5, 8), (20, 40)])
def test_power_is_that_of_two_independent_t_tests(seeds, cells):
    away = 1.5 * math.sqrt(seeds)
    expected = math.prod(
        stats.nct.sf(stats.t.ppf(1 - level, seeds - 1), seeds - 1, away) for level in (SCREEN / cells, CONFIRM)
    )
    assert power(0.03, deviation=0.02, seeds=seeds, cells=cells) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("seeds", [3, 8, 30])
def test_the_seeds_that_a_worsening_needs_are_those_at_which_it_is_detectable(seeds):
    least = gate.detectable(deviation=0.01, seeds=seeds, cells=6)
    assert gate.seeds_needed(least * (1 + 1e-4), deviation=0.01, cells=6) == seeds
    assert gate.seeds_needed(least * (1 - 1e-3), deviation=0.01, cells=6) == seeds + 1


def test_without_noise_every_worsening_is_found_and_one_seed_never_tells():
    assert gate.detectable(deviation=0.0, seeds=2, cells=9) == 0
    assert gate.detectable(deviation=0.01, seeds=1, cells=9) == math.inf
    assert gate.seeds_needed(1e-6, deviation=0.01, cells=9) is None


def test_a_margin_is_learnt_from_the_noise_of_a_datasets_cells_within_bounds():
    draw = np.random.default_rng(0)
    noisy, quiet = (0.1 * np.exp(noise * draw.standard_normal((2, 10))) for noise in (0.01, 1e-6))
    cells = {
        f"{name} {row}": (name, values)
        for name, rows in (("a", noisy), ("b", quiet))
        for row, values in enumerate(rows)
    }
    found = gate.margins({**cells, "a ridge": ("a", np.full(1, 0.1))}, RMSE)
    pooled = math.sqrt(np.mean([np.square(gate.deviation(values, RMSE)) for values in noisy]))
    expected = gate.detectable(deviation=math.sqrt(2) * pooled, seeds=10, cells=5)
    assert found["a 0"] == found["a 1"] == pytest.approx(expected)
    assert found["b 0"] == pytest.approx(math.log1p(0.001))
    assert found["a ridge"] == pytest.approx(math.log1p(0.05))


def test_gates_of_unchanged_code_hardly_ever_fail_and_large_worsenings_hardly_ever_pass():
    assert simulate(Simulated(cells=4), 100).failed <= 3
    assert simulate(Simulated(cells=4, worse=0.08), 60).failed >= 57


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("cells", "seeds"), [(1, 3), (8, 5)])
def test_the_alarm_rate_of_a_whole_gate_holds_for_every_shape_and_size(shape, cells, seeds):
    found = simulate(Simulated(cells=cells, seeds=seeds, shape=shape), 600)
    assert found.interval[0] <= gate.ALARM
    assert found.failed / found.count <= 0.02


@pytest.mark.slow
@pytest.mark.parametrize("asked", [Simulated(shared=0.8), Simulated(diverging=0.03), Simulated(noise=0.1)])
def test_the_alarm_rate_holds_where_seeds_share_noise_or_diverge(asked):
    assert simulate(asked, 300).interval[0] <= gate.ALARM
