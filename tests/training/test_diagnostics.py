"""Diagnostics of encoders and decoders: known cases, and independence of the other jobs."""

import math

import numpy as np
import pytest
import torch

from regbench import catalog
from regbench.tasks.task import Block
from regbench.training.diagnostics import diagnose
from regbench.training.loop import Training
from regbench.types import Params
from tests.made.data_samples import prepared
from tests.made.jobs import make_job
from tests.methods.samples import build, targets

METHODS = catalog.names("methods")
TWICE = ("soft_binning", "end2end", "corn", "gaussian_nll")  # both rows of their head are looked at
SCORED = [name for name in METHODS if catalog.load("methods", name).scores]


def seen(name, y_NM, k=5, **changed):
    method, params, _ = build(name, k, y_NM, **changed)
    return {name: float(value) for name, value in diagnose(method, params, y_NM).items()}


def test_hard_binning_has_no_entropy_and_the_error_of_rounding_to_the_nearest_centre():
    y_NM = torch.linspace(0, 1, 100_001, dtype=torch.float64)[:, None]
    found = seen("hard_binning", y_NM)
    assert found["encoder/entropy"] == pytest.approx(0, abs=1e-30)
    assert found["encoder/rmse"] == pytest.approx(0.25 / math.sqrt(12), rel=1e-4)  # half of the end bins is outside
    assert found["decoder/spread"] == pytest.approx(np.std([0, 0.25, 0.5, 0.75, 1]))


@pytest.mark.parametrize(("width", "error"), [(1, 0.0573), (0.5, 0.0073), (0.25, 0.0459)])
def test_soft_binning_reproduces_uniform_targets_as_well_as_its_width_allows(width, error):
    y_NM = torch.linspace(0, 1, 10_001, dtype=torch.float64)[:, None]
    assert seen("soft_binning", y_NM, lambda_sigma=width)["encoder/rmse"] == pytest.approx(error, abs=1e-4)


def test_an_encoder_that_knows_nothing_has_the_entropy_of_an_even_code_and_a_collapsed_decoder_no_spread():
    method, _, _ = build("end2end", 7)
    even = {"w_lin": torch.zeros(2, 7), "w_bias": torch.zeros(7), "mu": torch.full((7, 2), 0.3)}
    found = diagnose(method, Params(trained=even), targets(50, 2).float())
    assert float(found["encoder/entropy"]) == pytest.approx(math.log(7), rel=1e-6)
    assert float(found["decoder/spread"]) == pytest.approx(0, abs=1e-7)


@pytest.mark.parametrize("name", METHODS)
def test_what_is_looked_at_is_what_the_method_has(name):
    method = catalog.load("methods", name)
    found = set(seen(name, targets(60, 2)))
    assert ("encoder/entropy" in found) == (method.encode is not None)
    assert ("decoder/spread" in found) == (method.decoder is not None)
    assert ("encoder/rmse" in found) == (method.encode is not None and method.decoder is not None)


@pytest.mark.parametrize("name", [each for each in METHODS if catalog.load("methods", each).encode])
def test_the_encoder_that_is_looked_at_is_a_distribution_and_its_decoder_has_a_row_for_each_bin(name):
    y_NM = targets(60, 2)
    method, params, _ = build(name, 7, y_NM)
    assert method.encode
    assert method.decoder
    width = method.outputs(7, 2)  # 7, or 7 for each dimension
    shares = torch.full((60,), width / 7, dtype=torch.float64)
    torch.testing.assert_close(method.encode(params, y_NM).exp().sum(-1), shares)
    assert method.decoder(params).shape == (width, 2)


def test_a_job_looks_the_same_alone_and_in_a_pack_in_any_order():
    """What its encoder and decoder do, the scores of its distribution, and its parameters: not a bit differs."""
    data = prepared(300)
    jobs = [make_job(method, k=5, epochs=2, seed=seed) for method in METHODS for seed in (1, 0)]
    *_, packed = Training(jobs, data)
    for row, job in enumerate(jobs):
        assert ("val/crps" in packed.looks[row].diagnostics) == (job.method in SCORED)
        if job.seed or job.method in TWICE:
            *_, alone = Training([job], data)
            assert alone.looks[0].diagnostics == packed.looks[row].diagnostics
            assert {name: each.tolist() for name, each in alone.looks[0].parameters.items()} == {
                name: each.tolist() for name, each in packed.looks[row].parameters.items()
            }


def test_what_is_trained_moves_and_what_is_fixed_stays():
    first, last = Training([make_job("end2end", k=5, epochs=2), make_job("soft_binning", k=5, epochs=2)], prepared(300))
    assert (first.looks[0].parameters["mu"] != last.looks[0].parameters["mu"]).any()
    assert first.looks[1].parameters["centres"].tolist() == last.looks[1].parameters["centres"].tolist()
    assert first.looks[0].diagnostics != last.looks[0].diagnostics


def test_scores_are_means_over_the_rows_of_a_part_and_only_of_methods_that_have_them():
    data = prepared(300)
    jobs = [make_job(name, k=5, epochs=1) for name in ("lsq", "soft_binning", "gaussian_nll")]
    training = Training(jobs, data, dtype=torch.float64)
    (epoch,) = training
    assert not any("crps" in name for name in epoch.looks[0].diagnostics)
    x, y = (torch.from_numpy(each).double() for each in (data.x_test, data.y_test))
    for row, scored in enumerate(training.model.evaluate([Block(x, y)]).scores):
        job = training.model.jobs[row]
        for name, value in scored.items():
            found = epoch.looks[jobs.index(job)].diagnostics[f"test/{name}"]
            assert found == pytest.approx(value, rel=1e-12)
    (z, _) = training.model.backbone.forward(training.model.trunk.views, x.expand(3, *x.shape), None, {"layers": 2})
    part = next(each for each in training.model.heads if each.head.method is catalog.load("methods", "gaussian_nll"))
    at = part.head.jobs.start
    outputs = z[at] @ part.linear.views["weight"][0] + part.linear.views["bias"][0]
    expected = part.head.method.scores["nll"](Params(), outputs, y).mean().item()
    assert epoch.looks[2].diagnostics["test/nll"] == pytest.approx(expected, rel=1e-9)
