"""Noise on the training targets: drawn once for each seed, on nothing else, and of the size that is asked for."""

import numpy as np
import pytest

from regbench import kinds
from regbench.job import Pack
from regbench.training.label_noise import noisy
from regbench.training.loop import Training
from regbench.training.retargeted import Retargeted
from tests.made.data_samples import prepared
from tests.made.jobs import make_job


def learnt(data, **protocol):
    return Retargeted([make_job(**protocol)], data).data.targets("train").numpy()


def test_no_noise_changes_nothing():
    data = prepared()
    for one, other in zip(Training([make_job()], data), Retargeted([make_job()], data), strict=True):
        for name, values in one.values.items():
            np.testing.assert_array_equal(values, other.values[name])


def test_it_is_normal_with_the_deviation_that_is_asked_for():
    zeros = np.zeros((20_000, 1), np.float32)
    noise = noisy(zeros, 0.1, seed=0)
    assert noise.std() == pytest.approx(0.1, rel=0.02)
    assert abs(noise.mean()) < 0.003
    np.testing.assert_allclose(noisy(zeros, 0.2, seed=0), 2 * noise, rtol=1e-5)
    assert noise[:3, 0] == pytest.approx(
        [-0.008984737, -0.0022138904, -0.06865171], abs=1e-7
    )  # the same on every machine


def test_jobs_of_a_seed_have_the_same_noise_and_others_have_not():
    data = prepared()
    one, same, other = (learnt(data, method=method, seed=seed, label_noise=0.1) for method, seed in
                        [("lsq", 0), ("soft_binning", 0), ("lsq", 1)])  # fmt: skip
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


def test_only_training_targets_have_it_and_errors_are_of_the_true_ones():
    data = prepared()
    training = Retargeted([make_job(label_noise=0.5)], data)
    for part in ("val", "test"):
        np.testing.assert_array_equal(training.data.targets(part).numpy(), getattr(data, f"y_{part}"))
    *_, last = training
    error = last.predictions["test"][0].astype(np.float64) - data.y_test
    assert last.values["test/rmse"][0] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)


def test_its_unit_is_that_of_the_scaled_target():
    data = prepared(600)
    for targets in ("scaled", "standardised"):
        with_noise = learnt(data, targets=targets, label_noise=0.1)
        assert (with_noise - learnt(data, targets=targets)).std() == pytest.approx(0.1, rel=0.1)


def test_jobs_of_different_seeds_are_no_pack_and_a_baseline_has_a_job_for_each():
    one, other = (make_job(seed=seed, label_noise=0.1) for seed in (0, 1))
    assert Pack.group(one) != Pack.group(other)
    assert Pack.group(make_job(seed=0)) == Pack.group(make_job(seed=1))


def test_a_baseline_is_fitted_on_the_noisy_targets_and_tested_on_the_true_ones():
    from dataclasses import replace

    data = prepared()
    job = replace(make_job(seed=3, label_noise=0.3), method="ols", hparams=(), static=(), backbone="none")
    (epoch,) = kinds.of("ols").begin([job], data, "cpu")
    x, y = (np.column_stack([x, np.ones(len(x))]).astype(np.float64) for x in (data.x_train, data.x_test))
    weights, *_ = np.linalg.lstsq(x, noisy(data.y_train, 0.3, seed=3).astype(np.float64), rcond=None)
    error = y @ weights - data.y_test
    assert epoch.values["test/rmse"][0] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)
