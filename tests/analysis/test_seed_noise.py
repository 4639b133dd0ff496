"""The band of one more seed holds it as often as it says."""

import numpy as np

from regbench.analysis.seed_noise import ENOUGH_SEEDS, band


def test_the_band_holds_a_further_seed_as_often_as_stated() -> None:
    draw = np.random.default_rng(0)
    for seeds in (ENOUGH_SEEDS, 9):
        errors = np.exp(-3 + 0.05 * draw.standard_normal((4000, seeds + 1)))
        held = [found.holds(last) for *rest, last in errors if (found := band(np.array(rest), "rmse", 0.95))]
        assert len(held) == 4000
        assert abs(np.mean(held) - 0.95) < 0.015


def test_a_metric_that_is_no_error_may_be_negative_and_few_seeds_have_no_band() -> None:
    found = band(np.array([-0.2, 0.1, 0.0, 0.1]), "r2")
    assert found is not None
    assert found.low < -0.2 < 0.1 < found.high
    assert band(np.array([1.0, 1.1, 1.2]), "rmse") is None


def test_seeds_without_noise_leave_room_for_rounding_alone() -> None:
    found = band(np.full(5, 0.25), "rmse")
    assert found is not None
    assert found.holds(0.25 * (1 + 1e-6))
    assert not found.holds(0.25 * (1 + 1e-4))
