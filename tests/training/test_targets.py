"""Targets on other scales: mapped there and back, methods get what they assume, and errors stay in reported units."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from regbench import kinds
from regbench.data import Prepared, prepare
from regbench.errors import UsageError
from regbench.training.retargeted import Retargeted
from regbench.training.targets import TargetMap, fit
from regbench.types import Params
from tests.made.data_samples import images, prepared, table
from tests.made.jobs import make_job

SCALES = ("standardised", "log", "quantiles")
every_scale = pytest.mark.parametrize("scale", SCALES)


def positive(rows: int = 300) -> Prepared:
    """Targets from 1 to 20, skewed."""
    content = table(rows)
    return prepare(replace(content, y=np.exp(1.5 * (content.y - content.y.min()) / np.ptp(content.y) * 2)))


def grades(rows: int = 300) -> Prepared:
    """Targets with seven values."""
    content = table(rows)
    return prepare(replace(content, y=3 + np.round(6 * (content.y - content.y.min()) / np.ptp(content.y))))


def fitted(scale: str, data: Prepared) -> TargetMap:
    found = fit(scale, data)
    assert found
    return found


@every_scale
@pytest.mark.parametrize("data", [positive(), grades()], ids=["skewed", "grades"])
def test_targets_are_mapped_back_to_rounding(scale, data):
    of, y = fitted(scale, data), torch.from_numpy(data.y_train).double()
    torch.testing.assert_close(of.back(of.to(y)), y, rtol=0, atol=1e-12)


@every_scale
def test_greater_targets_stay_greater(scale):
    of = fitted(scale, positive())
    y = torch.linspace(0, 1, 1000).double()[:, None]
    assert (of.to(y).diff(dim=0) > 0).all()
    assert (of.back(of.to(y)).diff(dim=0) > 0).all()


@pytest.mark.parametrize("scale", ["log", "quantiles"])
@pytest.mark.parametrize("data", [positive(), grades()], ids=["skewed", "grades"])
def test_bent_training_targets_fill_the_unit_interval_again(scale, data):
    learnt = fitted(scale, data).to(torch.from_numpy(data.y_train).double())
    assert [float(learnt.min()), float(learnt.max())] == pytest.approx([0, 1], abs=1e-12)


def test_each_scale_is_what_its_name_says():
    data = positive()
    y = data.y_low + (data.y_high - data.y_low) * data.y_train.astype(np.float64)
    learnt = {scale: fitted(scale, data).to(torch.from_numpy(data.y_train).double()).numpy() for scale in SCALES}
    np.testing.assert_allclose(learnt["standardised"], (y - y.mean(0)) / y.std(0), atol=1e-12)
    expected = (np.log(y) - np.log(data.y_low)) / (np.log(data.y_high) - np.log(data.y_low))
    np.testing.assert_allclose(learnt["log"], expected, atol=1e-12)
    rank = y[:, 0].argsort().argsort() / (len(y) - 1)
    np.testing.assert_allclose(learnt["quantiles"][:, 0], rank, atol=0.05)


def test_a_prediction_beyond_the_training_targets_is_cut_off_by_quantiles_and_what_is_not_finite_stays_so():
    of = fitted("quantiles", positive())
    given = torch.tensor([-1.0, 0.0, 1.0, 3.0, torch.nan]).double()[:, None]
    assert of.back(given)[:4, 0].tolist() == pytest.approx([0, 0, 1, 1])
    assert of.back(given)[4].isnan().all()


def test_the_logarithm_needs_positive_targets_and_says_what_else_there_is():
    with pytest.raises(UsageError, match=r"targets=log needs positive targets.*targets=quantiles takes any"):
        fit("log", prepared())


def test_images_on_disk_are_refused():
    content = replace(images(20, size=8), task="images")
    with pytest.raises(UsageError, match="images on disk"):
        Retargeted([make_job(targets="quantiles")], prepare(content))


@every_scale
@pytest.mark.parametrize("method", ["soft_binning", "two_hot", "end2end", "cross_entropy_plus_mse"])
def test_bins_span_the_targets_that_the_network_learns(scale, method):
    data = positive()
    training = Retargeted([make_job(method, k=7, targets=scale)], data)
    part = training.model.heads[0]
    parameters = {name: tensor[0] for name, tensor in {**part.head.fixed, **part.trained_views}.items()}
    assert part.head.method.decoder
    centres = part.head.method.decoder(Params(fixed=parameters))
    learnt = fitted(scale, data).to(torch.from_numpy(data.y_train).double())
    ends = [float(learnt.min()), float(learnt.max())]
    assert [float(centres.min()), float(centres.max())] == pytest.approx(ends, abs=1e-5)


@every_scale
def test_errors_are_those_of_predictions_in_reported_units(scale):
    data = positive()
    *_, last = Retargeted([make_job(targets=scale, epochs=2), make_job(seed=1, targets=scale, epochs=2)], data)
    for row in (0, 1):
        error = last.predictions["test"][row].astype(np.float64) - data.y_test
        assert last.values["test/rmse"][row] == pytest.approx(np.sqrt((error**2).mean()), rel=1e-5)
        assert last.values["test/mae"][row] == pytest.approx(np.abs(error).mean(), rel=1e-5)


@every_scale
def test_a_network_learns_on_every_scale(scale):
    data = positive(600)
    settings = {"targets": scale, "epochs": 25, "learning_rate": 1e-2, "dropout": 0.0, "width": 32}
    jobs = [make_job(method, k=15, **settings) for method in ("lsq", "soft_binning")]
    *_, last = Retargeted(jobs, data)
    assert (last.values["test/rmse"] < 0.7 * data.y_test.std()).all()


def test_least_squares_on_scaled_targets_of_deviation_one_is_least_squares():
    """Standardising targets that are standardised already changes nothing."""
    data = prepared()
    y = (data.y_train - data.y_train.mean(0, dtype=np.float64)) / data.y_train.std(0, dtype=np.float64)
    data = replace(data, y_train=y.astype(np.float32))
    one, other = (kinds.of("lsq").begin([make_job(targets=each)], data, "cpu") for each in ("scaled", "standardised"))
    for before, after in zip(one, other, strict=True):
        assert after.values["val/rmse"][0] == pytest.approx(before.values["val/rmse"][0], rel=1e-5)


def test_scores_of_distributions_are_in_reported_units_or_left_out():
    """A Gaussian's likelihood and CRPS on standardised targets are those of the Gaussian on reported ones."""
    data = positive()
    looks = {}
    for scale in SCALES:
        *_, last = Retargeted([make_job("gaussian_nll", targets=scale, epochs=1)], data)
        looks[scale] = last.looks[0].diagnostics
    for bent in ("log", "quantiles"):
        assert "val/coverage" in looks[bent]
        assert not {"val/crps", "val/nll"} & set(looks[bent])
    of = fitted("standardised", data)
    assert of.slope is not None
    slope = float(of.slope)
    assert slope == pytest.approx(data.y_train.std(), rel=1e-5)
    found = of.scores({"val/crps": 0.5, "val/nll": 0.5, "val/coverage": 0.9, "val/mse/1": 0.3})
    assert found == pytest.approx({"val/crps": 0.5 * slope, "val/nll": 0.5 + np.log(slope), "val/coverage": 0.9})
    assert {"val/crps", "val/nll", "val/coverage"} <= set(looks["standardised"])


def test_several_dimensions_are_mapped_each_by_itself():
    data = prepared(200, targets=3)
    for scale in ("standardised", "quantiles"):
        of, y = fitted(scale, data), torch.from_numpy(data.y_train).double()
        torch.testing.assert_close(of.back(of.to(y)), y, rtol=0, atol=1e-12)
        *_, last = Retargeted([make_job("lsq", targets=scale, epochs=1)], data)
        assert last.predictions["val"].shape == (1, *data.y_val.shape)
